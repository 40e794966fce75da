"""The exporter itself."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

EXPORTER_START: Final = Metric(
    name="tradingbot_exporter_start_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the exporter started.",
    kept=Kept.ALWAYS,
)
FOLLOW_LAG: Final = Metric(
    name="tradingbot_exporter_follow_lag_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Committed events of a tape that the exporter has not read yet.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE,),
)
REWINDS: Final = Metric(
    name="tradingbot_exporter_rewinds_total",
    type=MetricType.COUNTER,
    unit="rewinds",
    meaning="Times that the exporter went back to a snapshot because a tape was replaced or cut.",
    kept=Kept.ALWAYS,
    labels=(labels.TAPE,),
)
FOLD_DISAGREEMENTS: Final = Metric(
    name="tradingbot_exporter_fold_disagreements_total",
    type=MetricType.COUNTER,
    unit="snapshots",
    meaning="Snapshots of the bot that differ from the exporter's own fold.",
    kept=Kept.ALWAYS,
)
COLLECTOR_SUCCESS: Final = Metric(
    name="tradingbot_exporter_collector_success",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 if a part of this page could be rendered.",
    kept=Kept.ALWAYS,
    labels=(labels.COLLECTOR,),
)
COLLECTOR_DURATION: Final = Metric(
    name="tradingbot_exporter_collector_duration_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="How long a part of this page took to render.",
    kept=Kept.ALWAYS,
    labels=(labels.COLLECTOR,),
)
EXPORTER_ERRORS: Final = Metric(
    name="tradingbot_exporter_errors_total",
    type=MetricType.COUNTER,
    unit="errors",
    meaning="Semantic errors of the exporter.",
    kept=Kept.ALWAYS,
    labels=(labels.CODE,),
)
EXPORTER_CPU: Final = Metric(
    name="tradingbot_exporter_cpu_seconds_total",
    type=MetricType.COUNTER,
    unit="seconds",
    meaning="Processor time used by the exporter.",
    kept=Kept.ALWAYS,
)
EXPORTER_MEMORY: Final = Metric(
    name="tradingbot_exporter_resident_memory_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Memory that the exporter occupies.",
    kept=Kept.ALWAYS,
)
