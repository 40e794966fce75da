"""Limits, how much of them is used, denials, breakers, the kill switch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted, flags, seconds, value
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.utilisation import utilisation


def _limits(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is not None:
        for name in labels.LIMITS:
            yield (name,), float(getattr(scrape.settings.limits, name))


def _utilisation(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is None:
        return
    for name, share in utilisation(scrape.state, scrape.settings.limits, scrape.now_ns).items():
        yield from value(share, name)


TABLE: Final[Table] = {
    metrics.RISK_LIMIT: _limits,
    metrics.RISK_UTILISATION: _utilisation,
    metrics.DENIALS: counted,
    metrics.BREAKER_OPEN: lambda scrape, _: flags(scrape.state.breakers, labels.BREAKER.values or ()),
    metrics.BREAKER_OPENINGS: counted,
    metrics.KILL_SWITCH: lambda scrape, _: value(scrape.state.mode.mode is Mode.HALTED),
    metrics.ANCHORS_RESTORED: lambda scrape, _: seconds(scrape.state.account.anchors_restored_at),
}
