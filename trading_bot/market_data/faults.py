"""What can be wrong in a table of bars, in words that a person can act on."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from trading_bot.contract.errors import OperatorError


class Kind(StrEnum):
    """What is wrong."""

    UNREADABLE = "unreadable"
    IMPOSSIBLE = "impossible"
    UNSORTED = "unsorted"
    DUPLICATE = "duplicate"
    GAP = "gap"
    OFF_GRID = "off_grid"


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong, at a row and a column of a table."""

    kind: Kind
    source: str
    row: int
    column: str
    expected: str
    found: str

    @property
    def message(self) -> str:
        """Where, what was expected, what was found."""
        return f"{self.source}: row {self.row}, column {self.column}: expected {self.expected}, found {self.found}"

    def error(self) -> OperatorError:
        """Return the error that refuses the table."""
        message = f"{self.message}. {REMEDIES[self.kind]}"
        context = {name: getattr(self, name) for name in ("source", "row", "column", "expected", "found")}
        return OperatorError(CODES[self.kind], message, kind=self.kind.value, **context)


CODES: Final = {
    Kind.UNREADABLE: "DATA_001",
    Kind.IMPOSSIBLE: "DATA_001",
    Kind.UNSORTED: "DATA_002",
    Kind.DUPLICATE: "DATA_002",
    Kind.GAP: "DATA_006",
    Kind.OFF_GRID: "DATA_006",
}

REMEDIES: Final = {
    Kind.UNREADABLE: "Correct that cell, or use --repair, which leaves the row out",
    Kind.IMPOSSIBLE: "Correct that cell, or use --repair, which leaves the row out",
    Kind.UNSORTED: "Sort the rows by time, or use --repair, which does",
    Kind.DUPLICATE: "Keep one row for each time, or use --repair, which keeps the last of them",
    Kind.GAP: "Add the missing rows; or use --sessions if the market was closed then; or --repair, which fills"
    " the gap with bars without volume at the last close",
    Kind.OFF_GRID: "Correct that time, or use --repair, which leaves the row out",
}

REPAIRS: Final = {
    Kind.UNREADABLE: "row left out",
    Kind.IMPOSSIBLE: "row left out",
    Kind.UNSORTED: "row moved to its place in time",
    Kind.DUPLICATE: "the last row of that time kept",
    Kind.GAP: "filled with bars without volume at the last close",
    Kind.OFF_GRID: "row left out",
}
"""What --repair does about each."""
