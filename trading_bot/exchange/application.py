"""One exchange put together: parts, routes, and what turns exceptions into Binance's answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

from trading_bot.domain.clock import Clock
from trading_bot.exchange import (
    listing,
    protocol_account,
    protocol_orders,
    protocol_rest,
    protocol_stream,
    refusals,
    simulation,
    switching,
    wire,
)
from trading_bot.exchange.answer_faults import faulty
from trading_bot.exchange.books import Books
from trading_bot.exchange.desk import Desk
from trading_bot.exchange.faults import Faults
from trading_bot.exchange.feed import Feed
from trading_bot.exchange.limits import LIMITS, Limits, limited
from trading_bot.exchange.lines import Lines
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.signatures import Credentials
from trading_bot.exchange.venue import VENUE, Venue
from trading_bot.market_data import bundled, stored
from trading_bot.market_data.series import Series

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def assemble(
    books: Books,
    credentials: Credentials,
    clock: Clock,
    report_error: Callable[[BaseException], object],
    stopping: asyncio.Event,
    own: Mapping[str, Path] = MappingProxyType({}),
) -> Venue:
    """Return the parts of an exchange over its books, with one's own bars, by symbol, else the bundled.

    Raises:
        OperatorError: DATA_001 to DATA_004 when the bars cannot be used.
    """
    markets = Markets(
        Market(listed, _series(listed.instrument.symbol, own), books.timeline, books.seed)
        for listed in listing.listings(books.first_bars, stored.descriptions(own))
    )
    return compose(books, markets, credentials, clock, report_error, stopping)


def compose(
    books: Books,
    markets: Markets,
    credentials: Credentials,
    clock: Clock,
    report_error: Callable[[BaseException], object],
    stopping: asyncio.Event,
) -> Venue:
    """Return the parts of an exchange over its books and markets."""
    faults = Faults(books.faults(), clock, books.seed)
    return Venue(
        books=books,
        markets=markets,
        desk=Desk(books, markets, clock, faults),
        faults=faults,
        lines=Lines(faults, clock),
        credentials=credentials,
        clock=clock,
        report_error=report_error,
        stopping=stopping,
    )


def _series(symbol: str, own: Mapping[str, Path]) -> Series:
    return stored.load(own[symbol]) if symbol in own else bundled.load(symbol)


def application(venue: Venue) -> web.Application:
    """Return the web application that serves an exchange."""
    app = web.Application(middlewares=[limited, faulty, refused])
    app[VENUE] = venue
    app[LIMITS] = Limits(venue.clock)
    app[protocol_stream.FEED] = Feed(venue.markets, venue.faults)
    app[protocol_account.STREAM] = protocol_account.AccountStream(venue)
    for interface in (protocol_rest, protocol_orders, protocol_account, protocol_stream, simulation):
        app.add_routes(interface.routes())
    return app


@web.middleware
async def refused(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refusal into its answer, and what went wrong here into a record and -1001."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return protocol_rest.answer(wire.refusal(refusal), refusal.status)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - the top of every request
        request.app[VENUE].report_error(error)
        return protocol_rest.answer(wire.refusal(refusals.internal_error()), HTTPStatus.SERVICE_UNAVAILABLE)


async def play(app: web.Application) -> None:
    """Go from quote to quote until the exchange stops: fill what is crossed, tell who listens."""
    venue, feed = app[VENUE], app[protocol_stream.FEED]
    timeline, clock = venue.books.timeline, venue.clock
    before = clock.now_ns()
    while not await _stopped(venue.stopping, timeline.next_quote_at(before) - clock.now_ns()):
        now = clock.now_ns()
        if timeline.quote_number(now) == timeline.quote_number(before):
            continue
        try:
            switching.end_what_is_over(venue)
            venue.lines.end_old()
            venue.desk.match_resting()
            feed.publish((before, now))
        except Exception as error:  # noqa: BLE001 - the top of the loop: the next quote is tried again
            venue.report_error(error)
        before = now


async def _stopped(stopping: asyncio.Event, after_ns: int) -> bool:
    """Wait a while; whether the exchange is to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), max(0, after_ns) / 1_000_000_000)
    except TimeoutError:
        return False
    return True
