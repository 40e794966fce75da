"""Binance Spot's REST interface, as far as a spot trading client uses it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from trading_bot.exchange import limits, refusals, report_faults, wire, wire_account
from trading_bot.exchange.answer_faults import UNANNOUNCED
from trading_bot.exchange.desk import COMMISSION_RATE
from trading_bot.exchange.faults import HALTED_SYMBOL
from trading_bot.exchange.markets import CandleRange, Market
from trading_bot.exchange.orders import Order
from trading_bot.exchange.requests import Parameters, order_key, order_request
from trading_bot.exchange.signatures import check_key, check_signature, check_time, split_signature
from trading_bot.exchange.tables import Filter
from trading_bot.exchange.timeline import MINUTE
from trading_bot.exchange.venue import VENUE, Venue

MOST_CANDLES: Final = 1_000
MOST_RECORDS: Final = 1_000
MOST_LEVELS: Final = 5_000

Answer = Callable[[Venue, Parameters], Any]


def ping(_venue: Venue, _parameters: Parameters) -> Any:
    """Answer that the exchange is there."""
    return {}


def time(venue: Venue, _parameters: Parameters) -> Any:
    """Answer what time it is."""
    return {"serverTime": wire.milliseconds(venue.told_ns())}


def exchange_info(venue: Venue, parameters: Parameters) -> Any:
    """Answer what is listed, and under which rules."""
    return {
        "timezone": "UTC",
        "serverTime": wire.milliseconds(venue.clock.now_ns()),
        "rateLimits": limits.rules(),
        "exchangeFilters": [],
        "symbols": [_rules(venue, market) for market in _markets(venue, parameters)],
    }


def depth(venue: Venue, parameters: Parameters) -> Any:
    """Answer the book."""
    now = venue.clock.now_ns()
    book = market_of(venue, parameters).book(now)
    limit = parameters.limit(100, MOST_LEVELS)
    return {
        "lastUpdateId": wire.milliseconds(now),
        "bids": wire.levels(book.bids[:limit]),
        "asks": wire.levels(book.asks[:limit]),
    }


def book_ticker(venue: Venue, parameters: Parameters) -> Any:
    """Answer best bid and ask, of one market or several."""
    now = venue.clock.now_ns()
    answers = [
        wire.book_ticker(market.listing.market_id, market.book(now)) for market in _markets(venue, parameters)
    ]
    return answers[0] if parameters.optional("symbol") else answers


def price(venue: Venue, parameters: Parameters) -> Any:
    """Answer the last price, of one market or several."""
    now = venue.clock.now_ns()
    answers = [
        {"symbol": market.listing.market_id, "price": wire.decimal(market.price(now))}
        for market in _markets(venue, parameters)
    ]
    return answers[0] if parameters.optional("symbol") else answers


def day_ticker(venue: Venue, parameters: Parameters) -> Any:
    """Answer the last day's statistics, of one market or several."""
    now = venue.clock.now_ns()
    answers = [
        wire.day_ticker(market.listing.market_id, market.day(now), market.book(now))
        for market in _markets(venue, parameters)
    ]
    return answers[0] if parameters.optional("symbol") else answers


def klines(venue: Venue, parameters: Parameters) -> Any:
    """Answer candles."""
    market = market_of(venue, parameters)
    interval = parameters.text("interval")
    if not market.timeline.serves(interval):
        raise refusals.invalid_interval()
    wanted = CandleRange(
        interval=interval,
        limit=parameters.limit(500, MOST_CANDLES),
        start_ns=parameters.time_ns("startTime"),
        end_ns=parameters.time_ns("endTime"),
    )
    return [wire.kline(candle) for candle in market.candles(wanted, venue.clock.now_ns())]


def recent_trades(venue: Venue, parameters: Parameters) -> Any:
    """Answer the newest synthetic trades."""
    market, now = market_of(venue, parameters), venue.clock.now_ns()
    times = market.trade_times(now, parameters.limit(500, MOST_RECORDS))
    return [wire.public_trade(market, time_ns) for time_ns in times]


def aggregate_trades(venue: Venue, parameters: Parameters) -> Any:
    """Answer the newest synthetic trades; each is an aggregate of its own."""
    market, now = market_of(venue, parameters), venue.clock.now_ns()
    times = market.trade_times(now, parameters.limit(500, MOST_RECORDS))
    return [wire.aggregate_trade(market, time_ns) for time_ns in times]


def average_price(venue: Venue, parameters: Parameters) -> Any:
    """Answer the average price of the last minutes."""
    market, now = market_of(venue, parameters), venue.clock.now_ns()
    minutes = 5
    times = [now - minute * MINUTE for minute in range(minutes)]
    average = sum((market.price(time_ns) for time_ns in times), Decimal(0)) / minutes
    return {"mins": minutes, "price": wire.decimal(average), "closeTime": wire.milliseconds(now)}


def account(venue: Venue, _parameters: Parameters) -> Any:
    """Answer what the account holds."""
    shown = report_faults.account_shown(venue.faults, venue.books.account)
    return wire_account.account(shown, COMMISSION_RATE, venue.clock.now_ns())


def api_restrictions(venue: Venue, _parameters: Parameters) -> Any:
    """Answer what the key may do: trade, and nothing else; nobody can withdraw simulated money."""
    return wire_account.api_restrictions(venue.clock.now_ns())


def query_order(venue: Venue, parameters: Parameters) -> Any:
    """Answer one order."""
    market = market_of(venue, parameters)
    found = _find(venue, market, parameters)
    if found is None:
        raise refusals.no_such_order()
    return wire_account.order(market.listing.market_id, found)


def cancel_order(venue: Venue, parameters: Parameters) -> Any:
    """End an open order."""
    market = market_of(venue, parameters)
    found = _find(venue, market, parameters)
    if found is None:
        raise refusals.unknown_order()
    cancel_id = parameters.client_order_id("newClientOrderId") or uuid.uuid4().hex
    effect = venue.desk.cancel(found, cancel_id)
    return wire_account.cancelled_order(market.listing.market_id, effect.order, cancel_id)


def open_orders(venue: Venue, parameters: Parameters) -> Any:
    """Answer the open orders, of one market or all."""
    markets = _markets(venue, parameters)
    return [
        wire_account.order(market.listing.market_id, order)
        for market in markets
        for order in venue.books.open_orders(market.instrument.symbol)
    ]


def all_orders(venue: Venue, parameters: Parameters) -> Any:
    """Answer a market's orders."""
    market = market_of(venue, parameters)
    wanted = _filter(market, parameters, first="orderId")
    return [wire_account.order(market.listing.market_id, order) for order in venue.books.orders(wanted)]


def my_trades(venue: Venue, parameters: Parameters) -> Any:
    """Answer the client's trades on a market."""
    market = market_of(venue, parameters)
    wanted = msgspec.structs.replace(
        _filter(market, parameters, first="fromId"), order_id=parameters.whole("orderId")
    )
    return [wire_account.trade(market.listing.market_id, trade) for trade in venue.books.trades(wanted)]


PUBLIC: dict[str, Answer] = {
    "/api/v3/ping": ping,
    "/api/v3/time": time,
    "/api/v3/exchangeInfo": exchange_info,
    "/api/v3/depth": depth,
    "/api/v3/ticker/bookTicker": book_ticker,
    "/api/v3/ticker/price": price,
    "/api/v3/ticker/24hr": day_ticker,
    "/api/v3/klines": klines,
    "/api/v3/trades": recent_trades,
    "/api/v3/aggTrades": aggregate_trades,
    "/api/v3/avgPrice": average_price,
}
SIGNED: dict[tuple[str, str], Answer] = {
    ("GET", "/api/v3/account"): account,
    ("GET", "/sapi/v1/account/apiRestrictions"): api_restrictions,
    ("GET", "/api/v3/order"): query_order,
    ("DELETE", "/api/v3/order"): cancel_order,
    ("GET", "/api/v3/openOrders"): open_orders,
    ("GET", "/api/v3/allOrders"): all_orders,
    ("GET", "/api/v3/myTrades"): my_trades,
}


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [
        *(web.get(path, _public(answer)) for path, answer in PUBLIC.items()),
        *(web.route(method, path, signed(answer)) for (method, path), answer in SIGNED.items()),
        web.post("/api/v3/order", new_order),
    ]


async def new_order(request: web.Request) -> web.StreamResponse:
    """Take an order, and answer it."""
    venue = request.app[VENUE]
    parameters = await authorized(request)
    market = market_of(venue, parameters)
    wanted = order_request(parameters, market.instrument.symbol)
    effect = venue.desk.place(wanted, announce=not request.get(UNANNOUNCED))
    return answer(wire_account.placed_order(market.listing.market_id, effect))


async def authorized(request: web.Request) -> Parameters:
    """Return the parameters of a signed request.

    Raises:
        Refusal: -1021, -1022, -1102, -1131, -2014 or -2015.
    """
    venue = request.app[VENUE]
    check_key(venue.credentials, request.headers.get("X-MBX-APIKEY"))
    query, in_query = split_signature(request.rel_url.raw_query_string)
    body, in_body = split_signature(await request.text())
    values = dict(parse_qsl(query) + parse_qsl(body))
    check_time(values, venue.told_ns())
    # Binance signs the query string and the body put together, without anything between them
    check_signature(venue.credentials, query + body, in_query or in_body)
    return Parameters(values)


def answer(body: Any, status: int = 200) -> web.Response:
    """Return an answer in JSON."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def _public(give: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(give(request.app[VENUE], Parameters(request.query)))

    return handle


def signed(give: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of a request that must be signed."""

    async def handle(request: web.Request) -> web.StreamResponse:
        parameters = await authorized(request)
        return answer(give(request.app[VENUE], parameters))

    return handle


def _rules(venue: Venue, market: Market) -> Any:
    halted = venue.faults.standing(HALTED_SYMBOL, market.instrument.symbol) is not None
    return wire.symbol_rules(market.listing, halted=halted)


def market_of(venue: Venue, parameters: Parameters) -> Market:
    """Return the market that a request names: else -1121."""
    return venue.markets.by_id(parameters.text("symbol"))


def _markets(venue: Venue, parameters: Parameters) -> list[Market]:
    """Return the markets that ``symbol`` or ``symbols`` (a JSON list) names, or all."""
    one, several = parameters.optional("symbol"), parameters.optional("symbols")
    if one is not None:
        return [venue.markets.by_id(one)]
    if several is None:
        return venue.markets.all()
    try:
        names = msgspec.json.decode(several, type=list[str])
    except msgspec.DecodeError as error:
        raise refusals.illegal_characters("symbols", '["BTCUSDT","BNBUSDT"]') from error
    return [venue.markets.by_id(name) for name in names]


def _find(venue: Venue, market: Market, parameters: Parameters) -> Order | None:
    key = order_key(parameters)
    symbol = market.instrument.symbol
    if key.order_id is not None:
        return venue.books.order_by_id(symbol, key.order_id)
    return venue.books.order_by_client_id(symbol, str(key.client_order_id))


def _filter(market: Market, parameters: Parameters, first: str) -> Filter:
    return Filter(
        symbol=market.instrument.symbol,
        limit=parameters.limit(500, MOST_RECORDS),
        from_id=parameters.whole(first),
        start_ns=parameters.time_ns("startTime"),
        end_ns=_end_of_millisecond(parameters.time_ns("endTime")),
    )


def _end_of_millisecond(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns + 999_999
