"""The table of counts: how often something was tried, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

Row = tuple[str, int, str]
PASSING = re.compile(r"(\d+) passing")


def rows_of(reports: Iterable[pytest.TestReport]) -> list[Row]:
    """Return what `count` was told, and how many examples hypothesis tried of how many properties."""
    told = [each for report in reports for each in report.user_properties]
    rows = [row for name, row in told if name == "count"]
    tried = [examples for name, examples in told if name == "examples"]
    return [*rows, ("examples of properties", sum(tried), f"of {len(tried)} properties")] if tried else rows


def examples_in(statistics: str) -> int:
    """Return how many examples held, of what hypothesis says of a property."""
    return sum(map(int, PASSING.findall(statistics)))


def table(rows: list[Row], kept: str | None = None) -> list[str]:
    """Return the lines of the table; with a file, also the rows that another part of the run left there."""
    if kept is not None:
        path = Path(kept)
        rows = [*rows, *(json.loads(path.read_text()) if path.exists() else ())]
        path.write_text(json.dumps(rows))
    width = max(len(what) for what, _, _ in rows)
    return [f"{what:<{width}}  {times:>9,}  {result}" for what, times, result in sorted(map(tuple, rows))]
