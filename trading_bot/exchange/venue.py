"""Everything that the protocols of one running exchange share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from trading_bot.domain.clock import SECOND, Clock
from trading_bot.exchange.books import Books
from trading_bot.exchange.desk import Desk
from trading_bot.exchange.faults import CLOCK_SKEW, Faults
from trading_bot.exchange.lines import Lines
from trading_bot.exchange.markets import Markets
from trading_bot.exchange.signatures import Credentials


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one exchange. ``stopping`` is set when it goes down, and ends whatever waits."""

    books: Books
    markets: Markets
    desk: Desk
    faults: Faults
    lines: Lines
    credentials: Credentials
    clock: Clock
    report_error: Callable[[BaseException], object]
    stopping: asyncio.Event

    def told_ns(self) -> int:
        """Return the time that the exchange says it is."""
        skew = self.faults.strikes(CLOCK_SKEW)
        return self.clock.now_ns() + (0 if skew is None else round(skew.size * SECOND))


VENUE = web.AppKey("venue", Venue)
