"""What --repair does: leaves out, sorts, keeps one of several, fills; and lists each.

Rows are gathered in runs that are sorted by themselves, on disk, and the runs are merged: however long and
however disordered a table is, memory holds one piece of each run.
"""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.faults import Fault, Kind
from trading_bot.market_data.rows import Rows
from trading_bot.market_data.succession import Rules, Succession, length, shown

SPILLED: Final = struct.Struct("<3q5d")  # time, number of the table, row; prices and volume
ROWS_A_READ: Final = 512
LONGEST_FILL: Final = 1_000
"""Bars in a row; a longer gap is no oversight, and bars made up over it would be most of the data."""

Row = tuple[Any, ...]


class Runs:
    """Rows on disk in sorted runs."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this object
        self._ends: list[int] = []
        self._last: int | None = None

    def add(self, table: int, rows: Rows) -> None:
        """Append the rows of a piece, sorted by time; a run goes on while time does."""
        if not rows.times:
            return
        packed = sorted(
            (time, table, number, *values)
            for number, time, *values in zip(rows.numbers, rows.times, *rows.values, strict=True)
        )
        self._file.write(b"".join(SPILLED.pack(*row) for row in packed))
        if self._ends and self._last is not None and packed[0][0] >= self._last:
            self._ends.pop()
        self._last = packed[-1][0]
        self._ends.append(self._file.tell())

    def merged(self) -> Iterator[Row]:
        """Yield (time, table, row, open, high, low, close, volume) by time, and then as they stood."""
        self._file.flush()
        starts = [0, *self._ends[:-1]]
        runs = (self._run(start, end) for start, end in zip(starts, self._ends, strict=True))
        yield from heapq.merge(*runs)

    def _run(self, start: int, end: int) -> Iterator[Row]:
        while start < end:
            self._file.seek(start)
            block = self._file.read(min(ROWS_A_READ * SPILLED.size, end - start))
            start += len(block)
            yield from SPILLED.iter_unpack(block)

    def close(self) -> None:
        """Give the disk space back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def mended(
    rows: Iterator[Row], rules: Rules, sources: list[str], note: Callable[[Fault], None]
) -> Iterator[Row]:
    """Yield (row, time, values) once for each time and without gaps.

    Args:
        rows: by time, as :meth:`Runs.merged` yields them.
        rules: what is expected.
        sources: the tables' names.
        note: is told of each thing that is changed.

    Raises:
        OperatorError: DATA_006 for a gap that is too long to be filled.
    """
    before: Row | None = None
    for row in _one_of_each(rows, sources, note):
        time, table, number = row[:3]
        if before is not None:
            succession = Succession(rules, sources[table])
            fault = succession.between(number, time, before[2], before[0])
            if fault is not None:
                note(fault)
                if fault.kind is Kind.OFF_GRID:
                    continue
                yield from _fill(before, time, rules, fault)
        yield (number, time, *row[3:])
        before = row


def _one_of_each(rows: Iterator[Row], sources: list[str], note: Callable[[Fault], None]) -> Iterator[Row]:
    """Yield the last of the rows of each time: who publishes a bar again corrects it."""
    held: Row | None = None
    for row in rows:
        if held is not None and row[0] == held[0]:
            found = f"{shown(row[0])} again, as in row {held[2]}"
            note(Fault(Kind.DUPLICATE, sources[row[1]], row[2], "time", "a time of its own", found))
        elif held is not None:
            yield held
        held = row
    if held is not None:
        yield held


def _fill(before: Row, time: int, rules: Rules, fault: Fault) -> Iterator[Row]:
    missing = (time - before[0]) // rules.step_ns - 1
    if missing > LONGEST_FILL:
        message = (
            f"{fault.message}. --repair fills at most {LONGEST_FILL:,} bars of {length(rules.step_ns)} in a row:"
            " import the parts before and after the gap into homes of their own"
        )
        raise OperatorError("DATA_006", message, source=fault.source, row=fault.row, column="time")
    close = before[6]
    for place in range(1, missing + 1):
        yield (fault.row, before[0] + place * rules.step_ns, close, close, close, close, 0.0)
