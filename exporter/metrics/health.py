"""Mode, conditions, settings in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted, flags, seconds, value
from trading_bot.contract.events.lifecycle import ConditionStatus, Mode
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric


def _conditions(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for condition in (*scrape.health.conditions, scrape.own.telemetry):
        yield from flags((condition.status,), ConditionStatus, condition.name)


def _since(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    yield from seconds(scrape.own.telemetry.since, scrape.own.telemetry.name)
    for condition in scrape.health.conditions:
        if condition.name in scrape.state.conditions:  # one that was never reported never changed
            yield from seconds(condition.since, condition.name)


TABLE: Final[Table] = {
    metrics.MODE: lambda scrape, _: flags((scrape.state.mode.mode,), Mode),
    metrics.MODE_CHANGES: counted,
    metrics.CONDITION: _conditions,
    metrics.CONDITION_SINCE: _since,
    metrics.SETTINGS_GENERATION: lambda scrape, _: value(scrape.state.settings.generation),
    metrics.SETTINGS_APPLIED: lambda scrape, _: seconds(scrape.state.settings.applied_at),
}
