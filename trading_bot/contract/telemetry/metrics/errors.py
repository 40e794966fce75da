"""Errors."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

ERRORS_TOTAL: Final = Metric(
    name="tradingbot_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the bot.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CODE,
        labels.SEVERITY,
    ),
)
ERROR_TIME: Final = Metric(
    name="tradingbot_error_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When an error code last occurred.",
    kept=Kept.ALWAYS,
    labels=(labels.CODE,),
)
