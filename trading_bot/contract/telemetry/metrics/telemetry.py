"""Shipping of spans and errors."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

TELEMETRY_SHIPPED: Final = Metric(
    name="tradingbot_telemetry_shipped_total",
    type=MetricType.COUNTER,
    unit="records",
    meaning="Spans and log records that a collector has taken.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_DROPPED: Final = Metric(
    name="tradingbot_telemetry_dropped_total",
    type=MetricType.COUNTER,
    unit="records",
    meaning="Records that were pruned from a tape before they were shipped, or that the collector refuses.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_FAILURES: Final = Metric(
    name="tradingbot_telemetry_export_failures_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests that a collector did not take; they are repeated.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_LAG: Final = Metric(
    name="tradingbot_telemetry_lag_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Events of a tape that the shipping has not passed yet.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
TELEMETRY_PASSED: Final = Metric(
    name="tradingbot_telemetry_shipped_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Up to when everything on the tape is shipped.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE, labels.SIGNAL),
)
