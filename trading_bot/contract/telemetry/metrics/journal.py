"""The journal."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType
from trading_bot.contract.telemetry.metrics.bounds import LATENCY_BOUNDS

JOURNAL_POSITION: Final = Metric(
    name="tradingbot_journal_position",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Sequence number of the last event that the exporter has read.",
    kept=Kept.ALWAYS,
)
JOURNAL_TIME: Final = Metric(
    name="tradingbot_journal_event_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the last event was appended.",
    kept=Kept.ALWAYS,
)
JOURNAL_EVENTS: Final = Metric(
    name="tradingbot_journal_events_total",
    type=MetricType.COUNTER,
    unit="events",
    meaning="Events appended.",
    kept=Kept.ALWAYS,
    labels=(labels.KIND,),
)
JOURNAL_SIZE: Final = Metric(
    name="tradingbot_journal_size_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Size of the journal with its write-ahead log.",
    kept=Kept.ALWAYS,
)
JOURNAL_DISK_FREE: Final = Metric(
    name="tradingbot_journal_disk_free_bytes",
    type=MetricType.GAUGE,
    unit="bytes",
    meaning="Space that is left to the journal on its disk.",
    kept=Kept.ALWAYS,
)
JOURNAL_COMMIT: Final = Metric(
    name="tradingbot_journal_commit_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="Duration of a commit of the journal.",
    kept=Kept.ALWAYS,
    bounds=LATENCY_BOUNDS,
)
JOURNAL_QUEUE: Final = Metric(
    name="tradingbot_journal_queue_events",
    type=MetricType.GAUGE,
    unit="events",
    meaning="Events appended and not yet committed at the last sample.",
    kept=Kept.WHILE_ALIVE,
)
JOURNAL_DROPPED: Final = Metric(
    name="tradingbot_journal_dropped_measurements_total",
    type=MetricType.COUNTER,
    unit="events",
    meaning="Measurements dropped because the journal could not be written for long.",
    kept=Kept.ALWAYS,
)
SNAPSHOT_TIME: Final = Metric(
    name="tradingbot_journal_snapshot_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the fold was last written down.",
    kept=Kept.ALWAYS,
)
