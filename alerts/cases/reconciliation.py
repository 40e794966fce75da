"""Books and venue."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, level, running

CASES: Final = (
    Case(
        alert="PositionMismatch",
        series={
            'tradingbot_reconciliation_mismatches{bot="demo", subject="position"}': level(
                (0, 60), (1, 120), (0, 300)
            )
        },
        quiet=70,
        fires=90,
        resolved=300,
        pages=(
            Page(
                "Differences of the kind position between the books of demo and its venue: 1.",
                {"subject": "position"},
            ),
        ),
    ),
    Case(
        alert="ReconciliationOld",
        series={'tradingbot_reconciliation_timestamp_seconds{bot="demo"}': running(60, 360, 600)},
        quiet=235,
        fires=300,
        resolved=540,
        pages=(Page("The last full comparison of demo with its venue is 4m 0s old."),),
    ),
)
SILENCES: Final = (
    Silence(
        alert="ReconciliationOld",
        why="comparisons half a minute apart",
        series={'tradingbot_reconciliation_timestamp_seconds{bot="demo"}': running(60, 30, 60, 30, 600)},
        until=300,
    ),
)
