"""Synthetic quotes and trades between the open, high, low and close of a real bar.

No source has ticks, so what happens inside a bar is made up, and only from (symbol, seed, time): asked
twice, or after a restart, the answer is the same. The price walks from the open over the two extremes to
the close and touches all four, so the bar that a listener puts together is the real one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from trading_bot.exchange.bars import Candle, PlayedBar, Replay
from trading_bot.exchange.matching import Book, Level
from trading_bot.exchange.timeline import Timeline

# How much of a bar's volume this exchange's other traders offer on each side while the bar plays.
PARTICIPATION: Final = Decimal("0.1")
LEVELS: Final = 10
NOISE: Final = 0.1


class Bridge:
    """The price path of one market inside its bars, and the book around it."""

    def __init__(self, replay: Replay, timeline: Timeline, seed: int) -> None:
        self.replay = replay
        self.timeline = timeline
        self.instrument = replay.listing.instrument
        self._seed = seed
        self._path: tuple[int, tuple[int, ...]] = (0, ())

    def path(self, bar: int) -> tuple[int, ...]:
        """Return the price of each quote of a bar, in ticks, all between its low and its high."""
        if self._path[0] != bar or not self._path[1]:
            noise = self._noise(bar)
            self._path = (bar, tuple(walk(self.replay.play(bar), self.timeline.quotes_per_bar, noise)))
        return self._path[1]

    def price(self, time_ns: int) -> Decimal:
        """Return the price of the last trade."""
        bar, quote = self.timeline.quote_of(time_ns)
        return self.path(bar)[quote] * self.instrument.tick

    def candle(self, time_ns: int) -> Candle:
        """Return the bar of ``time_ns`` as far as it has played."""
        bar, quote = self.timeline.quote_of(time_ns)
        so_far = self.path(bar)[: quote + 1]
        tick = self.instrument.tick
        opens = self.timeline.opens_at(bar)
        return Candle(
            open_ns=opens,
            close_ns=opens + self.timeline.bar_ns,
            open=so_far[0] * tick,
            high=max(so_far) * tick,
            low=min(so_far) * tick,
            close=so_far[-1] * tick,
            volume=self._lots(bar, quote + 1) * self.instrument.lot,
            trades=quote + 1,
            closed=False,
        )

    def traded(self, time_ns: int) -> Decimal:
        """Return the quantity of the synthetic trade at the quote of ``time_ns``."""
        bar, quote = self.timeline.quote_of(time_ns)
        return (self._lots(bar, quote + 1) - self._lots(bar, quote)) * self.instrument.lot

    def book(self, time_ns: int, bought: Decimal, sold: Decimal) -> Book:
        """Return bids and asks, best first.

        Args:
            time_ns: when.
            bought: what clients bought since the bar opened: taken off the asks, and not offered again
                before the next bar.
            sold: the same for the bids.
        """
        bar, quote = self.timeline.quote_of(time_ns)
        middle = self.path(bar)[quote]
        half = max(1, round(middle * self.replay.listing.spread_bps / 20_000))
        offered = int(self.replay.play(bar).lots * PARTICIPATION)
        return Book(
            bids=self._side(middle - half, -half, offered, sold),
            asks=self._side(middle + half, half, offered, bought),
        )

    def _side(self, best: int, step: int, offered: int, taken: Decimal) -> tuple[Level, ...]:
        lot, tick = self.instrument.lot, self.instrument.tick
        gone = int(taken / lot)
        levels: list[Level] = []
        for place in range(LEVELS):
            lots = offered * (place + 1) // LEVELS - offered * place // LEVELS
            left = max(0, lots - gone)
            gone = max(0, gone - lots)
            if left and best + place * step > 0:
                levels.append(Level(price=(best + place * step) * tick, quantity=left * lot))
        # one lot more stands behind, so that a side of the book is never empty
        return (*levels, Level(price=max(1, best + LEVELS * step) * tick, quantity=lot))

    def _lots(self, bar: int, quotes: int) -> int:
        return self.replay.play(bar).lots * quotes // self.timeline.quotes_per_bar

    def _noise(self, bar: int) -> bytes:
        text = f"{self._seed}:{self.instrument.symbol}:{bar}".encode()
        return hashlib.shake_128(text).digest(self.timeline.quotes_per_bar)


def walk(bar: PlayedBar, quotes: int, noise: bytes) -> Iterator[int]:
    """Yield the price of each of a bar's quotes in ticks: open, one extreme, the other, close.

    A rising bar goes to its low first. Between those four the price wanders by up to a tenth of the bar's
    range, one byte of ``noise`` a quote, and stays between low and high.
    """
    rising = bar.close >= bar.open
    turns = {
        0: bar.open,
        quotes // 3: bar.low if rising else bar.high,
        2 * quotes // 3: bar.high if rising else bar.low,
        quotes - 1: bar.close,
    }
    places = sorted(turns)
    swing = (bar.high - bar.low) * NOISE
    yield bar.open
    for start, end in pairwise(places):
        for place in range(start + 1, end):
            share = (place - start) / (end - start)
            wander = (noise[place] / 255 - 0.5) * swing
            price = turns[start] + (turns[end] - turns[start]) * share + wander
            yield min(bar.high, max(bar.low, round(price)))
        yield turns[end]
