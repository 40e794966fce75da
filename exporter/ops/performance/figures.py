"""What a series of returns says. Pure; the definitions are those of empyrical, which the tests compare with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import fmean, stdev
from typing import Final

import msgspec

FEWEST_RETURNS: Final = 2
TOO_FEW: Final = "fewer than two intervals with a known return"
NO_SPREAD: Final = "the returns do not vary"
NO_LOSS: Final = "no interval lost"
NO_DRAWDOWN: Final = "equity never fell below its peak"
NOT_FINITE: Final = "it is too large to be a number"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Ratios, not percent. ``max_drawdown`` is 0 or below. What cannot be computed is None, with a reason."""

    total_return: float | None
    annual_return: float | None
    annual_volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None
    max_drawdown: float | None
    best: float | None
    worst: float | None
    unknown: dict[str, str]


def figures(returns: Sequence[float], periods_a_year: int) -> Figures:
    """Return the figures of returns of equal intervals."""
    if len(returns) < FEWEST_RETURNS:
        names = [name for name in Figures.__struct_fields__ if name != "unknown"]
        return Figures(**dict.fromkeys(names), unknown=dict.fromkeys(names, TOO_FEW))
    total = math.prod(1 + one for one in returns) - 1
    annual = _annual(total, len(returns), periods_a_year)
    spread, downside, drawdown = stdev(returns), _downside(returns), _max_drawdown(returns)
    yearly = math.sqrt(periods_a_year)
    found: dict[str, float | None] = {
        "total_return": total,
        "annual_return": annual,
        "annual_volatility": spread * yearly,
        "sharpe_ratio": fmean(returns) / spread * yearly if spread else None,
        "sortino_ratio": fmean(returns) / downside * yearly if downside else None,
        "calmar_ratio": annual / abs(drawdown) if drawdown and annual is not None else None,
        "max_drawdown": drawdown,
        "best": max(returns),
        "worst": min(returns),
    }
    why = {"sharpe_ratio": NO_SPREAD, "sortino_ratio": NO_LOSS, "calmar_ratio": NO_DRAWDOWN}
    finite = {name: one if one is not None and math.isfinite(one) else None for name, one in found.items()}
    unknown = {
        name: NOT_FINITE if found[name] is not None else why.get(name, NOT_FINITE)
        for name, one in finite.items()
        if one is None
    }
    rounded = {name: None if one is None else round(one, 8) for name, one in finite.items()}
    return Figures(**rounded, unknown=unknown)


def _annual(total: float, intervals: int, periods_a_year: int) -> float | None:
    """Return the yearly growth that leads to ``total``; None below nothing, or where it overflows."""
    if total < -1:
        return None
    try:
        return float((1 + total) ** (periods_a_year / intervals) - 1)
    except OverflowError:
        return None


def _downside(returns: Sequence[float]) -> float:
    return math.sqrt(fmean(min(one, 0.0) ** 2 for one in returns))


def _max_drawdown(returns: Sequence[float]) -> float:
    return min(_drawdowns(returns), default=0.0)


def _drawdowns(returns: Sequence[float]) -> Iterator[float]:
    peak = 1.0
    for value in accumulate(returns, lambda before, one: before * (1 + one), initial=1.0):
        peak = max(peak, value)
        yield (value - peak) / peak if peak else 0.0
