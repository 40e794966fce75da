"""Mode, conditions, settings in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.control import pending
from exporter.metrics.scrape import Point, Scrape, Table, counted, flags, seconds, value
from trading_bot.contract.commands import CHANGES_SETTINGS
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
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


BARS: Final = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600}
"""The setting `bar` in seconds."""


def _bar(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    return value(None if scrape.settings is None else BARS[scrape.settings.bar])


def _pending(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.own.control_position is not None:
        yield from value(any(issued.name in CHANGES_SETTINGS for issued in pending(scrape)))


def _drift(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    condition = scrape.state.conditions.get(ConditionName.CONFIG_APPLIED)
    if condition is not None:
        yield from value(condition.status is ConditionStatus.FALSE)


TABLE: Final[Table] = {
    metrics.MODE: lambda scrape, _: flags((scrape.state.mode.mode,), Mode),
    metrics.MODE_CHANGES: counted,
    metrics.CONDITION: _conditions,
    metrics.CONDITION_SINCE: _since,
    metrics.SETTINGS_GENERATION: lambda scrape, _: value(scrape.state.settings.generation),
    metrics.SETTINGS_BAR: _bar,
    metrics.SETTINGS_PENDING: _pending,
    metrics.SETTINGS_ROLLBACKS: counted,
    metrics.SETTINGS_DRIFT: _drift,
    metrics.SETTINGS_APPLIED: lambda scrape, _: seconds(scrape.state.settings.applied_at),
}
