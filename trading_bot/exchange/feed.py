"""Market data as it happens: who listens to what, and what each stream tells at each quote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from trading_bot.exchange import feed_faults, wire
from trading_bot.exchange.faults import Faults
from trading_bot.exchange.lines import Connection
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.timeline import INTERVALS

KLINE: Final = "kline_"
# After a stall of the exchange a listener is told of so many closed bars; older ones are on REST.
MOST_CLOSED_TOLD: Final = 60

Span = tuple[int, int]
"""Times of the quote before and of this one."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One subscription's subject. ``interval`` is that of a kline stream."""

    name: str
    market: Market
    kind: str
    interval: str = ""


class Feed:
    """The subscriptions to market data."""

    def __init__(self, markets: Markets, faults: Faults) -> None:
        self._markets = markets
        self._faults = faults
        self._streams: dict[str, Stream] = {}
        self._listeners: dict[str, dict[Connection, bool]] = {}

    def subscribe(self, connection: Connection, name: str, *, combined: bool) -> bool:
        """Let a connection hear a stream; false for a name that is none."""
        stream = self._streams.get(name) or self._parse(name)
        if stream is None:
            return False
        self._streams[name] = stream
        self._listeners.setdefault(name, {})[connection] = combined
        return True

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Let a connection hear a stream no more."""
        listeners = self._listeners.get(name, {})
        listeners.pop(connection, None)
        if not listeners:
            self._listeners.pop(name, None)
            self._streams.pop(name, None)

    def heard_by(self, connection: Connection) -> list[str]:
        """Return the names of the streams that a connection hears."""
        return [name for name, listeners in self._listeners.items() if connection in listeners]

    def forget(self, connection: Connection) -> None:
        """End all of a connection's subscriptions."""
        for name in self.heard_by(connection):
            self.unsubscribe(connection, name)

    def publish(self, span: Span) -> None:
        """Tell every listener what happened at the latest quote, as far as no fault keeps or changes it."""
        for stream in list(self._streams.values()):
            symbol = stream.market.instrument.symbol
            shown = feed_faults.span_shown(self._faults, symbol, stream.kind, span)
            if shown is None:
                continue
            for message in KINDS[stream.kind](stream, shown):
                told = feed_faults.distorted(self._faults, symbol, stream.kind, message)
                self._tell(stream.name, msgspec.json.encode(told).decode())

    def _tell(self, name: str, message: str) -> None:
        for connection, combined in self._listeners[name].items():
            connection.send(f'{{"stream":"{name}","data":{message}}}' if combined else message)

    def _parse(self, name: str) -> Stream | None:
        market_id, _, kind = name.partition("@")
        try:
            market = self._markets.by_id(market_id.upper())
        except Refusal:
            return None
        if kind.startswith(KLINE):
            interval = kind.removeprefix(KLINE)
            known = market.timeline.serves(interval)
            return Stream(name=name, market=market, kind=KLINE, interval=interval) if known else None
        return Stream(name=name, market=market, kind=kind) if kind in KINDS else None


def book_ticker(stream: Stream, span: Span) -> Iterator[Any]:
    """Yield best bid and ask."""
    market = stream.market
    yield wire.book_ticker_event(market.listing.market_id, market.book(span[1]), wire.milliseconds(span[1]))


def trade(stream: Stream, span: Span) -> Iterator[Any]:
    """Yield the synthetic trade of this quote; a quote in which nothing changes hands has none."""
    market, now = stream.market, span[1]
    quantity = market.bridge.traded(now)
    if quantity:
        yield wire.trade_event(
            market.listing.market_id, market.price(now), quantity, market.timeline.quote_number(now), now
        )


def klines(stream: Stream, span: Span) -> Iterator[Any]:
    """Yield the candles that closed since the quote before, then how far the present one has come.

    Candles of a second are told when they close, as on Binance; longer ones once a second too.
    """
    market, (before, now) = stream.market, span
    length = INTERVALS[stream.interval]
    present = now // length * length
    oldest = max(before // length * length, present - MOST_CLOSED_TOLD * length)
    opens = [*range(oldest, present, length)]
    if length > INTERVALS["1s"] and now // INTERVALS["1s"] != before // INTERVALS["1s"]:
        opens.append(present)
    for open_ns in opens:
        candle = market.candle_at(open_ns, stream.interval, now)
        yield wire.kline_event(market.listing.market_id, stream.interval, candle, now)


KINDS: dict[str, Callable[[Stream, Span], Iterator[Any]]] = {
    "bookTicker": book_ticker,
    "trade": trade,
    KLINE: klines,
}
