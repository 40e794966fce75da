"""From the cells of a table to numbers, and what is wrong with a number by itself.

Whole columns at a time: what is right is seen so at C speed, and only a piece with something wrong in it is
looked at row by row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import le, sub
from typing import Any, Final

import msgspec

from trading_bot.market_data.columns import (
    COLUMNS,
    TIME_EXPECTED,
    Times,
    read_numbers,
)
from trading_bot.market_data.faults import Fault, Kind
from trading_bot.market_data.pieces import Piece

PRICES: Final = ("open", "high", "low", "close")
HIGHEST_PRICE: Final = 1_000_000.0
LOWEST_PRICE: Final = 0.001
"""Between these the exchange has ticks and lots for an order of a few dollars or thousands of them."""


class Rows(msgspec.Struct, frozen=True):
    """Bars by column; times in nanoseconds since the epoch, UTC. ``numbers`` are the rows' in their table."""

    numbers: Sequence[int]
    times: Sequence[int]
    opens: Sequence[float]
    highs: Sequence[float]
    lows: Sequence[float]
    closes: Sequence[float]
    volumes: Sequence[float]

    @property
    def values(self) -> tuple[Sequence[float], ...]:
        """Prices and volume, in the order of :data:`COLUMNS`."""
        return self.opens, self.highs, self.lows, self.closes, self.volumes

    def without(self, numbers: set[int]) -> Rows:
        """Return the rows but those of these numbers."""
        if not numbers:
            return self
        kept = [number not in numbers for number in self.numbers]
        values = [list(compress(column, kept)) for column in self.values]
        return Rows(list(compress(self.numbers, kept)), list(compress(self.times, kept)), *values)

    @classmethod
    def of(cls, bars: Sequence[tuple[Any, ...]]) -> Rows:
        """Return rows given one by one: number, time, prices and volume."""
        columns: list[Sequence[Any]] = (
            list(zip(*bars, strict=True)) if bars else [()] * len(cls.__struct_fields__)
        )
        return cls(*columns)


class Reader:
    """Reads the pieces of one table; the format of its times is that of its first readable one."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._times = Times()

    def read(self, piece: Piece) -> tuple[Rows, list[Fault]]:
        """Return the rows that can be read, and what could not be."""
        times, *values = piece.columns
        if piece.times_in_ns:
            self._times.in_ns()
        try:
            numbers = range(piece.first_row, piece.first_row + len(times))
            return Rows(numbers, self._times.read(times), *map(read_numbers, values)), []
        except (ValueError, TypeError, OverflowError):
            return self._row_by_row(piece)

    def _row_by_row(self, piece: Piece) -> tuple[Rows, list[Fault]]:
        faults: list[Fault] = []
        kept: list[tuple[Any, ...]] = []
        for number, cells in enumerate(zip(*piece.columns, strict=True), piece.first_row):
            if all(cell is None for cell in cells):
                continue  # an empty line
            values = tuple(
                self._cell(number, column, cell, faults) for column, cell in zip(COLUMNS, cells, strict=True)
            )
            if None not in values:
                kept.append((number, *values))
        return Rows.of(kept), faults

    def _cell(self, number: int, column: str, cell: Any, faults: list[Fault]) -> float | None:
        try:
            return self._times.read([cell])[0] if column == "time" else float(cell)
        except (ValueError, TypeError, OverflowError):
            expected = TIME_EXPECTED if column == "time" else "a number"
            found = "nothing" if cell is None or cell == "" else repr(cell)
            fault = Fault(Kind.UNREADABLE, self._source, number, column, expected, found)
            faults.append(fault)
            return None


def impossible(rows: Rows, source: str) -> Iterator[Fault]:
    """Yield the values that cannot be true, at most one a row and column."""
    if not _all_possible(rows):
        for number, *values in zip(rows.numbers, *rows.values, strict=True):
            for column, expected, found in wrong_values(*values):
                yield Fault(Kind.IMPOSSIBLE, source, number, column, expected, found)


def _all_possible(rows: Rows) -> bool:
    """Whether nothing is wrong; NaN, of which every comparison is false, shows in the sums."""
    if not rows.times:
        return True
    opens, highs, lows, closes, volumes = rows.values
    return (
        all(math.isfinite(sum(column)) for column in rows.values)
        and min(lows) >= LOWEST_PRICE
        and max(highs) <= HIGHEST_PRICE
        and min(volumes) >= 0
        and all(map(le, lows, opens))
        and all(map(le, opens, highs))
        and all(map(le, lows, closes))
        and all(map(le, closes, highs))
    )


def wrong_values(
    opened: float, high: float, low: float, close: float, volume: float
) -> Iterator[tuple[str, str, str]]:
    """Yield column, what was expected and what was found, of one bar."""
    prices = dict(zip(PRICES, (opened, high, low, close), strict=True))
    wrong = {column for column, value in prices.items() if not LOWEST_PRICE <= value <= HIGHEST_PRICE}
    for column in sorted(wrong, key=PRICES.index):
        yield column, f"a price from {LOWEST_PRICE:g} to {HIGHEST_PRICE:,.0f}", f"{prices[column]:g}"
    if not 0 <= volume < math.inf:
        yield "volume", "a number of at least 0", f"{volume:g}"
    if wrong:
        return
    if high < low:
        yield "high", f"at least the low, {low:g}", f"{high:g}"
        return
    for column in ("open", "close"):
        if not low <= prices[column] <= high:
            yield column, f"between the low {low:g} and the high {high:g}", f"{prices[column]:g}"


def differences(times: Sequence[int]) -> list[int]:
    """Return each time's distance from the one before, in nanoseconds."""
    return list(map(sub, times[1:], times))
