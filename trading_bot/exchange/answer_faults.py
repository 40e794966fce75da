"""What faults do to the answers of REST: none, late, refused, broken off, or the wrong time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from trading_bot.exchange import refusals, wire
from trading_bot.exchange.faults import (
    BANNED,
    LATE_ACK,
    LOST_ACK,
    MAINTENANCE,
    RATE_LIMITED,
    SERVER_ERROR,
    TRUNCATED_JSON,
    Fault,
    Faults,
)
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.venue import VENUE, Venue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Effect = Callable[[web.Request, Handler, Fault], Awaitable[web.StreamResponse]]

INTERFACE: Final = "/api/"
PLACES_ORDERS: Final = frozenset({"/api/v3/order", "/api/v3/order/cancelReplace", "/api/v3/orderList/oco"})
# How long a lost answer is withheld before the connection is cut.
HELD_SECONDS: Final = 30.0
CARRIED_OUT: Final = 0.5
"""Share of the requests answered 500 that were carried out all the same."""
UNANNOUNCED: Final = "unannounced"
"""Set on a request whose effects nobody is to hear of."""
SECOND_NS: Final = 1_000_000_000


@web.middleware
async def faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer as the first fault that strikes has it, or as the exchange does."""
    venue = request.app[VENUE]
    if request.path.startswith(INTERFACE) and venue.faults.switched_on():
        symbol = await _symbol_of(request, venue)
        struck = _struck(venue.faults, request, symbol)
        if struck is not None:
            return await EFFECTS[struck.name](request, handler, struck)
    return await handler(request)


def turned_away(reason: Refusal, retry_after: float | None = None) -> web.Response:
    """Return the answer to a request that was refused, with Retry-After in whole seconds."""
    headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
    body = msgspec.json.encode(wire.refusal(reason))
    return web.Response(body=body, status=reason.status, content_type="application/json", headers=headers)


def _struck(faults: Faults, request: web.Request, symbol: str | None) -> Fault | None:
    places = request.method == "POST" and request.path in PLACES_ORDERS
    for name in EFFECTS if places else EVERY_REQUEST:
        fault = faults.strikes(name, symbol)
        if fault is not None:
            return fault
    return None


async def _symbol_of(request: web.Request, venue: Venue) -> str | None:
    """Return the unified symbol that a request names, in its query or its body."""
    named = request.query.get("symbol") or dict(parse_qsl(await request.text())).get("symbol")
    try:
        return None if named is None else venue.markets.by_id(named).instrument.symbol
    except Refusal:
        return None


async def _lost(request: web.Request, handler: Handler, _fault: Fault) -> web.StreamResponse:
    request[UNANNOUNCED] = True
    response = await handler(request)
    if isinstance(response, web.Response) and response.status != HTTPStatus.OK:
        return response  # an order that was refused has nothing to lose
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(request.app[VENUE].stopping.wait(), HELD_SECONDS)
    if request.transport is not None:
        request.transport.abort()
    return response  # goes nowhere: the connection is gone


async def _late(request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
    response = await handler(request)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(request.app[VENUE].stopping.wait(), fault.size)
    return response


async def _rate_limited(_request: web.Request, _handler: Handler, fault: Fault) -> web.StreamResponse:
    return turned_away(refusals.too_much_weight(), fault.size)


async def _banned(request: web.Request, _handler: Handler, fault: Fault) -> web.StreamResponse:
    now = request.app[VENUE].clock.now_ns()
    until = fault.until_ns if fault.until_ns is not None else now + round(fault.size * SECOND_NS)
    return turned_away(refusals.banned_until(wire.milliseconds(until)), (until - now) / SECOND_NS)


async def _maintenance(request: web.Request, _handler: Handler, fault: Fault) -> web.StreamResponse:
    now = request.app[VENUE].clock.now_ns()
    left = fault.size if fault.until_ns is None else (fault.until_ns - now) / SECOND_NS
    return turned_away(refusals.under_maintenance(), left)


async def _server_error(request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
    if request.app[VENUE].faults.chance(fault) < CARRIED_OUT:
        await handler(request)
    return turned_away(refusals.unknown_error())


async def _truncated(request: web.Request, handler: Handler, _fault: Fault) -> web.StreamResponse:
    response = await handler(request)
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = response.body[: len(response.body) // 2]
    return response


# The first that strikes decides, so what turns a request away at the door stands first.
EVERY_REQUEST: Final[dict[str, Effect]] = {
    MAINTENANCE: _maintenance,
    BANNED: _banned,
    RATE_LIMITED: _rate_limited,
    SERVER_ERROR: _server_error,
    TRUNCATED_JSON: _truncated,
}
EFFECTS: Final[dict[str, Effect]] = {**EVERY_REQUEST, LOST_ACK: _lost, LATE_ACK: _late}
