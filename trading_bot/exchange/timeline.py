"""Which bar is which minute: the arithmetic between wall time, bars and quotes."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.domain.clock import SECOND

MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

# Binance's interval names and their lengths in nanoseconds.
INTERVALS: Final = {
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": 24 * HOUR,
}

LEAST_QUOTES_PER_BAR = 4
MOST_QUOTES_PER_BAR = 240
# An answer of the longest kline request would otherwise walk over too many bars.
MOST_BARS_PER_KLINE = 60


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of the replay.

    Bar 0 opens at ``anchor_ns``, a multiple of the bar's length; bars before it have negative numbers.
    A bar is cut into quotes of equal length: four in a second, one a second in a minute.
    """

    anchor_ns: int
    interval: str

    @property
    def bar_ns(self) -> int:
        """Length of a bar."""
        return INTERVALS[self.interval]

    @property
    def quotes_per_bar(self) -> int:
        """How many quotes a bar has; divides its length."""
        return max(LEAST_QUOTES_PER_BAR, min(MOST_QUOTES_PER_BAR, self.bar_ns // SECOND))

    @property
    def quote_ns(self) -> int:
        """How long a quote stands."""
        return self.bar_ns // self.quotes_per_bar

    @classmethod
    def begin(cls, now_ns: int, interval: str) -> Timeline:
        """Return the timeline whose bar 0 is the one of ``now_ns``."""
        length = INTERVALS[interval]
        return cls(anchor_ns=now_ns // length * length, interval=interval)

    def bar_of(self, time_ns: int) -> int:
        """Return the number of the bar that is playing at ``time_ns``."""
        return (time_ns - self.anchor_ns) // self.bar_ns

    def opens_at(self, bar: int) -> int:
        """Return when a bar opens, wall time."""
        return self.anchor_ns + bar * self.bar_ns

    def quote_of(self, time_ns: int) -> tuple[int, int]:
        """Return the bar of ``time_ns`` and which of its quotes stands, from 0."""
        bar, elapsed = divmod(time_ns - self.anchor_ns, self.bar_ns)
        return bar, elapsed // self.quote_ns

    def quote_number(self, time_ns: int) -> int:
        """Return the number of the quote that stands at ``time_ns``, counted from bar 0."""
        return (time_ns - self.anchor_ns) // self.quote_ns

    def next_quote_at(self, time_ns: int) -> int:
        """Return when the quote after the one of ``time_ns`` begins."""
        return time_ns + self.quote_ns - (time_ns - self.anchor_ns) % self.quote_ns

    def serves(self, interval: str) -> bool:
        """Whether klines of ``interval`` can be put together from these bars."""
        length = INTERVALS.get(interval, 0)
        return length % self.bar_ns == 0 and 1 <= length // self.bar_ns <= MOST_BARS_PER_KLINE
