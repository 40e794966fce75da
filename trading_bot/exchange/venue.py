"""Everything that the protocols of one running exchange share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import web

from trading_bot.domain.clock import Clock
from trading_bot.exchange.books import Books
from trading_bot.exchange.desk import Desk
from trading_bot.exchange.faults import Faults
from trading_bot.exchange.markets import Markets
from trading_bot.exchange.signatures import Credentials


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one exchange. ``stopping`` is set when it goes down, and ends whatever waits."""

    books: Books
    markets: Markets
    desk: Desk
    faults: Faults
    credentials: Credentials
    clock: Clock
    report_error: Callable[[BaseException], object]
    stopping: asyncio.Event


VENUE = web.AppKey("venue", Venue)
