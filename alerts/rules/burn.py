"""The use of an error budget: a long window says that it matters, a short one that it still goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from alerts.promql import series
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry.recordings import BURN, MISSED
from trading_bot.contract.telemetry.thresholds import (
    FAST_BURN,
    LEAST_MISSED,
    OBJECTIVES,
    SLOW_BURN,
    SLOWEST_BURN,
    STEADY_BURN,
)

PAIRS: Final = {
    Severity.CRITICAL: (("1h", "5m", FAST_BURN), ("6h", "30m", STEADY_BURN)),
    Severity.WARNING: (("1d", "2h", SLOW_BURN), ("3d", "6h", SLOWEST_BURN)),
}
"""Long window, short window, and how many times the allowed rate."""
WORDS: Final = {
    Severity.CRITICAL: ("at least six times as fast as allowed", "over 1 or 6 hours"),
    Severity.WARNING: ("faster than allowed", "over 1 or 3 days"),
}


def burning(
    *, name: str, component: Component, level: str, what: str, impact: str, first_step: str, panel: Panel
) -> Iterator[Alert]:
    """Yield the two alerts of a service level: one that needs a person now, one that can wait for the day."""
    objective = f"{OBJECTIVES[level] * 100:g} %"
    for severity, (speed, window) in WORDS.items():
        yield Alert(
            name=name,
            severity=severity,
            component=component,
            expression=" or ".join(_pair(level, *pair) for pair in PAIRS[severity]),
            lasting=Time("1m", "the long window has waited; a minute lets a single scrape not decide"),
            keeps=Time("10m", "the short window empties between two bursts"),
            summary=f"The error budget of {level.replace('_', ' ')} is used {speed}",
            description="{{ $labels.bot }} uses it {{ $value | humanize }} times as fast as allowed, "
            f"{window}: too much {what}. Promised are {objective}.",
            impact=impact,
            first_step=first_step,
            panel=panel,
            labels=("slo",),
            is_held=level == "order_acks",
        )


def _pair(level: str, long: str, short: str, times: float) -> str:
    counted = long if long in MISSED else "6h"
    missed = f"{series(MISSED[counted], slo=level)} > {LEAST_MISSED - 0.5}"
    burns = f"{series(BURN[long], slo=level)} > {times:g} and {series(BURN[short], slo=level)} > {times:g}"
    return f"({burns} and {missed})"
