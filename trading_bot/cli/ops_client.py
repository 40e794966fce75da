"""A client of the ops endpoint for commands that change something; what only reads works without it."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings, url_host
from trading_bot.cli.switch import existing_home
from trading_bot.contract.errors import ERRORS, NonRetriableError, OperatorError

PATIENCE: Final = 10.0
LOOK_SECONDS: Final = 0.1
PENDING: Final = "pending"


class OpsClient:
    """Talks to the endpoint of a home with its operate key. Nothing is opened before a call."""

    def __init__(self, settings: BootSettings) -> None:
        self._base = f"http://{url_host(settings.host)}:{settings.api_port}"
        self._key = settings.api_auth_token or _operate_key(Home(settings.home))
        # It is on this machine or beside it: a proxy of the environment must not come between.
        self._opener = build_opener(ProxyHandler({}))

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Return the JSON of an answer.

        Raises:
            NonRetriableError: the endpoint's own code when it refuses, BOT_015 when it does not answer.
        """
        url = path if path.startswith("http") else f"{self._base}/api/v1/{path.removeprefix('/api/v1/')}"
        data = None if body is None else json.dumps(body).encode()
        given = {"X-API-Key": self._key, "Content-Type": "application/json", **(headers or {})}
        request = Request(url, data, given, method=method)  # noqa: S310 - http by the settings
        try:
            with self._opener.open(request, timeout=PATIENCE) as response:
                return json.load(response)
        except HTTPError as error:
            raise _refusal(error, url) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            message = f"no ops endpoint answers at {self._base}: {reason}"
            raise NonRetriableError("BOT_015", message, url=url) from error

    def follow(self, accepted: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Wait until a command is answered and return it; after ``seconds`` as it stands then."""
        end = time.monotonic() + seconds
        while True:
            command: dict[str, Any] = self.ask(accepted["location"])
            if command["status"] != PENDING or time.monotonic() >= end:
                return command
            time.sleep(LOOK_SECONDS)


def _operate_key(home: Home) -> str:
    """Return the key in a home.

    Raises:
        OperatorError: BOT_008, there is no such home, or no process has begun in it.
    """
    try:
        return existing_home(home).operate_key.read_text().strip()
    except OSError as error:
        message = f"{home.operate_key} cannot be read: {error.strerror}"
        raise OperatorError("BOT_008", message, path=str(home.operate_key)) from error


def _refusal(error: HTTPError, url: str) -> NonRetriableError:
    """Return the endpoint's problem as an error of ours."""
    with error:
        try:
            problem = json.load(error)
            code, message = str(problem["error_code"]), str(problem["detail"])
            faults = problem.get("errors", [])
        except (ValueError, KeyError, TypeError):
            code, message, faults = "BOT_015", f"{error.code} {error.reason}", []
    for fault in faults[1:]:
        message += f"; {fault['field']}: expected {fault['expected']}, found {fault['found']}"
    return NonRetriableError(code if code in ERRORS else "BOT_015", message, url=url, status=error.code)
