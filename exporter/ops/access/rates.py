"""How often each key may ask. The notation and Redis are the limits package's.

Fixed windows: the memory of a key is one number, whatever its limit. At the border of two windows twice the
limit may pass, which the limit of a person's own machine can bear.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from limits import RateLimitItem, parse

from exporter.ops.access.counts import Counts
from trading_bot.contract.errors import OperatorError, RetriableError, TickertapeError, describe

Handler = TypeVar("Handler", bound=Callable[..., Any])
LIMIT: Final = "rate_limit"
STORAGE_SECONDS: Final = 0.05
"""How long a storage outside of this process may take: everybody waits for it."""

AWAY_SECONDS: Final = 10.0
"""A storage that failed is left alone for so long, and this process counts by itself."""


def limited(rate: str) -> Callable[[Handler], Handler]:
    """Give a handler a rate of its own, in limits' notation, beside the one of all requests of a key."""
    item = parse(rate)

    def mark(handler: Handler) -> Handler:
        handler.__dict__[LIMIT] = item
        return handler

    return mark


class Rates:
    """Counts requests by who makes them.

    Args:
        rate: for all requests of one key or address, in limits' notation.
        storage: ``redis://...``, where several ops share their counts; None for this process' memory.
        report: gets the error when the storage fails.

    Raises:
        OperatorError: BOT_002, the storage is none that limits knows.
    """

    def __init__(self, rate: str, storage: str | None, report: Callable[[TickertapeError], object]) -> None:
        self._rate = parse(rate)
        self._report = report
        self._memory = Counts()
        self._shared = _shared(storage) if storage else None
        self._away_until = 0.0

    def admit(self, who: str, own: RateLimitItem | None = None, where: str | None = None) -> None:
        """Count a request of somebody, for themselves and for an endpoint with a rate of its own.

        Raises:
            RetriableError: API_006 with ``retry_after_seconds``, when there were too many.
        """
        if not self._hit(self._rate, who):
            raise self._refusal(self._rate, who)
        if own is not None and not self._hit(own, who, where or ""):
            raise self._refusal(own, who, where or "")

    def _hit(self, rate: RateLimitItem, *who: str) -> bool:
        try:
            return bool(self._counting().hit(rate, *who))
        except Exception as error:  # noqa: BLE001 - whatever the storage's driver raises: counted here instead
            self._leave(error)
            return self._memory.hit(rate, *who)

    def _refusal(self, rate: RateLimitItem, *who: str) -> RetriableError:
        try:
            reset = self._counting().get_window_stats(rate, *who).reset_time
        except Exception as error:  # noqa: BLE001 - see above
            self._leave(error)
            reset = time.time() + rate.get_expiry()
        wait = max(1, math.ceil(reset - time.time()))
        message = f"more than {rate}: ask again in {wait} s"
        return RetriableError("API_006", message, limit=str(rate), retry_after_seconds=wait)

    def _counting(self) -> Any:
        shared = self._shared
        return shared if shared is not None and time.monotonic() >= self._away_until else self._memory

    def _leave(self, error: Exception) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        message = f"the storage of the rate limits does not answer: {describe(error)}"
        self._report(RetriableError("API_007", message, seconds=AWAY_SECONDS))


def _shared(url: str) -> Any:
    """Return limits' strategy over a storage outside of this process."""
    from limits.storage import storage_from_string  # noqa: PLC0415 - only where one is set
    from limits.strategies import FixedWindowRateLimiter  # noqa: PLC0415 - same

    patience = {"socket_timeout": STORAGE_SECONDS, "socket_connect_timeout": STORAGE_SECONDS}
    try:
        return FixedWindowRateLimiter(storage_from_string(url, **patience))
    except Exception as error:
        # The address may hold a password, and the driver's words the address.
        scheme, kind = urlsplit(url).scheme, type(error).__name__
        message = (
            f"BOT_API_RATE_LIMIT_STORAGE: {scheme} cannot be used ({kind}); for example redis://host:6379/0"
        )
        raise OperatorError("BOT_002", message, setting="BOT_API_RATE_LIMIT_STORAGE") from error
