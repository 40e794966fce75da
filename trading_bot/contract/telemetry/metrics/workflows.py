"""Executions of workflows; on the page of ops."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType, Page

WORKFLOW_EXECUTIONS: Final = Metric(
    name="tradingbot_workflow_executions_total",
    type=MetricType.COUNTER,
    unit="executions",
    meaning="Executions that ended, by how.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.WORKFLOW, labels.WORKFLOW_OUTCOME),
)
WORKFLOW_RUNNING: Final = Metric(
    name="tradingbot_workflow_running",
    type=MetricType.GAUGE,
    unit="executions",
    meaning="Executions that run at present, those that wait for an approval included.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
WORKFLOW_QUEUED: Final = Metric(
    name="tradingbot_workflow_queued",
    type=MetricType.GAUGE,
    unit="executions",
    meaning="Executions that wait for their turn.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
WORKFLOW_OLDEST_RUNNING: Final = Metric(
    name="tradingbot_workflow_oldest_running_age_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Age of the oldest execution that runs; 0 when none does.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
)
WORKFLOW_STEP_DURATION: Final = Metric(
    name="tradingbot_workflow_step_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="How long steps took, from the beginning of their first attempt, since this process began.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.WORKFLOW,),
    bounds=(0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0),
)
WORKFLOW_COMPENSATIONS: Final = Metric(
    name="tradingbot_workflow_compensations_total",
    type=MetricType.COUNTER,
    unit="steps",
    meaning="Steps that were undone.",
    kept=Kept.ALWAYS,
    page=Page.OPS,
    labels=(labels.WORKFLOW,),
)
