"""Is it alive, does it decide, how fast."""

from __future__ import annotations

from typing import Final

from alerts.promql import PER_MINUTE, increase, largest, quantile, rate, series, total
from trading_bot.contract.telemetry import metrics, recordings
from trading_bot.contract.telemetry.thresholds import SEEN_FOR

SEEN: Final = {
    recordings.SEEN: f"max by (bot) (timestamp({series(metrics.EXPORTER_START)}))"
    f" or {recordings.SEEN.name} > time() - {SEEN_FOR}"
}
EXPRESSIONS: Final = {
    recordings.UP: largest(series(metrics.UP)),
    recordings.UPTIME: f"time() - {largest(series(metrics.START_TIME))}",
    recordings.HEARTBEAT_AGE: f"time() - {largest(series(metrics.HEARTBEAT))}",
    recordings.RUNS_PER_HOUR: total(increase(metrics.RUNS, "1h")),
    recordings.MEMORY: largest(series(metrics.MEMORY)),
    recordings.MODE_RUNNING: largest(series(metrics.MODE, mode="running")),
    recordings.DECISIONS: f"{PER_MINUTE} * {total(rate(metrics.DECISIONS, '5m'))}",
    recordings.DECISION_AGE: f"time() - {largest(series(metrics.LAST_DECISION))}",
    recordings.DECISION_MEDIAN: quantile(0.5, metrics.DECISION_DURATION, "5m"),
    recordings.DECISION_SLOW: quantile(0.99, metrics.DECISION_DURATION, "5m"),
}
