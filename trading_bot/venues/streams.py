"""Streams that come back by themselves, and closed bars in order, once each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, Protocol

from trading_bot.contract.errors.definition import TickertapeError, describe
from trading_bot.domain.clock import Clock
from trading_bot.venues.protocol import Bar, BarUpdate, FeedMessage, StreamLost, StreamName, StreamRestored
from trading_bot.venues.translation import scrub

FIRST_SECONDS: Final = 0.25
LAST_SECONDS: Final = 10.0
STABLE_NS: Final = 10_000_000_000
"""A stream that flowed this long starts its back-off anew when it is lost."""

Deliver = Callable[[FeedMessage], None]


class Dialect(Protocol):
    """How one kind of exchange is listened to."""

    async def watch(self, stream: StreamName) -> NoReturn:
        """Subscribe, and stay until the connection is lost, which raises."""
        ...

    async def drop(self, stream: StreamName) -> None:
        """Close the connection of a stream and forget its subscription."""
        ...


def backoff_seconds(attempt: int, chance: float) -> float:
    """Return how long to wait before the attempt (1 is the first), ``chance`` in [0, 1) spreading it by half."""
    longest = min(LAST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    return longest * (0.5 + 0.5 * chance)


class Stream:
    """One subscription, kept alive.

    Args:
        name: which of the three it is.
        dialect: connects and drops.
        deliver: takes what is to be said about the connection.
        clock: measures outages.
        chance: spreads the back-off, numbers in [0, 1).
    """

    def __init__(
        self,
        name: StreamName,
        dialect: Dialect,
        deliver: Deliver,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._dialect = dialect
        self._deliver = deliver
        self._clock = clock
        self._chance = chance
        self._watching: asyncio.Task[NoReturn] | None = None
        self._lost_at: int | None = None
        self._flowing_since: int | None = None
        self._attempts = 0

    async def run(self) -> None:
        """Watch until cancelled; when the connection is lost, say so and come back."""
        while True:
            message = await self._watch_until_lost()
            self._note_lost(message)
            await self._dialect.drop(self.name)
            self._attempts += 1
            await asyncio.sleep(backoff_seconds(self._attempts, self._chance()))

    def flowing(self) -> None:
        """Note that data (or a confirmation) has come; the first after an outage restores the stream."""
        if self._flowing_since is None:
            self._flowing_since = self._clock.monotonic_ns()
        if self._lost_at is not None:
            outage = self._clock.monotonic_ns() - self._lost_at
            self._lost_at = None
            self._deliver(StreamRestored(stream=self.name, attempts=self._attempts, outage_ns=outage))

    def break_off(self) -> None:
        """Give the present connection up."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch_until_lost(self) -> str:
        self._watching = asyncio.ensure_future(self._dialect.watch(self.name))
        try:
            await asyncio.wait({self._watching})
        finally:
            # Cancelled from outside: the connection must not outlive its stream.
            self._watching.cancel()
        if self._watching.cancelled():
            return "the connection was given up"
        error = self._watching.exception()
        assert error is not None
        scrub(error)
        return describe(error)

    def _note_lost(self, message: str) -> None:
        now = self._clock.monotonic_ns()
        if self._flowing_since is not None and now - self._flowing_since >= STABLE_NS:
            self._attempts = 0
        self._flowing_since = None
        if self._lost_at is None:
            self._lost_at = now
            self._deliver(StreamLost(stream=self.name, message=message))


class BarSequence:
    """Closed bars in order, once each; what closed while nobody heard it is asked for and put in between.

    Args:
        interval_ns: of one bar.
        history: returns the closed bars of a symbol from an open time (nanoseconds) on.
        deliver: takes the bars.
    """

    def __init__(
        self,
        interval_ns: int,
        history: Callable[[str, int], Awaitable[list[Bar]]],
        deliver: Callable[[BarUpdate], None],
    ) -> None:
        self._interval = interval_ns
        self._history = history
        self._deliver = deliver
        self._last: dict[str, int] = {}
        self._held: dict[str, list[Bar]] = {}
        self._filling: set[asyncio.Task[None]] = set()

    def given(self, bars: list[Bar]) -> None:
        """Note bars that the reader has already been given."""
        for bar in bars:
            self._last[bar.symbol] = max(bar.open_time, self._last.get(bar.symbol, bar.open_time))

    def closed(self, bar: Bar) -> None:
        """Take a bar that has just closed."""
        last = self._last.get(bar.symbol)
        if bar.symbol in self._held:
            self._held[bar.symbol].append(bar)
        elif last is not None and bar.open_time > last + self._interval:
            self._held[bar.symbol] = [bar]
            task = asyncio.ensure_future(self._fill(bar.symbol, last + self._interval))
            self._filling.add(task)
            task.add_done_callback(self._filling.discard)
        else:
            self._pass_on([bar])

    def stop(self) -> None:
        """Give up what is being asked for."""
        for task in self._filling:
            task.cancel()

    async def _fill(self, symbol: str, since: int) -> None:
        try:
            earlier = await self._history(symbol, since)
        except TickertapeError:
            earlier = []  # The gap stays visible in the open times; what has closed since must not wait.
        held = self._held.pop(symbol)
        self._pass_on(sorted([*earlier, *held], key=lambda bar: bar.open_time))

    def _pass_on(self, bars: list[Bar]) -> None:
        for bar in bars:
            last = self._last.get(bar.symbol)
            if last is None or bar.open_time > last:
                self._last[bar.symbol] = bar.open_time
                self._deliver(BarUpdate(bar=bar, late=bar.open_time < bars[-1].open_time))
