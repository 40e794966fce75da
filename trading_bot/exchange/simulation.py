"""What only a simulation has, below /sim/: its clock, its faults, and its books as they truly are.

Not signed: it is for tests and the command line on this machine. A body must be declared as JSON, so that a
web page of another origin cannot send one.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from trading_bot.exchange.books import FaultChange
from trading_bot.exchange.faults import KINDS, Fault, FaultKind
from trading_bot.exchange.limits import LIMITS
from trading_bot.exchange.protocol_rest import answer
from trading_bot.exchange.switching import NotSwitched, switch_off, switch_on
from trading_bot.exchange.venue import VENUE, Venue
from trading_bot.telemetry import rfc3339

MOST_RECORDS: Final = 10_000
DEFAULT_RECORDS: Final = 1_000
MOST_CHANGES: Final = 50
LONGEST_SECONDS = 604_800


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """A fault to switch, for one symbol or all, as :func:`~trading_bot.exchange.switching.switch_on` says it."""

    name: str
    on: bool
    symbol: str | None = None
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_SECONDS)] | None = None
    probability: float = 1.0
    size: float | None = None


class Allowance(msgspec.Struct, forbid_unknown_fields=True):
    """The request weight that an address may use in a minute."""

    request_weight: Annotated[int, msgspec.Meta(ge=1)]


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [
        web.get("/sim/clock", clock),
        web.get("/sim/books", books),
        web.get("/sim/faults", faults),
        web.post("/sim/faults", switch_fault),
        web.post("/sim/limits", set_limits),
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
        _switch(venue, wanted)
    except msgspec.DecodeError as error:
        return _problem(f'{error}; for example {{"name": "mute_feed", "on": true}}')
    except NotSwitched as reason:
        return _problem(str(reason))
    return answer(_faults(venue))


async def set_limits(request: web.Request) -> web.StreamResponse:
    """Allow another request weight in a minute than Binance does, until the exchange is started again."""
    if request.content_type != "application/json":
        return _problem("expected Content-Type application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        allowed = msgspec.json.decode(await request.read(), type=Allowance)
    except msgspec.DecodeError as error:
        return _problem(f'{error}; for example {{"request_weight": 6000}}')
    request.app[LIMITS].most_weight = allowed.request_weight
    return answer(msgspec.to_builtins(allowed))


def _switch(venue: Venue, wanted: Switch) -> None:
    if not wanted.on:
        switch_off(venue, wanted.name, wanted.symbol)
        return
    switch_on(
        venue,
        wanted.name,
        wanted.symbol,
        seconds=wanted.seconds,
        probability=wanted.probability,
        size=wanted.size,
    )


def _faults(venue: Venue) -> Any:
    """Return one row for each fault that is on, by symbol, one for each that is not, and what was switched."""
    on = venue.faults.switched_on()
    rows = [_row(KINDS[fault.name], fault) for fault in on]
    names = {fault.name for fault in on}
    rows += [_row(kind, None) for kind in KINDS.values() if kind.name not in names]
    return {"faults": rows, "changes": [_change(each) for each in venue.books.fault_changes(MOST_CHANGES)]}


def _row(kind: FaultKind, fault: Fault | None) -> dict[str, Any]:
    size = kind.size
    return {
        "name": kind.name,
        "symbol": fault.symbol if fault else None,
        "on": fault is not None,
        "since": rfc3339(fault.since_ns) if fault else None,
        "until": rfc3339(fault.until_ns) if fault and fault.until_ns is not None else None,
        "probability": fault.probability if fault else None,
        "size": (fault.size if fault else size.default) if size else None,
        "size_meaning": size.meaning if size else None,
        "place": kind.place.value,
        "by_symbol": kind.by_symbol,
        "meaning": kind.meaning,
    }


def _change(change: FaultChange) -> dict[str, Any]:
    return {
        "time": rfc3339(change.time_ns),
        "name": change.name,
        "symbol": change.symbol,
        "on": change.on,
        "until": None if change.until_ns is None else rfc3339(change.until_ns),
        "probability": change.probability,
        "size": change.size,
    }


def _problem(detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> web.Response:
    body = {"title": "Cannot be switched", "status": status.value, "detail": detail}
    return web.Response(
        body=msgspec.json.encode(body), status=status.value, content_type="application/problem+json"
    )
