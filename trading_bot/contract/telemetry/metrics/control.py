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
CONTROL_COMMANDS: Final = Metric(
    name="tradingbot_control_commands_total",
    type=MetricType.COUNTER,
    unit="commands",
    meaning="Commands that the bot has answered.",
    kept=Kept.ALWAYS,
    labels=(
        labels.COMMAND,
        labels.ANSWER,
    ),
)
CONTROL_PENDING: Final = Metric(
    name="tradingbot_control_commands_pending",
    type=MetricType.GAUGE,
    unit="commands",
    meaning="Commands that are on the control tape, have not expired, and have no answer yet.",
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
