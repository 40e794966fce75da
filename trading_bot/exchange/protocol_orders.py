"""Binance Spot's REST interface to several orders at once: pairs, cancel-all, replacing, and trying out."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from trading_bot.exchange import refusals, wire, wire_account
from trading_bot.exchange.limits import LIMITS, ORDER_WINDOWS, rules
from trading_bot.exchange.orders import NO_LIST, Order, OrderList
from trading_bot.exchange.protocol_rest import MOST_RECORDS, Answer, answer, authorized, market_of, signed
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.requests import Parameters, order_request, pair_requests
from trading_bot.exchange.venue import VENUE, Venue

STOP_ON_FAILURE = "STOP_ON_FAILURE"


def cancel_all(venue: Venue, parameters: Parameters) -> Any:
    """End all open orders of a market; a pair is answered as one."""
    market = market_of(venue, parameters)
    open_orders = venue.books.open_orders(market.instrument.symbol)
    if not open_orders:
        raise refusals.unknown_order()
    cancel_id = uuid.uuid4().hex
    answers: list[Any] = []
    for order in open_orders:
        if not venue.books.is_open(order):
            continue  # ended with the other of its pair
        effect = venue.desk.cancel(order, cancel_id)
        pair = venue.books.order_list(list_id=order.list_id) if order.list_id != NO_LIST else None
        if pair is None:
            answers.append(wire_account.cancelled_order(market.listing.market_id, effect.order, cancel_id))
        else:
            answers.append(_cancelled_pair(venue, pair, cancel_id))
    return answers


def test_order(venue: Venue, parameters: Parameters) -> Any:
    """Check an order without placing it."""
    venue.desk.check(order_request(parameters, market_of(venue, parameters).instrument.symbol))
    return {}


def new_pair(venue: Venue, parameters: Parameters) -> Any:
    """Take two orders of which one cancels the other."""
    market = market_of(venue, parameters)
    above, below = pair_requests(parameters, market.instrument.symbol)
    name = parameters.client_order_id("listClientOrderId") or ""
    pair, _ = venue.desk.place_pair(above, below, name)
    orders = venue.books.orders_of(pair)
    reports = [wire_account.placed_leg(market.listing.market_id, order) for order in orders]
    return {**wire_account.order_list(market.listing.market_id, pair, orders), "orderReports": reports}


def cancel_pair(venue: Venue, parameters: Parameters) -> Any:
    """End both orders of a pair."""
    market = market_of(venue, parameters)
    pair = _find(venue, parameters, "listClientOrderId")
    if pair is None or pair.symbol != market.instrument.symbol:
        raise refusals.unknown_list()
    cancel_id = parameters.client_order_id("newClientOrderId") or uuid.uuid4().hex
    venue.desk.cancel(_one_open(venue, pair), cancel_id)
    return _cancelled_pair(venue, pair, cancel_id)


def query_pair(venue: Venue, parameters: Parameters) -> Any:
    """Answer one pair."""
    pair = _find(venue, parameters, "origClientOrderId")
    if pair is None:
        raise refusals.no_such_list()
    return _shown(venue, pair)


def all_pairs(venue: Venue, parameters: Parameters) -> Any:
    """Answer the newest pairs."""
    return [_shown(venue, pair) for pair in venue.books.order_lists(parameters.limit(500, MOST_RECORDS))]


def open_pairs(venue: Venue, _parameters: Parameters) -> Any:
    """Answer the pairs that are open."""
    numbers = sorted({order.list_id for order in venue.books.open_orders()} - {NO_LIST})
    found = (venue.books.order_list(list_id=number) for number in numbers)
    return [_shown(venue, pair) for pair in found if pair is not None]


SIGNED: dict[tuple[str, str], Answer] = {
    ("DELETE", "/api/v3/openOrders"): cancel_all,
    ("POST", "/api/v3/order/test"): test_order,
    ("POST", "/api/v3/orderList/oco"): new_pair,
    ("DELETE", "/api/v3/orderList"): cancel_pair,
    ("GET", "/api/v3/orderList"): query_pair,
    ("GET", "/api/v3/allOrderList"): all_pairs,
    ("GET", "/api/v3/openOrderList"): open_pairs,
}


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [
        *(web.route(method, path, signed(give)) for (method, path), give in SIGNED.items()),
        web.post("/api/v3/order/cancelReplace", cancel_and_replace),
        web.get("/api/v3/rateLimit/order", order_counts),
    ]


async def cancel_and_replace(request: web.Request) -> web.StreamResponse:
    """End an order and place another; with STOP_ON_FAILURE only if the first could be ended."""
    venue = request.app[VENUE]
    parameters = await authorized(request)
    market = market_of(venue, parameters)
    mode = parameters.text("cancelReplaceMode")
    wanted = order_request(parameters, market.instrument.symbol)
    cancelled = _tried(lambda: _cancel(venue, parameters))
    attempted = not (isinstance(cancelled, Refusal) and mode == STOP_ON_FAILURE)
    placed = _tried(lambda: _place(venue, parameters, wanted)) if attempted else None
    body = {
        "cancelResult": _result(cancelled),
        "newOrderResult": _result(placed),
        "cancelResponse": _response(cancelled),
        "newOrderResponse": _response(placed),
    }
    failures = [each for each in (cancelled, placed) if isinstance(each, Refusal)]
    if not failures:
        return answer(body)
    partly = len(failures) == 1 and attempted
    reason = refusals.partly_replaced() if partly else refusals.not_replaced()
    return answer({**wire.refusal(reason), "data": body}, reason.status)


async def order_counts(request: web.Request) -> web.StreamResponse:
    """Answer how many orders the account placed in each window."""
    await authorized(request)
    limits = request.app[LIMITS]
    counts = [limits.orders_in(name, window) for window, _, name, _ in ORDER_WINDOWS]
    limited = [rule for rule in rules() if rule["rateLimitType"] == "ORDERS"]
    return answer([{**rule, "count": count} for rule, count in zip(limited, counts, strict=True)])


def _cancel(venue: Venue, parameters: Parameters) -> Any:
    market = market_of(venue, parameters)
    symbol, number = market.instrument.symbol, parameters.whole("cancelOrderId")
    name = parameters.optional("cancelOrigClientOrderId") or ""
    found = (
        venue.books.order_by_client_id(symbol, name)
        if number is None
        else venue.books.order_by_id(symbol, number)
    )
    if found is None:
        raise refusals.unknown_order()
    cancel_id = parameters.client_order_id("cancelNewClientOrderId") or uuid.uuid4().hex
    effect = venue.desk.cancel(found, cancel_id)
    return wire_account.cancelled_order(market.listing.market_id, effect.order, cancel_id)


def _place(venue: Venue, parameters: Parameters, wanted: Any) -> Any:
    return wire_account.placed_order(market_of(venue, parameters).listing.market_id, venue.desk.place(wanted))


def _tried(work: Any) -> Any:
    try:
        return work()
    except Refusal as refusal:
        return refusal


def _result(outcome: Any) -> str:
    if outcome is None:
        return "NOT_ATTEMPTED"
    return "FAILURE" if isinstance(outcome, Refusal) else "SUCCESS"


def _response(outcome: Any) -> Any:
    return wire.refusal(outcome) if isinstance(outcome, Refusal) else outcome


def _find(venue: Venue, parameters: Parameters, name: str) -> OrderList | None:
    number, chosen = parameters.whole("orderListId"), parameters.optional(name)
    if number is None and chosen is None:
        raise refusals.missing_parameter("orderListId")
    return venue.books.order_list(list_id=number, client_list_id=chosen or "")


def _one_open(venue: Venue, pair: OrderList) -> Order:
    found = next((order for order in venue.books.orders_of(pair) if order.open), None)
    if found is None:
        raise refusals.unknown_list()
    return found


def _shown(venue: Venue, pair: OrderList) -> Any:
    market_id = venue.markets.by_symbol(pair.symbol).listing.market_id
    return wire_account.order_list(market_id, pair, venue.books.orders_of(pair))


def _cancelled_pair(venue: Venue, pair: OrderList, cancel_id: str) -> Any:
    market_id = venue.markets.by_symbol(pair.symbol).listing.market_id
    orders = venue.books.orders_of(pair)
    reports = [wire_account.cancelled_order(market_id, order, cancel_id) for order in orders]
    return {**_shown(venue, pair), "orderReports": reports}
