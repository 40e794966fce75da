"""Errors, the journal, the exporter and the shipping; and what fires."""

from __future__ import annotations

from typing import Final

from alerts.promql import PER_MINUTE, largest, rate, series, total
from trading_bot.contract.telemetry import labels, metrics, recordings

SERIOUS: Final = ("error", "critical")
HOUR: Final = 3600

_FREE: Final = largest(series(metrics.JOURNAL_DISK_FREE))
GROWTH: Final = largest(f"deriv({series(metrics.JOURNAL_SIZE)}[1h])")
"""Bytes a second."""

EXPRESSIONS: Final = {
    recordings.ERRORS: f"{PER_MINUTE} * {total(rate(metrics.ERRORS_TOTAL, '5m', severity=SERIOUS))}",
    recordings.ERRORS_BY_CODE: f"{PER_MINUTE} * {total(rate(metrics.ERRORS_TOTAL, '5m'), labels.CODE)} > 0",
    recordings.JOURNAL_GROWTH: f"{HOUR} * {GROWTH}",
    recordings.DISK_LEFT: f"{_FREE} / ({GROWTH} > 0)",
    recordings.FOLLOW_LAG: largest(series(metrics.FOLLOW_LAG)),
    recordings.SHIPPING_LAG: largest(series(metrics.TELEMETRY_LAG)),
    recordings.ALERTS_FIRING: 'count by (bot, severity) (ALERTS{alertstate="firing", bot!=""})',
}
