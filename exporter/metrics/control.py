"""The control tape: the ops endpoint as its own tape tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.errors import KNOWN
from exporter.metrics.scrape import Point, Scrape, Table, counted_errors, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric


def _errors(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.own.control_position is not None:
        yield from counted_errors(scrape.own.control_errors, KNOWN)


TABLE: Final[Table] = {
    metrics.CONTROL_POSITION: lambda scrape, _: value(scrape.own.control_position),
    metrics.CONTROL_ERRORS: _errors,
}
