"""What only a simulation has, below /sim/: its clock, its faults, and its books as they truly are.

Not signed: it is for tests and the command line on this machine. A body must be declared as JSON, so that a
web page of another origin cannot send one.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import web

from trading_bot.exchange.faults import FAULTS, Fault
from trading_bot.exchange.protocol_rest import answer
from trading_bot.exchange.venue import VENUE, Venue
from trading_bot.telemetry import rfc3339

MOST_RECORDS: Final = 10_000
DEFAULT_RECORDS: Final = 1_000


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """A fault to switch, for one symbol or all."""

    name: str
    on: bool
    symbol: str | None = None


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [
        web.get("/sim/clock", clock),
        web.get("/sim/books", books),
        web.get("/sim/faults", faults),
        web.post("/sim/faults", switch_fault),
    ]


async def clock(request: web.Request) -> web.StreamResponse:
    """Answer which bar is which minute: wall time, and for display the time of the data."""
    venue = request.app[VENUE]
    now, timeline = venue.clock.now_ns(), venue.books.timeline
    symbols = {
        market.instrument.symbol: {
            "historical_time": rfc3339(market.history_ns(now)),
            "data_index": market.listing.first_bar + timeline.bar_of(now),
        }
        for market in venue.markets.all()
    }
    return answer(
        {
            "time": rfc3339(now),
            "interval": timeline.interval,
            "started_at": rfc3339(timeline.anchor_ns),
            "bar": timeline.bar_of(now),
            "bar_opened_at": rfc3339(timeline.opens_at(timeline.bar_of(now))),
            "symbols": symbols,
        }
    )


async def books(request: web.Request) -> web.StreamResponse:
    """Answer balances, orders, trades and how often each client order id came in, newest first.

    ``limit`` bounds each list; ``left_out`` says how many entries of each are not shown.
    """
    kept = request.app[VENUE].books
    text = request.query.get("limit", "")
    limit = min(int(text), MOST_RECORDS) if text.isdecimal() else DEFAULT_RECORDS
    counts = kept.counts()
    lists: dict[str, list[Any]] = {
        "orders": list(kept.latest_orders(limit)),
        "trades": list(kept.latest_trades(limit)),
        "received": list(kept.latest_received(limit)),
    }
    return answer(
        {
            "balances": kept.account.balances,
            **lists,
            "left_out": {name: counts[name] - len(entries) for name, entries in lists.items()},
        }
    )


async def faults(request: web.Request) -> web.StreamResponse:
    """Answer which faults there are and which are on."""
    return answer(_faults(request.app[VENUE]))


async def switch_fault(request: web.Request) -> web.StreamResponse:
    """Switch a fault: recorded first, then in effect."""
    venue = request.app[VENUE]
    if request.content_type != "application/json":
        return _problem("expected Content-Type application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        wanted = msgspec.json.decode(await request.read(), type=Switch)
    except msgspec.DecodeError as error:
        return _problem(f'{error}; for example {{"name": "mute_feed", "on": true}}')
    if wanted.name not in FAULTS:
        return _problem(f"no fault {wanted.name}; there is {', '.join(FAULTS)}")
    if wanted.symbol is not None and not venue.markets.lists(wanted.symbol):
        return _problem(f"no symbol {wanted.symbol}")
    now = venue.clock.now_ns()
    venue.books.record_fault(wanted.name, wanted.symbol, now, on=wanted.on)
    if wanted.on:
        venue.faults.add(Fault(name=wanted.name, symbol=wanted.symbol, since_ns=now))
    else:
        venue.faults.remove(wanted.name, wanted.symbol)
    return answer(_faults(venue))


def _faults(venue: Venue) -> Any:
    """Return one row for each fault that is on, by symbol, and one for each that is not."""
    on = venue.faults.switched_on()
    rows: list[dict[str, Any]] = [
        {"name": fault.name, "symbol": fault.symbol, "on": True, "since": rfc3339(fault.since_ns)}
        for fault in on
    ]
    rows += [
        {"name": name, "symbol": None, "on": False, "since": None}
        for name in FAULTS
        if name not in {fault.name for fault in on}
    ]
    return {"faults": [{**row, "meaning": FAULTS[row["name"]]} for row in rows]}


def _problem(detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> web.Response:
    body = {"title": "Cannot be switched", "status": status.value, "detail": detail}
    return web.Response(
        body=msgspec.json.encode(body), status=status.value, content_type="application/problem+json"
    )
