"""What any client may see: books, candles and totals of each market, at a time."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.exchange.bars import Candle, Replay, candle, joined
from trading_bot.exchange.bridge import Bridge
from trading_bot.exchange.listing import Listing
from trading_bot.exchange.matching import Book
from trading_bot.exchange.orders import ZERO, Side, Trade
from trading_bot.exchange.refusals import invalid_symbol
from trading_bot.exchange.timeline import HOUR, INTERVALS, Timeline
from trading_bot.market_data.series import Series

DAY: Final = 24 * HOUR
# A day of 1 s bars would be too many to walk over for one answer; the answer says when it begins.
MOST_BARS_OF_DAY: Final = 1_440


class CandleRange(msgspec.Struct, frozen=True, kw_only=True):
    """Which candles are wanted; times are of their opening, both ends belong to the range."""

    interval: str
    limit: int
    start_ns: int | None = None
    end_ns: int | None = None


class Market:
    """One market: its bars, its quotes, and what clients took from its book in the current bar."""

    def __init__(self, listing: Listing, series: Series, timeline: Timeline, seed: int) -> None:
        self.listing = listing
        self.instrument = listing.instrument
        self.timeline = timeline
        self.replay = Replay(listing, series)
        self.bridge = Bridge(self.replay, timeline, seed)
        self._taken_bar = 0
        self._taken = {Side.BUY: ZERO, Side.SELL: ZERO}

    def take(self, trades: Iterable[Trade]) -> None:
        """Take client's trades off the book; it is filled up again when the next bar opens."""
        for trade in trades:
            self._refill(self.timeline.bar_of(trade.time_ns))
            self._taken[trade.side] += trade.quantity

    def book(self, now_ns: int) -> Book:
        """Return the book."""
        self._refill(self.timeline.bar_of(now_ns))
        return self.bridge.book(now_ns, bought=self._taken[Side.BUY], sold=self._taken[Side.SELL])

    def price(self, now_ns: int) -> Decimal:
        """Return the price of the last trade."""
        return self.bridge.price(now_ns)

    def trade_times(self, now_ns: int, limit: int) -> list[int]:
        """Return when the newest synthetic trades were made, oldest first."""
        quote = self.timeline.quote_ns
        latest = now_ns - (now_ns - self.timeline.anchor_ns) % quote
        return [latest - place * quote for place in range(limit - 1, -1, -1)]

    def history_ns(self, now_ns: int) -> int:
        """Return when the bar that is playing really opened, in the time of its data."""
        return self.replay.play(self.timeline.bar_of(now_ns)).history_ns

    def candles(self, wanted: CandleRange, now_ns: int) -> list[Candle]:
        """Return candles, oldest first, the last as far as it has played.

        They are the first from ``start_ns`` on where it is given, else the newest.
        """
        length = INTERVALS[wanted.interval]
        first = self.timeline.opens_at(self.replay.history_starts_at())
        lowest = max(first, wanted.start_ns if wanted.start_ns is not None else first)
        highest = min(now_ns, wanted.end_ns if wanted.end_ns is not None else now_ns)
        # a candle belongs to the range when it opens in it
        opens_first, opens_last = -(-lowest // length) * length, highest // length * length
        if wanted.start_ns is None:
            opens_first = max(opens_first, opens_last - (wanted.limit - 1) * length)
        else:
            opens_last = min(opens_last, opens_first + (wanted.limit - 1) * length)
        return [
            self.candle_at(opens, wanted.interval, now_ns)
            for opens in range(opens_first, opens_last + 1, length)
        ]

    def candle_at(self, open_ns: int, interval: str, now_ns: int) -> Candle:
        """Return the candle of ``interval`` that opens at ``open_ns``, as far as it has played."""
        first = self.timeline.bar_of(open_ns)
        last = min(first + INTERVALS[interval] // self.timeline.bar_ns - 1, self.timeline.bar_of(now_ns))
        parts = [
            self._bar(bar, now_ns) for bar in range(max(first, self.replay.history_starts_at()), last + 1)
        ]
        return parts[0] if interval == self.timeline.interval else joined(parts, open_ns, interval)

    def day(self, now_ns: int) -> Candle:
        """Return the last 24 hours as one candle, or as much of them as an answer walks over."""
        now = self.timeline.bar_of(now_ns)
        oldest = max(
            self.replay.history_starts_at(), now + 1 - min(MOST_BARS_OF_DAY, DAY // self.timeline.bar_ns)
        )
        parts = [self._bar(bar, now_ns) for bar in range(oldest, now + 1)]
        whole = joined(parts, parts[0].open_ns, "1d")
        return msgspec.structs.replace(whole, close_ns=now_ns)

    def _bar(self, bar: int, now_ns: int) -> Candle:
        if bar == self.timeline.bar_of(now_ns):
            return self.bridge.candle(now_ns)
        return candle(self.replay, self.timeline, bar)

    def _refill(self, bar: int) -> None:
        if bar != self._taken_bar:
            self._taken_bar = bar
            self._taken = {Side.BUY: ZERO, Side.SELL: ZERO}


class Markets:
    """All markets, by the name on the wire and by symbol."""

    def __init__(self, markets: Iterable[Market]) -> None:
        self._by_symbol = {market.instrument.symbol: market for market in markets}
        self._by_id = {market.listing.market_id: market for market in self._by_symbol.values()}

    def all(self) -> list[Market]:
        """Return every market, in the order of the listing."""
        return list(self._by_symbol.values())

    def by_symbol(self, symbol: str) -> Market:
        """Return a market by its unified symbol, which is known to exist."""
        return self._by_symbol[symbol]

    def lists(self, symbol: str) -> bool:
        """Whether there is such a market."""
        return symbol in self._by_symbol

    def by_id(self, market_id: str) -> Market:
        """Return a market by the name on the wire.

        Raises:
            Refusal: -1121 when there is none.
        """
        market = self._by_id.get(market_id)
        if market is None:
            raise invalid_symbol()
        return market
