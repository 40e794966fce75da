"""What a benchmark returns, and how rows are printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import quantiles

import msgspec


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
    def verdict(self) -> str:
        """Whether the budget is met, with the ratio."""
        if self.budget is None:
            return ""
        ratio = self.measured / self.budget
        met = ratio >= 1 if self.more_is_better else ratio <= 1
        return f"{'met' if met else 'MISSED'}, {ratio:.2f} of the budget"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile from 1 to 99."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print one subject's rows."""
    print(title)
    for row in rows:
        floor = "" if row.floor is None else f"floor {row.floor:,.3g} {row.unit} ({row.floor_is})"
        budget = "" if row.budget is None else f"budget {row.budget:,.3g} {row.unit}"
        print(f"  {row.what:<44} {row.measured:>12,.4g} {row.unit:<9} {budget:<22} {row.verdict:<30} {floor}")
