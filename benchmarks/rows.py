"""What a benchmark returns, and how rows are printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import quantiles

import msgspec

WHOLE_FROM = 1_000
"""Numbers from here on are printed without decimals."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement.

    ``measured``, ``floor`` and ``budget`` are in ``unit``; ``floor`` is what the same run measured of the
    cheapest thing it can be compared with, named in ``floor_is``; less is better unless ``more_is_better``.
    """

    what: str
    measured: float
    unit: str
    floor: float | None = None
    floor_is: str = ""
    budget: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """What was measured as a part of the budget, None without one."""
        return None if self.budget is None else self.measured / self.budget

    @property
    def met(self) -> bool | None:
        """Whether the budget is met, None without one."""
        if self.ratio is None:
            return None
        return self.ratio >= 1 if self.more_is_better else self.ratio <= 1

    @property
    def verdict(self) -> str:
        """Whether the budget is met, with the ratio."""
        if self.budget is None:
            return ""
        return f"{'met' if self.met else 'MISSED'}, {self.ratio:.2f} of the budget"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile from 1 to 99."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print one subject's rows."""
    print(title)
    for row in rows:
        floor = "" if row.floor is None else f"floor {_number(row.floor)} {row.unit} ({row.floor_is})"
        budget = "" if row.budget is None else f"budget {_number(row.budget)} {row.unit}"
        print(
            f"  {row.what:<44} {_number(row.measured):>12} {row.unit:<9} {budget:<24} {row.verdict:<30} {floor}"
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}"
