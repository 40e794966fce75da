"""What a bar must be before anything trades on it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.series import Bar

PRICES = ("open", "high", "low", "close")


def check(bars: tuple[Bar, ...], source: str) -> None:
    """Refuse a table with a value that cannot be true.

    Args:
        bars: the rows, in the order of the file.
        source: what to call the table in the message, a path or a symbol.

    Raises:
        OperatorError: DATA_001 for an impossible value, DATA_002 for a row out of order; row (the line of
            the file, whose header is line 1) and column are in the message and the context.
    """
    previous: Bar | None = None
    for line, bar in enumerate(bars, start=2):
        for column, reason in () if is_sound(bar) else faults(bar):
            raise OperatorError(
                "DATA_001",
                f"{source}: row {line}, column {column}: {reason}",
                source=source,
                row=line,
                column=column,
            )
        if previous is not None and bar.open_time_ns <= previous.open_time_ns:
            raise OperatorError(
                "DATA_002",
                f"{source}: row {line}, column time: not later than the row before",
                source=source,
                row=line,
                column="time",
            )
        previous = bar


def is_sound(bar: Bar) -> bool:
    """Return whether :func:`faults` would yield nothing, in a fraction of its time."""
    lowest, highest = bar.low, bar.high
    return 0 < lowest <= bar.open <= highest and lowest <= bar.close <= highest < math.inf > bar.volume >= 0


def faults(bar: Bar) -> Iterator[tuple[str, str]]:
    """Yield column and reason of each value that cannot be true."""
    for column in PRICES:
        value = getattr(bar, column)
        # written so that NaN, of which every comparison is false, is caught too
        if not 0 < value < math.inf:
            yield column, f"{value} is not a positive number"
    if not 0 <= bar.volume < math.inf:
        yield "volume", f"{bar.volume} is not a number of at least zero"
    if bar.high < bar.low:
        yield "high", f"{bar.high} is under the low {bar.low}"
    for column in ("open", "close"):
        value = getattr(bar, column)
        if not bar.low <= value <= bar.high:
            yield column, f"{value} is outside the low {bar.low} and the high {bar.high}"
