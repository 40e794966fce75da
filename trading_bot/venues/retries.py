"""A reading that failed on the venue's side is asked again, a few times, within a budget for all of them.

Only readings: an order is never sent again. Only what passes: the server failed or its answer was cut off.
Nobody there, a rate limit or a refusal goes up at once, to whoever decides how long to wait.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from trading_bot.contract.errors.definition import RetriableError
from trading_bot.domain.clock import SECOND, Clock

MOST_ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 0.1
CAPACITY: Final = 20
REFILLED_A_SECOND: Final = 0.5
"""Together: no more than 50 repeated readings in any minute, whatever happens."""

P = ParamSpec("P")
T = TypeVar("T")


class RetryBudget:
    """Tokens for repeated readings, refilled with time.

    Attributes:
        spent: readings that were repeated since the beginning.
    """

    def __init__(self, clock: Clock) -> None:
        self.spent = 0
        self._clock = clock
        self._tokens = float(CAPACITY)
        self._seen = clock.monotonic_ns()

    def spend(self) -> bool:
        """Take a token, if there is one."""
        now = self._clock.monotonic_ns()
        self._tokens = min(CAPACITY, self._tokens + (now - self._seen) / SECOND * REFILLED_A_SECOND)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self.spent += 1
        return True


class Budgeted(Protocol):
    """What has a budget."""

    budget: RetryBudget


V = TypeVar("V", bound=Budgeted)


def repeated(
    read: Callable[Concatenate[V, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[V, P], Coroutine[Any, Any, T]]:
    """Let a reading be asked again within its venue's budget, after a short pause that grows and varies."""

    @wraps(read)
    async def ask(venue: V, /, *arguments: P.args, **named: P.kwargs) -> T:
        for attempt in range(1, MOST_ATTEMPTS):
            try:
                return await read(venue, *arguments, **named)
            except RetriableError as error:
                if not passes(error) or not venue.budget.spend():
                    raise
            await asyncio.sleep(FIRST_PAUSE * 2**attempt * (0.5 + random.random() / 2))  # noqa: S311 - jitter
        return await read(venue, *arguments, **named)

    return ask


def passes(error: RetriableError) -> bool:
    """Whether the same question may well be answered in a moment."""
    status = error.context.get("status")
    failed = isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return error.code == "VENUE_007" or (error.code == "VENUE_001" and failed)
