"""Whether the books and the venue agree. Both hold what they knew last."""

from __future__ import annotations

from typing import Final

from alerts.promql import series
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry import recordings
from trading_bot.contract.telemetry.thresholds import RECONCILED

ALERTS: Final = (
    Alert(
        name="PositionMismatch",
        severity=Severity.CRITICAL,
        component=Component.RECONCILIATION,
        expression=f"{series(recordings.MISMATCHES_HELD)} > 0",
        lasting=Time("15s", "a difference is only counted after several looks in a row"),
        keeps=Time("1m", "one settled and the next found is one page"),
        summary="Books and venue disagree",
        description="Differences of the kind {{ $labels.subject }} between the books of {{ $labels.bot }} and its "
        "venue: {{ $value | humanize }}.",
        impact="The bot does not know for sure what it holds. The symbol, or for cash the account, takes no new risk.",
        first_step="Who else trades on this account? Compare the venue's balances and trades with tickertape status.",
        panel=Panel("risk", 301),
        labels=("subject",),
        workflow="check-health",
        is_held=True,
    ),
    Alert(
        name="ReconciliationOld",
        severity=Severity.WARNING,
        component=Component.RECONCILIATION,
        expression=f"time() - {series(recordings.RECONCILED_HELD)} > {RECONCILED}",
        lasting=Time("0s", "the age itself has waited for six comparisons"),
        keeps=Time("1m", "single comparisons in between are no recovery"),
        summary="Books and venue were not compared for long",
        description="The last full comparison of {{ $labels.bot }} with its venue is {{ $value | humanizeDuration }} "
        "old.",
        impact="A manual trade, a lost fill or a missing position would not be noticed.",
        first_step="Does the venue answer (board Execution, requests)? If it does, read the errors of RECON and VENUE.",
        panel=Panel("risk", 302),
        workflow="check-health",
        is_held=True,
    ),
)
