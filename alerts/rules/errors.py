"""Semantic errors: those of severity critical that no other alert tells of, and too many of any kind."""

from __future__ import annotations

from typing import Final

from alerts import foreign
from alerts.promql import increase, rate, series, total
from alerts.recording.machinery import SERIOUS
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.errors import Severity as ErrorSeverity
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.thresholds import ERRORS_PER_MINUTE

OF_OTHERS: Final = {
    "FEED_005": "SessionTableExpiring",
    "JRNL_004": "JournalNotWritable",
    "JRNL_009": "JournalNotWritable",
    "ORDER_004": "OrderUnknownOverdue",
    "ORDER_005": "ProtectiveOrderMissing",
    "RECON_002": "PositionMismatch",
    "RISK_006": "DailyLossLimit",
    "RISK_007": "DrawdownLimit",
    "TEL_002": "FoldDisagrees",
    "VENUE_004": "VenueBanned",
}
"""Critical codes whose state an alert of its own watches, from before the error until it is over."""
CRITICAL: Final = tuple(
    code for code, row in ERRORS.items() if row.severity is ErrorSeverity.CRITICAL and code not in OF_OTHERS
)
_OF_OPS: Final = total(
    increase(metrics.CONTROL_ERRORS, "15m", severity=ErrorSeverity.CRITICAL.value, code=CRITICAL), labels.CODE
)
_WORST: Final = asked(
    f'topk(1, sum by (code) (rate(tradingbot_errors_total{{bot=%q, severity=~"{"|".join(SERIOUS)}"}}[10m])))',
    'label "code"',
)
_MANY: Final = f"60 * {total(rate(metrics.ERRORS_TOTAL, '10m', severity=SERIOUS))} > {ERRORS_PER_MINUTE}"
_TOLD: Final = (
    f"max_over_time({series(foreign.FIRING, severity=Severity.CRITICAL.value, alertstate='firing')}[10m])"
)
"""A critical page within the window: what it tells of is most of what the window has counted. Both windows are equally
long, so that what comes after its end is counted in full, and told of, ten minutes later at the latest."""

ALERTS: Final = (
    Alert(
        name="CriticalError",
        severity=Severity.CRITICAL,
        component=Component.ERRORS,
        expression=f"{series(recordings.CRITICAL_HELD, code=CRITICAL)} > 0 or {_OF_OPS} > 0",
        lasting=Time("0s", "critical means: a person, now"),
        keeps=Time("0s", "it is counted for a quarter of an hour"),
        summary="A critical error occurred",
        description='{{ $labels.code }} occurred {{ $value | printf "%.0f" }}x on {{ $labels.bot }} in the last '
        "15 minutes.",
        impact="What it costs is said by the code: GET /api/v1/errors/{{ $labels.code }}, or docs/reference/errors.md.",
        first_step="Read the newest error of this code (tickertape status): it says the cause and the remedy.",
        panel=Panel("errors", 102),
        labels=("code",),
        workflow="export-logs",
        is_held=True,
    ),
    Alert(
        name="ErrorRateHigh",
        severity=Severity.WARNING,
        component=Component.ERRORS,
        expression=f"{_MANY} unless on (bot) {_TOLD}",
        lasting=Time("1m", "a cause with an alert of its own is told of by that one", least=12),
        keeps=Time("5m", "errors come in bursts"),
        summary="Many errors",
        description="{{ $labels.bot }} recorded {{ $value | humanize }} errors a minute, mean of 10 minutes; most of "
        f"them {_WORST}.",
        impact="Each one is something that the bot wanted and did not get.",
        first_step="Board Errors, by code: the most frequent one names its cause and its runbook.",
        panel=Panel("errors", 106),
        workflow="export-logs",
    ),
)
