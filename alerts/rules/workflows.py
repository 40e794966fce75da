"""Workflows: routine work that failed or does not end."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, latest, total
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.metrics import workflows as metrics
from trading_bot.contract.telemetry.thresholds import WORKFLOW_AGE

_FAILED: Final = increase(metrics.WORKFLOW_EXECUTIONS, "15m", outcome=("failed", "compensated"))

ALERTS: Final = (
    Alert(
        name="WorkflowFailed",
        severity=Severity.WARNING,
        component=Component.WORKFLOWS,
        expression=f"{total(_FAILED, labels.WORKFLOW, labels.WORKFLOW_OUTCOME)} > 0",
        lasting=Time("0s", "a failed execution is over"),
        keeps=Time("0s", "it is counted for a quarter of an hour"),
        summary="A workflow failed",
        description="{{ $labels.workflow }} on {{ $labels.bot }} ended {{ $labels.outcome }} "
        '{{ $value | printf "%.0f" }}x in the last 15 minutes.',
        impact="compensated: undone, nothing happened. failed: it stands half done, and a person must finish it.",
        first_step="tickertape workflow status {{ $labels.workflow }}: the step that failed, with evidence and error.",
        panel=Panel("operations", 201),
        labels=("workflow", "outcome"),
    ),
    Alert(
        name="WorkflowStuck",
        severity=Severity.WARNING,
        component=Component.WORKFLOWS,
        expression=f"{largest(latest(metrics.WORKFLOW_OLDEST_RUNNING))} > {WORKFLOW_AGE}",
        lasting=Time("0s", "the age itself has waited an hour"),
        keeps=Time("1m", "the next stuck one is the same page"),
        summary="A workflow does not end",
        description="The oldest execution that runs on {{ $labels.bot }} began {{ $value | humanizeDuration }} ago.",
        impact="What it was to do is not done, and it may keep others of its kind waiting.",
        first_step="tickertape workflow status: does a step wait for an approval, or for an effect that does not come?",
        panel=Panel("operations", 203),
    ),
)
