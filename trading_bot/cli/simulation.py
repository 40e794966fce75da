"""A client of what only the simulated exchange has: its faults, and the time of its data."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import NonRetriableError

PATIENCE: Final = 5.0
SHORT_PATIENCE: Final = 0.3


class Simulation:
    """Talks to the simulated exchange that the settings name. Nothing is opened before a call."""

    def __init__(self, settings: BootSettings) -> None:
        self._base = f"{settings.venue_url}/sim"
        # It is on this machine or beside it: a proxy of the environment must not come between.
        self._opener = build_opener(ProxyHandler({}))

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults: name, symbol, on, since, until, probability, size, meaning.

        Raises:
            NonRetriableError: BOT_009 or BOT_010, the exchange cannot be asked.
        """
        rows: list[dict[str, Any]] = self._ask("faults")["faults"]
        return rows

    def switch(self, name: str, *, on: bool, **how: object) -> list[dict[str, Any]]:
        """Switch a fault and return all of them; ``how`` has symbol, seconds, probability and size.

        Raises:
            NonRetriableError: BOT_009 when the exchange does not answer, BOT_010 when it refuses.
        """
        given = {key: value for key, value in how.items() if value is not None}
        rows: list[dict[str, Any]] = self._ask("faults", {"name": name, "on": on, **given})["faults"]
        return rows

    def market_time(self) -> str | None:
        """Return the historical time that the latest series plays now, with its symbol; None when not known."""
        try:
            symbols = self._ask("clock", patience=SHORT_PATIENCE)["symbols"]
        except NonRetriableError:
            return None
        latest = max(((clock["historical_time"], name) for name, clock in symbols.items()), default=None)
        return None if latest is None else f"{latest[1]} {latest[0][:16].replace('T', ' ')}"

    def _ask(
        self, path: str, body: dict[str, Any] | None = None, patience: float = PATIENCE
    ) -> dict[str, Any]:
        url = f"{self._base}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - http by the settings
        try:
            with self._opener.open(request, timeout=patience) as response:
                answer: dict[str, Any] = json.load(response)
        except HTTPError as error:
            raise NonRetriableError("BOT_010", _refusal(error), url=url, status=error.code) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            message = f"the simulated exchange does not answer at {self._base}: {reason}"
            raise NonRetriableError("BOT_009", message, url=url) from error
        return answer


def _refusal(error: HTTPError) -> str:
    """Return the words of a problem+json body, else the status line."""
    with error:
        try:
            return str(json.load(error)["detail"])
        except (ValueError, KeyError, TypeError):
            return f"{error.code} {error.reason}"
