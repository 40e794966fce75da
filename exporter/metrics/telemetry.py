"""The shipping of spans and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from exporter.metrics.scrape import Collect, Point, Scrape, Shipped, Table, seconds, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric


def _by_signal(of: Callable[[Shipped, str, str], Iterator[Point]]) -> Collect:
    """Return the collector that asks ``of`` for each signal of each tape."""

    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        for (tape, signal), shipped in scrape.own.shipping.items():
            yield from of(shipped, tape, signal)

    return collect


TABLE: Final[Table] = {
    metrics.TELEMETRY_SHIPPED: _by_signal(lambda stats, *labels: value(stats.shipped, *labels)),
    metrics.TELEMETRY_DROPPED: _by_signal(lambda stats, *labels: value(stats.dropped, *labels)),
    metrics.TELEMETRY_FAILURES: _by_signal(lambda stats, *labels: value(stats.failures, *labels)),
    metrics.TELEMETRY_LAG: _by_signal(lambda stats, *labels: value(stats.lag_events, *labels)),
    metrics.TELEMETRY_PASSED: _by_signal(lambda stats, *labels: seconds(stats.passed_at, *labels)),
}
