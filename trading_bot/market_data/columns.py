"""Which column of a table is which, and how its cells are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from trading_bot.contract.errors import OperatorError

COLUMNS: Final = ("time", "open", "high", "low", "close", "volume")

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "time": (
        "time",
        "timestamp",
        "opentime",
        "unix",
        "unixtime",
        "unixtimestamp",
        "epoch",
        "datetime",
        "date",
        "ts",
        "t",
        "starttime",
        "gmttime",
        "timeutc",
        "datetimeutc",
        "dateutc",
        "utc",
    ),
    "open": ("open", "o", "openprice"),
    "high": ("high", "h", "highprice", "max"),
    "low": ("low", "l", "lowprice", "min"),
    "close": ("close", "c", "closeprice", "last"),
    "volume": ("volume", "v", "vol", "volumebase", "basevolume", "volumetraded"),
}
"""Accepted spellings, lower case, letters and digits only; where several columns match, the first listed counts."""

HEADERLESS_WIDTH: Final = 12
"""Columns of the kline files that Binance publishes, which begin with :data:`COLUMNS` and mostly have no header."""

SECOND_NS: Final = 1_000_000_000
# From which number on a time since the epoch is meant in the next smaller unit: years 5138, 5138, 5138.
UNITS: Final = ((10**11, SECOND_NS), (10**14, 1_000_000), (10**17, 1_000), (math.inf, 1))
LATEST_NS: Final = 2**63 - 1
TIME_EXPECTED: Final = "seconds, ms, µs or ns since the epoch, or a time such as 2024-01-31T09:30:00Z"

Time = Callable[[Any], int]


def find_columns(header: Sequence[str], source: str, base: str = "") -> tuple[int, ...]:
    """Return where each of :data:`COLUMNS` stands in a header.

    Args:
        header: the names as they stand in the table.
        source: what to call the table in a message.
        base: the symbol's base asset: ``Volume BTC`` is the volume of BTC/USD.

    Raises:
        OperatorError: DATA_007 when one is missing or stands there twice.
    """
    names = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    return tuple(_find(column, names, header, source, base) for column in COLUMNS)


def _find(column: str, names: list[str], header: Sequence[str], source: str, base: str) -> int:
    spellings = SPELLINGS[column]
    if column == "volume" and base:
        spellings = (f"volume{base.lower()}", *spellings)
    for spelling in spellings:
        found = names.count(spelling)
        if found > 1:
            raise _unclear(column, f"{found} of that name", header, source)
        if found:
            return names.index(spelling)
    raise _unclear(column, "none", header, source)


def _unclear(column: str, found: str, header: Sequence[str], source: str) -> OperatorError:
    seen = ", ".join(name.strip() or "(no name)" for name in header)[:200] or "nothing"
    extra = "; where no volume is known, add the column with 0 in each row" if column == "volume" else ""
    message = (
        f"{source}: row 1, column {column}: expected one column named {column} (or"
        f" {', '.join(SPELLINGS[column][1:4])}), found {found} among {seen}{extra}"
    )
    return OperatorError("DATA_007", message, source=source, row=1, column=column)


def is_number(cell: str) -> bool:
    """Whether a cell of text is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


class Times:
    """Reads the times of one table, whose format and unit follow from the first one that can be read."""

    def __init__(self) -> None:
        self._factor: int | None = None
        self._read: Time | None = None

    def in_ns(self) -> None:
        """Take the times as nanoseconds since the epoch: the table says so."""
        self._factor, self._read = 1, None

    def read(self, cells: Sequence[Any]) -> list[int]:
        """Return all times in nanoseconds; raises ValueError or TypeError when one cannot be read."""
        if self._factor is None and self._read is None:
            self._learn(cells[0])
        if self._factor is None:
            assert self._read is not None
            return list(map(self._read, cells))
        factor = self._factor
        numbers = cells if set(map(type, cells)) == {int} else list(map(_whole, cells))
        _bounded(min(numbers) * factor)
        _bounded(max(numbers) * factor)
        return list(numbers) if factor == 1 else [number * factor for number in numbers]

    def _learn(self, first: Any) -> None:
        if isinstance(first, datetime):
            self._read = of_datetime
            return
        try:
            number = abs(float(first))
        except ValueError:
            of_text(first)
            self._read = of_text
        else:
            if not math.isfinite(number):
                raise ValueError(first)
            self._factor = next(factor for below, factor in UNITS if number < below)


def _whole(cell: Any) -> int:
    if isinstance(cell, str) and cell.isdecimal():
        return int(cell)
    number = float(cell)
    if not number.is_integer():  # also NaN and infinities
        raise ValueError(cell)
    return int(cell) if isinstance(cell, int) else int(number)


def of_text(cell: Any) -> int:
    """Return nanoseconds since the epoch of RFC 3339 and its relatives; without a zone it is UTC."""
    return of_datetime(datetime.fromisoformat(cell.strip()))


def of_datetime(moment: datetime) -> int:
    """Return nanoseconds since the epoch; without a zone it is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    # A float has 53 bits: microseconds since the epoch fit, nanoseconds do not.
    return _bounded(round(aware.timestamp() * 1_000_000) * 1_000)


def _bounded(time_ns: int) -> int:
    if not 0 <= time_ns <= LATEST_NS:
        raise ValueError(time_ns)
    return time_ns


def read_numbers(cells: Iterable[Any]) -> list[float]:
    """Return all numbers; raises ValueError or TypeError when one is none."""
    return list(map(float, cells))
