"""Things as Binance writes them: short member names, decimals as strings, times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from trading_bot.exchange.bars import Candle
from trading_bot.exchange.listing import MOST_PRICE, MOST_QUANTITY, Listing
from trading_bot.exchange.markets import Market
from trading_bot.exchange.matching import Book, Effect, Level
from trading_bot.exchange.orders import ZERO, Account, Order, OrderList, OrderType, Trade
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.reports import Execution, Report

Json = dict[str, Any]

MILLISECOND: Final = 1_000_000
ORDER_TYPES: Final = [kind.value for kind in OrderType]


def decimal(value: Decimal) -> str:
    """Return a decimal with Binance's eight places."""
    return f"{value:.8f}"


def milliseconds(time_ns: int) -> int:
    """Return a time in milliseconds since the epoch."""
    return time_ns // MILLISECOND


def refusal(reason: Refusal) -> Json:
    """Return the body of a refused request."""
    return {"code": reason.code, "msg": reason.message}


def symbol_rules(listing: Listing, *, halted: bool = False) -> Json:
    """Return a market's entry of exchangeInfo."""
    instrument = listing.instrument
    return {
        "symbol": listing.market_id,
        "status": "BREAK" if halted else "TRADING",
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": True,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }


def _filters(listing: Listing) -> list[Json]:
    instrument = listing.instrument
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": decimal(instrument.tick),
            "maxPrice": decimal(MOST_PRICE),
            "tickSize": decimal(instrument.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": decimal(instrument.minimum_quantity),
            "maxQty": decimal(MOST_QUANTITY),
            "stepSize": decimal(instrument.lot),
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": decimal(instrument.minimum_notional),
            "applyMinToMarket": True,
            "maxNotional": decimal(MOST_QUANTITY),
            "applyMaxToMarket": False,
            "avgPriceMins": 0,
        },
    ]


def levels(side: Sequence[Level]) -> list[list[str]]:
    """Return one side of a book."""
    return [[decimal(level.price), decimal(level.quantity)] for level in side]


def book_ticker(market_id: str, book: Book) -> Json:
    """Return best bid and ask, as REST answers them."""
    bid, ask = book.bids[0], book.asks[0]
    return {
        "symbol": market_id,
        "bidPrice": decimal(bid.price),
        "bidQty": decimal(bid.quantity),
        "askPrice": decimal(ask.price),
        "askQty": decimal(ask.quantity),
    }


def day_ticker(market_id: str, day: Candle, book: Book) -> Json:
    """Return the statistics of the last day."""
    change = day.close - day.open
    average = day.notional / day.volume
    return {
        **book_ticker(market_id, book),
        "priceChange": decimal(change),
        "priceChangePercent": f"{change / day.open * 100:.3f}",
        "weightedAvgPrice": decimal(average),
        "prevClosePrice": decimal(day.open),
        "lastPrice": decimal(day.close),
        "lastQty": decimal(ZERO),
        "openPrice": decimal(day.open),
        "highPrice": decimal(day.high),
        "lowPrice": decimal(day.low),
        "volume": decimal(day.volume),
        "quoteVolume": decimal(day.notional),
        "openTime": milliseconds(day.open_ns),
        "closeTime": milliseconds(day.close_ns),
        "firstId": -1,
        "lastId": -1,
        "count": day.trades,
    }


def kline(candle: Candle) -> list[Any]:
    """Return a candle, as REST answers it. Half of the volume counts as bought by the taker."""
    return [
        milliseconds(candle.open_ns),
        decimal(candle.open),
        decimal(candle.high),
        decimal(candle.low),
        decimal(candle.close),
        decimal(candle.volume),
        milliseconds(candle.close_ns) - 1,
        decimal(candle.notional),
        candle.trades,
        decimal(candle.volume / 2),
        decimal(candle.notional / 2),
        "0",
    ]


def kline_event(market_id: str, interval: str, candle: Candle, now_ns: int) -> Json:
    """Return a candle, as the stream tells it."""
    return {
        "e": "kline",
        "E": milliseconds(now_ns),
        "s": market_id,
        "k": {
            "t": milliseconds(candle.open_ns),
            "T": milliseconds(candle.close_ns) - 1,
            "s": market_id,
            "i": interval,
            "f": -1,
            "L": -1,
            "o": decimal(candle.open),
            "c": decimal(candle.close),
            "h": decimal(candle.high),
            "l": decimal(candle.low),
            "v": decimal(candle.volume),
            "n": candle.trades,
            "x": candle.closed,
            "q": decimal(candle.notional),
            "V": decimal(candle.volume / 2),
            "Q": decimal(candle.notional / 2),
            "B": "0",
        },
    }


def book_ticker_event(market_id: str, book: Book, update_id: int) -> Json:
    """Return best bid and ask, as the stream tells them."""
    bid, ask = book.bids[0], book.asks[0]
    return {
        "u": update_id,
        "s": market_id,
        "b": decimal(bid.price),
        "B": decimal(bid.quantity),
        "a": decimal(ask.price),
        "A": decimal(ask.quantity),
    }


def trade_event(market_id: str, price: Decimal, quantity: Decimal, trade_id: int, now_ns: int) -> Json:
    """Return a synthetic trade between others, as the stream tells it."""
    return {
        "e": "trade",
        "E": milliseconds(now_ns),
        "s": market_id,
        "t": trade_id,
        "p": decimal(price),
        "q": decimal(quantity),
        "T": milliseconds(now_ns),
        "m": bool(trade_id % 2),
        "M": True,
    }


def account(holdings: Account, rate: Decimal, now_ns: int) -> Json:
    """Return the account."""
    rates = dict.fromkeys(("maker", "taker"), decimal(rate)) | dict.fromkeys(
        ("buyer", "seller"), decimal(ZERO)
    )
    points = int(rate * 10_000)
    return {
        "makerCommission": points,
        "takerCommission": points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": rates,
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": milliseconds(now_ns),
        "accountType": "SPOT",
        "balances": balances(holdings, list(holdings.balances)),
        "permissions": ["SPOT"],
        "uid": 1,
    }


def balances(holdings: Account, assets: Sequence[str]) -> list[Json]:
    """Return what there is of each asset."""
    return [
        {
            "asset": asset,
            "free": decimal(holdings.balance(asset).free),
            "locked": decimal(holdings.balance(asset).locked),
        }
        for asset in assets
    ]


def order(market_id: str, placed: Order) -> Json:
    """Return an order, as a query answers it."""
    return {
        **_order_head(market_id, placed),
        "stopPrice": decimal(placed.stop_price),
        "icebergQty": decimal(ZERO),
        "time": milliseconds(placed.created_ns),
        "updateTime": milliseconds(placed.updated_ns),
        "isWorking": placed.working,
        "workingTime": _working_time(placed),
    }


def placed_order(market_id: str, effect: Effect) -> Json:
    """Return an order with its first fills, as the answer to placing it."""
    return {
        **_order_head(market_id, effect.order),
        **_stop_price(effect.order),
        "transactTime": milliseconds(effect.order.updated_ns),
        "workingTime": _working_time(effect.order),
        "fills": [
            {
                "price": decimal(trade.price),
                "qty": decimal(trade.quantity),
                "commission": decimal(trade.commission),
                "commissionAsset": trade.commission_asset,
                "tradeId": trade.trade_id,
            }
            for trade in effect.trades
        ],
    }


def cancelled_order(market_id: str, cancelled: Order, cancel_id: str) -> Json:
    """Return an order, as the answer to cancelling it."""
    return {
        **_order_head(market_id, cancelled),
        **_stop_price(cancelled),
        "clientOrderId": cancel_id,
        "origClientOrderId": cancelled.client_order_id,
        "transactTime": milliseconds(cancelled.updated_ns),
    }


def placed_leg(market_id: str, placed: Order) -> Json:
    """Return one order of a pair, as the answer to placing the pair."""
    return {
        **_order_head(market_id, placed),
        **_stop_price(placed),
        "transactTime": milliseconds(placed.created_ns),
        "workingTime": _working_time(placed),
    }


def order_list(market_id: str, pair: OrderList, orders: Sequence[Order]) -> Json:
    """Return a pair of orders of which one cancels the other."""
    running = any(each.open for each in orders)
    return {
        "orderListId": pair.list_id,
        "contingencyType": "OCO",
        "listStatusType": "EXEC_STARTED" if running else "ALL_DONE",
        "listOrderStatus": "EXECUTING" if running else "ALL_DONE",
        "listClientOrderId": pair.client_list_id,
        "transactionTime": milliseconds(max(each.updated_ns for each in orders)),
        "symbol": market_id,
        "orders": [
            {"symbol": market_id, "orderId": each.order_id, "clientOrderId": each.client_order_id}
            for each in orders
        ],
    }


def public_trade(market: Market, time_ns: int) -> Json:
    """Return a synthetic trade between others."""
    number, price = market.timeline.quote_number(time_ns), market.price(time_ns)
    quantity = market.bridge.traded(time_ns)
    return {
        "id": number,
        "price": decimal(price),
        "qty": decimal(quantity),
        "quoteQty": decimal(price * quantity),
        "time": milliseconds(time_ns),
        "isBuyerMaker": bool(number % 2),
        "isBestMatch": True,
    }


def aggregate_trade(market: Market, time_ns: int) -> Json:
    """Return a synthetic trade between others, as an aggregate of one."""
    number = market.timeline.quote_number(time_ns)
    return {
        "a": number,
        "p": decimal(market.price(time_ns)),
        "q": decimal(market.bridge.traded(time_ns)),
        "f": number,
        "l": number,
        "T": milliseconds(time_ns),
        "m": bool(number % 2),
        "M": True,
    }


def _working_time(placed: Order) -> int:
    """Return since when an order can trade: -1 while it waits for its stop price."""
    if not placed.working:
        return -1
    return milliseconds(placed.updated_ns if placed.stop_price else placed.created_ns)


def _stop_price(placed: Order) -> Json:
    return {"stopPrice": decimal(placed.stop_price)} if placed.stop_price else {}


def _order_head(market_id: str, placed: Order) -> Json:
    return {
        "symbol": market_id,
        "orderId": placed.order_id,
        "orderListId": placed.list_id,
        "clientOrderId": placed.client_order_id,
        "price": decimal(placed.price),
        "origQty": decimal(placed.quantity),
        "executedQty": decimal(placed.executed),
        "origQuoteOrderQty": decimal(placed.quote_quantity),
        "cummulativeQuoteQty": decimal(placed.executed_quote),
        "status": placed.status.value,
        "timeInForce": placed.time_in_force.value,
        "type": placed.type.value,
        "side": placed.side.value,
        "selfTradePreventionMode": "NONE",
    }


def trade(market_id: str, done: Trade) -> Json:
    """Return one of the client's trades."""
    return {
        "symbol": market_id,
        "id": done.trade_id,
        "orderId": done.order_id,
        "orderListId": -1,
        "price": decimal(done.price),
        "qty": decimal(done.quantity),
        "quoteQty": decimal(done.notional),
        "commission": decimal(done.commission),
        "commissionAsset": done.commission_asset,
        "time": milliseconds(done.time_ns),
        "isBuyer": done.side == "BUY",
        "isMaker": done.maker,
        "isBestMatch": True,
    }


def execution_report(market_id: str, report: Report) -> Json:
    """Return an event of the user data stream about an order."""
    told, fill = report.order, report.trade
    time = milliseconds(told.updated_ns)
    cancelled = report.execution is Execution.CANCELED
    return {
        "e": "executionReport",
        "E": time,
        "s": market_id,
        "c": report.cancel_id if cancelled else told.client_order_id,
        "S": told.side.value,
        "o": told.type.value,
        "f": told.time_in_force.value,
        "q": decimal(told.quantity),
        "p": decimal(told.price),
        "P": decimal(told.stop_price),
        "F": decimal(ZERO),
        "g": told.list_id,
        "C": told.client_order_id if cancelled else "",
        "x": report.execution.value,
        "X": told.status.value,
        "r": "NONE",
        "i": told.order_id,
        "l": decimal(fill.quantity if fill else ZERO),
        "z": decimal(told.executed),
        "L": decimal(fill.price if fill else ZERO),
        "n": decimal(fill.commission if fill else ZERO),
        "N": fill.commission_asset if fill else None,
        "T": time,
        "t": fill.trade_id if fill else -1,
        "w": told.open and told.working,
        "m": fill.maker if fill else False,
        "M": False,
        "O": milliseconds(told.created_ns),
        "Z": decimal(told.executed_quote),
        "Y": decimal(fill.notional if fill else ZERO),
        "Q": decimal(told.quote_quantity),
        "W": _working_time(told),
        "V": "NONE",
    }


def account_position(holdings: Account, assets: Sequence[str], now_ns: int) -> Json:
    """Return an event of the user data stream about balances that changed."""
    return {
        "e": "outboundAccountPosition",
        "E": milliseconds(now_ns),
        "u": milliseconds(now_ns),
        "B": [
            {
                "a": asset,
                "f": decimal(holdings.balance(asset).free),
                "l": decimal(holdings.balance(asset).locked),
            }
            for asset in assets
        ],
    }
