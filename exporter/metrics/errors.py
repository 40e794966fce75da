"""The bot's semantic errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted_errors, stamped
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric

KNOWN: Final = tuple((row.code, row.severity.value) for row in ERRORS.values())


def _errors(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    if scrape.state.seq:
        yield from counted_errors(scrape.state.counts.get(metric.name, {}), KNOWN)


TABLE: Final[Table] = {
    metrics.ERRORS_TOTAL: _errors,
    metrics.ERROR_TIME: stamped,
}
