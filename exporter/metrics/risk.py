"""Limits, how much of them is used, denials, breakers, the kill switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from exporter.metrics.market import HOURS
from exporter.metrics.scrape import Collect, Point, Scrape, Table, counted, flags, seconds, value
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.settings import Breakers
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain import guards
from trading_bot.domain.state import State
from trading_bot.domain.utilisation import utilisation


def _limits(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is not None:
        for name in labels.LIMITS:
            yield (name,), float(getattr(scrape.settings.limits, name))


def _utilisation(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is None:
        return
    settings = scrape.settings
    used = utilisation(scrape.state, settings.limits, scrape.now_ns, settings.breakers)
    for name, share in used.items():
        yield from value(share, name)


def _of_orders(of: Callable[[State, int, Breakers], Decimal | None]) -> Collect:
    """Return the collector of a figure over the last orders; nothing while there are too few."""

    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        if scrape.settings is not None:
            yield from value(of(scrape.state, scrape.now_ns, scrape.settings.breakers))

    return collect


def _loss_warning(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    if scrape.settings is not None:
        yield from value(guards.loss_warning(scrape.state, scrape.settings.limits))


def _stuck(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    yield from value(sum(guards.STUCK in market.blocks for market in scrape.state.markets.values()))


def _doubted(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    settings = scrape.settings
    if settings is None:
        return

    def is_open(symbol: str) -> bool:
        return HOURS.is_open(settings.sessions.get(symbol), scrape.now_ns)

    old = guards.old_marks(scrape.state, settings.limits, scrape.now_ns, is_open)
    yield from value(len({*guards.uncertain_marks(scrape.state), *old}))


TABLE: Final[Table] = {
    metrics.RISK_LIMIT: _limits,
    metrics.RISK_UTILISATION: _utilisation,
    metrics.DENIALS: counted,
    metrics.BREAKER_OPEN: lambda scrape, _: flags(scrape.state.breakers, labels.BREAKER.values or ()),
    metrics.BREAKER_OPENINGS: counted,
    metrics.LOSS_WARNING: _loss_warning,
    metrics.CONSECUTIVE_LOSSES: lambda scrape, _: value(scrape.state.guards.consecutive_losses),
    metrics.ORDER_ERROR_RATIO: _of_orders(guards.order_error_ratio),
    metrics.ORDER_TO_TRADE: _of_orders(guards.order_to_trade_ratio),
    metrics.SLIPPAGE_MEAN: _of_orders(guards.mean_slippage),
    metrics.STUCK_POSITIONS: _stuck,
    metrics.DOUBTED_MARKS: _doubted,
    metrics.ANCHORS_KNOWN: lambda scrape, _: value(guards.anchors_known(scrape.state)),
    metrics.KILL_SWITCH: lambda scrape, _: value(scrape.state.mode.mode is Mode.HALTED),
    metrics.ANCHORS_RESTORED: lambda scrape, _: seconds(scrape.state.account.anchors_restored_at),
}
