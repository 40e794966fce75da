"""The exporter itself: how far behind it is, what it cost, and which parts of the page failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted_errors, seconds, value
from trading_bot.contract.errors import telemetry
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric

OWN_CODES: Final = tuple((row.code,) for row in telemetry.DEFINITIONS)


def _by_tape(numbers: Mapping[str, int]) -> Iterator[Point]:
    for tape, number in numbers.items():
        yield (tape,), float(number)


def _success(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for name, result in scrape.results.items():
        yield from value(result.success, name)


def _duration(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for name, result in scrape.results.items():
        yield from seconds(result.duration_ns, name)


TABLE: Final[Table] = {
    metrics.EXPORTER_START: lambda scrape, _: seconds(scrape.own.started_at),
    metrics.FOLLOW_LAG: lambda scrape, _: _by_tape(scrape.own.lag),
    metrics.REWINDS: lambda scrape, _: _by_tape(scrape.own.rewinds),
    metrics.FOLD_DISAGREEMENTS: lambda scrape, _: value(scrape.own.disagreements),
    metrics.COLLECTOR_SUCCESS: _success,
    metrics.COLLECTOR_DURATION: _duration,
    metrics.EXPORTER_ERRORS: lambda scrape, _: counted_errors(scrape.own.errors, OWN_CODES),
    metrics.EXPORTER_CPU: lambda scrape, _: value(scrape.own.cpu_seconds),
    metrics.EXPORTER_MEMORY: lambda scrape, _: value(scrape.own.resident_bytes),
}
