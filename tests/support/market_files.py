"""Files of bars, as people have them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

HEADER = "time,open,high,low,close,volume"
START = 1_700_000_040  # a whole minute
MINUTE = 60

Row = tuple[float, ...]


def waves(count: int, start: int = START, step: int = MINUTE) -> list[Row]:
    """Return bars that rise and fall by 2 % every 24 bars, so that moving averages cross often."""
    rows = []
    opened = 100.0
    for place in range(count):
        close = round(100 + 2 * math.sin(place * math.tau / 24), 4)
        high, low = max(opened, close) + 0.01, min(opened, close) - 0.01
        rows.append((start + place * step, opened, round(high, 4), round(low, 4), close, 5.0 + place % 3))
        opened = close
    return rows


def lines(rows: Iterable[Row]) -> list[str]:
    return [",".join(map(str, row)) for row in rows]


def write(path: Path, rows: Iterable[Row | str], header: str = HEADER) -> Path:
    texts = [row if isinstance(row, str) else lines([row])[0] for row in rows]
    path.write_text("\n".join([header, *texts]) + "\n")
    return path
