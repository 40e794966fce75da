"""The bars that travel with the code."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable
from importlib import resources

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.quality import check
from trading_bot.market_data.series import Bar, Series

# Each symbol's file below data/.
FILES = {
    "EUR/USD": "EURUSD.csv.gz",
    "GOOGL/USD": "GOOGLUSD.csv.gz",
    "AAPL/USD": "AAPLUSD.csv.gz",
    "IBM/USD": "IBMUSD.csv.gz",
    "MSFT/USD": "MSFTUSD.csv.gz",
}
SYMBOLS = tuple(FILES)
COLUMNS = ("time", "open", "high", "low", "close", "volume")

_SECOND_NS = 1_000_000_000


def load(symbol: str) -> Series:
    """Return the bundled series of ``symbol``.

    Raises:
        OperatorError: DATA_003 when no series of that symbol travels with the code, DATA_001, DATA_002 or
            DATA_004 when the file was damaged.
    """
    if symbol not in FILES:
        known = ", ".join(SYMBOLS)
        raise OperatorError("DATA_003", f"no market data for {symbol}; there is {known}", symbol=symbol)
    packed = resources.files("trading_bot.market_data").joinpath("data", FILES[symbol]).read_bytes()
    try:
        text = gzip.decompress(packed).decode()
    except (OSError, EOFError, ValueError) as error:
        raise OperatorError(
            "DATA_004", f"{FILES[symbol]} cannot be unpacked", source=FILES[symbol]
        ) from error
    return Series(symbol=symbol, bars=parse(io.StringIO(text), FILES[symbol]))


def parse(lines: Iterable[str], source: str) -> tuple[Bar, ...]:
    """Return the checked bars of a table whose columns are :data:`COLUMNS`, ``time`` in seconds.

    Raises:
        OperatorError: as :func:`trading_bot.market_data.quality.check`, DATA_004 for a table that has
            other columns or no row.
    """
    rows = csv.reader(lines)
    header = tuple(next(rows, ()))
    if header != COLUMNS:
        raise OperatorError(
            "DATA_004",
            f"{source}: row 1: the columns are {', '.join(header) or 'missing'}, not {', '.join(COLUMNS)}",
            source=source,
            row=1,
        )
    bars = tuple(_bar(line, row, source) for line, row in enumerate(rows, start=2))
    if not bars:
        raise OperatorError("DATA_004", f"{source}: no row", source=source)
    check(bars, source)
    return bars


def _bar(line: int, row: list[str], source: str) -> Bar:
    try:
        time, opened, high, low, close, volume = map(float, row)
    except ValueError:  # which one, and what is right of it
        values = zip(COLUMNS, [*row, *[""] * (len(COLUMNS) - len(row))], strict=False)
        time, opened, high, low, close, volume = (_number(line, name, text, source) for name, text in values)
    if not math.isfinite(time):
        _number(line, "time", row[0], source)
    return Bar(
        open_time_ns=int(time) * _SECOND_NS, open=opened, high=high, low=low, close=close, volume=volume
    )


def _number(line: int, column: str, text: str, source: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if column == "time" and not math.isfinite(value):
        raise OperatorError(
            "DATA_001",
            f"{source}: row {line}, column {column}: {text!r} is not a time",
            source=source,
            row=line,
            column=column,
        )
    return value
