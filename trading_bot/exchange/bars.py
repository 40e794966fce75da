"""History as this exchange plays it: on its ticks, at its own wall times, as a market of its own size."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.exchange.listing import Listing
from trading_bot.exchange.timeline import INTERVALS, Timeline
from trading_bot.market_data.series import Bar, Series

# The median bar's traded value in USD. The real markets trade ten thousand times that: on them no order of
# a demo account would ever be filled in parts.
MEDIAN_NOTIONAL: Final = 250_000.0
REMEMBERED_BARS: Final = 4_096


class Candle(msgspec.Struct, frozen=True, kw_only=True):
    """A bar as the exchange shows it. ``closed`` is false while it still plays."""

    open_ns: int
    close_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int
    closed: bool = True

    @property
    def notional(self) -> Decimal:
        """Traded value in the quote asset, at the bar's typical price."""
        return self.volume * (self.high + self.low + self.close) / 3


class PlayedBar(msgspec.Struct, frozen=True, kw_only=True):
    """A real bar in whole ticks and whole lots of this exchange. ``bar`` is its number on the timeline."""

    bar: int
    open: int
    high: int
    low: int
    close: int
    lots: int
    history_ns: int


class Replay:
    """One listing's history, by the numbers of the timeline."""

    def __init__(self, listing: Listing, series: Series, *, median_notional: float = MEDIAN_NOTIONAL) -> None:
        self.listing = listing
        self._series = series
        self._tick = float(listing.instrument.tick)
        self._lots_per_unit = median_notional / series.median_notional() / float(listing.instrument.lot)
        self._remembered: dict[int, PlayedBar] = {}

    def history_starts_at(self) -> int:
        """Return the number of the oldest bar, at most -500."""
        return -self.listing.first_bar

    def play(self, bar: int) -> PlayedBar:
        """Return the bar of that number, the same each time it is asked for."""
        played = self._remembered.get(bar)
        if played is None:
            played = self._played(bar, self._series.bar_at(self.listing.first_bar + bar))
            if len(self._remembered) >= REMEMBERED_BARS:
                self._remembered.clear()
            self._remembered[bar] = played
        return played

    def _played(self, bar: int, real: Bar) -> PlayedBar:
        return PlayedBar(
            bar=bar,
            open=max(1, round(real.open / self._tick)),
            high=max(1, round(real.high / self._tick)),
            low=max(1, round(real.low / self._tick)),
            close=max(1, round(real.close / self._tick)),
            lots=max(1, round(real.volume * self._lots_per_unit)),
            history_ns=real.open_time_ns,
        )


def candle(replay: Replay, timeline: Timeline, bar: int) -> Candle:
    """Return a bar that is over."""
    played = replay.play(bar)
    instrument = replay.listing.instrument
    opens = timeline.opens_at(bar)
    return Candle(
        open_ns=opens,
        close_ns=opens + timeline.bar_ns,
        open=played.open * instrument.tick,
        high=played.high * instrument.tick,
        low=played.low * instrument.tick,
        close=played.close * instrument.tick,
        volume=played.lots * instrument.lot,
        trades=timeline.quotes_per_bar,
    )


def joined(parts: list[Candle], open_ns: int, interval: str) -> Candle:
    """Return the candle of a longer interval that opens at ``open_ns``, from its bars, oldest first."""
    close_ns = open_ns + INTERVALS[interval]
    return Candle(
        open_ns=open_ns,
        close_ns=close_ns,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum((part.volume for part in parts), Decimal(0)),
        trades=sum(part.trades for part in parts),
        closed=parts[-1].closed and parts[-1].close_ns >= close_ns,
    )
