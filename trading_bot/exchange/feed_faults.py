"""What faults do to market data streams: silence, old quotes, and prices that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from trading_bot.exchange import wire
from trading_bot.exchange.faults import (
    CROSSED_BOOK,
    HALTED_SYMBOL,
    MUTE_FEED,
    NAN_PRICE,
    PRICE_SPIKE,
    STALE_QUOTES,
    Fault,
    Faults,
)

Json = dict[str, Any]
Span = tuple[int, int]

QUOTES: Final = "bookTicker"
TRADES: Final = "trade"
KLINE: Final = "kline_"
NOT_A_NUMBER: Final = "NaN"

# Which kinds of stream each of these faults concerns.
SILENCED: Final = {MUTE_FEED: None, HALTED_SYMBOL: frozenset({QUOTES, TRADES})}
REPEATED: Final = frozenset({QUOTES, TRADES})
# Where the prices stand in each kind of message.
PRICES: Final = {QUOTES: "ba", TRADES: "p", KLINE: "ohlc"}


def span_shown(faults: Faults, symbol: str, kind: str, span: Span) -> Span | None:
    """Return the time between two quotes of which a stream tells now; None when it is silent."""
    for name, kinds in SILENCED.items():
        if (kinds is None or kind in kinds) and faults.strikes(name, symbol):
            return None
    stale = faults.strikes(STALE_QUOTES, symbol) if kind in REPEATED else None
    return span if stale is None else (stale.since_ns, stale.since_ns)


def distorted(faults: Faults, symbol: str, kind: str, message: Json) -> Json:
    """Return a message as faults leave it."""
    for name, distort in DISTORTIONS.items():
        fault = faults.strikes(name, symbol)
        if fault is not None:
            message = distort(fault, kind, message)
    return message


def _crossed(_fault: Fault, kind: str, message: Json) -> Json:
    if kind != QUOTES:
        return message
    return {**message, "b": message["a"], "a": message["b"]}


def _not_a_number(_fault: Fault, kind: str, message: Json) -> Json:
    return _with_prices(kind, message, lambda _: NOT_A_NUMBER)


def _spiked(fault: Fault, kind: str, message: Json) -> Json:
    factor = Decimal(str(1 + fault.size))
    return _with_prices(kind, message, lambda price: wire.decimal(Decimal(price) * factor))


def _with_prices(kind: str, message: Json, change: Callable[[str], str]) -> Json:
    if kind == KLINE:
        return {**message, "k": _changed(kind, message["k"], change)}
    return _changed(kind, message, change)


def _changed(kind: str, message: Json, change: Callable[[str], str]) -> Json:
    return {**message, **{name: change(message[name]) for name in PRICES.get(kind, "")}}


DISTORTIONS: Final[dict[str, Callable[[Fault, str, Json], Json]]] = {
    PRICE_SPIKE: _spiked,
    CROSSED_BOOK: _crossed,
    NAN_PRICE: _not_a_number,
}
