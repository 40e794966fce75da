"""The ops endpoint."""

from __future__ import annotations

from typing import Final

from alerts.promql import PER_MINUTE, rate, total
from trading_bot.contract.telemetry import labels, metrics, recordings

EXPRESSIONS: Final = {
    recordings.API_REQUESTS: f"{PER_MINUTE} * {total(rate(metrics.API_REQUESTS, '5m'))}",
    recordings.API_REFUSALS: f"{PER_MINUTE} * {total(rate(metrics.API_REFUSALS, '5m'), labels.CODE)} > 0",
}
