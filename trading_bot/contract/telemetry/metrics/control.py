"""The control tape."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

CONTROL_POSITION: Final = Metric(
    name="tradingbot_control_position",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Sequence number of the last event of the control tape that the exporter has read.",
    kept=Kept.ALWAYS,
)
CONTROL_ERRORS: Final = Metric(
    name="tradingbot_control_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the ops endpoint.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CODE,
        labels.SEVERITY,
    ),
)
