"""Things as Binance writes them: short member names, decimals as strings, times in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from trading_bot.exchange.bars import Candle
from trading_bot.exchange.listing import MOST_PRICE, MOST_QUANTITY, Listing
from trading_bot.exchange.markets import Market
from trading_bot.exchange.matching import Book, Level
from trading_bot.exchange.orders import ZERO, OrderType
from trading_bot.exchange.refusals import Refusal

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
