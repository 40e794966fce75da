"""Bars, and a series of them that has no end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

# A median over so many bars, spread evenly, is as good as over all of a million.
BARS_FOR_A_MEDIAN: Final = 10_000


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of history.

    ``open_time_ns`` is when it really opened, in nanoseconds since the epoch, UTC. Prices are in the
    quote asset, volume in the base asset.
    """

    open_time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def reversed(self) -> Bar:
        """Return the bar as it looks when history is walked backwards."""
        return Bar(
            open_time_ns=self.open_time_ns,
            open=self.close,
            high=self.high,
            low=self.low,
            close=self.open,
            volume=self.volume,
        )


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The bars of one symbol, oldest first."""

    symbol: str
    bars: Sequence[Bar]

    def bar_at(self, index: int) -> Bar:
        """Return the bar at ``index``, any integer; the same index gives the same bar for ever.

        Inside the data it is the data's own bar. Past either end the series is walked back and forth:
        each return is a real one or its inverse, nothing jumps, and prices stay where they really were.
        """
        length = len(self.bars)
        position = index % (2 * length)
        if position < length:
            return self.bars[position]
        return self.bars[2 * length - 1 - position].reversed()

    def median_notional(self) -> float:
        """Return the median of close times volume, in the quote asset, over the bars that were traded in."""
        apart = max(1, len(self.bars) // BARS_FOR_A_MEDIAN)
        some = (self.bars[place] for place in range(0, len(self.bars), apart))
        notionals = sorted(bar.close * bar.volume for bar in some if bar.volume > 0)
        return notionals[len(notionals) // 2] if notionals else 1.0
