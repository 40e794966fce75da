"""Decisions, orders, fills, and how long they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from exporter.metrics.scrape import Collect, Point, Scrape, Table, counted, observed, seconds, value
from trading_bot.contract.events.account import ProtectionStatus
from trading_bot.contract.events.trading import Trigger
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import unknown_orders
from trading_bot.domain.orders import Order


def _orders(wanted: Callable[[Order], bool]) -> Collect:
    """Return the collector that counts the orders wanted by symbol, 0 for symbols without one."""

    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        counts = Counter(dict.fromkeys(scrape.state.run.symbols, 0))
        counts.update(order.symbol for order in scrape.state.orders.values() if wanted(order))
        for symbol, count in counts.items():
            yield (symbol,), float(count)

    return collect


def _oldest_open(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    """Protective orders are meant to be old: they do not count."""
    since = [o.intended_at for o in scrape.state.orders.values() if o.unknown_since is None and not o.trigger]
    return seconds(min(since, default=None))


def _oldest_unknown(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    since = [order.unknown_since for order in unknown_orders(scrape.state) if order.unknown_since]
    return seconds(min(since, default=None))


def _overdue(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    if scrape.settings is None:
        return
    since = scrape.now_ns - scrape.settings.execution.unknown_operator_seconds * SECOND
    yield from _orders(lambda order: (order.unknown_since or scrape.now_ns) < since)(scrape, metric)


def _protective(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    orders = scrape.state.orders.values()
    resting = Counter((order.symbol, order.trigger) for order in orders if order.trigger and order.rests)
    for symbol in scrape.state.run.symbols:
        for trigger in Trigger:
            yield (symbol, trigger.value), float(resting[symbol, trigger])


def _unprotected(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    for symbol in scrape.state.run.symbols:
        known = scrape.state.protection.get(symbol)
        yield (symbol,), float(known is not None and known.status is ProtectionStatus.MISSING)


def _clock_offset(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    return seconds(scrape.state.runtime.clock_offset_ns)


TABLE: Final[Table] = {
    metrics.DECISIONS: counted,
    metrics.DECISION_DURATION: observed,
    metrics.SIGNALS: counted,
    metrics.ORDERS_SENT: counted,
    metrics.ORDERS: counted,
    metrics.ORDERS_OPEN: _orders(lambda order: order.unknown_since is None),
    metrics.ORDERS_UNKNOWN: _orders(lambda order: order.unknown_since is not None),
    metrics.OLDEST_OPEN: _oldest_open,
    metrics.OLDEST_UNKNOWN: _oldest_unknown,
    metrics.UNKNOWN_OVERDUE: _overdue,
    metrics.PROTECTIVE_ORDERS: _protective,
    metrics.PROTECTIVE_MISSING: _unprotected,
    metrics.ORDER_ACK: observed,
    metrics.ORDER_FILL: observed,
    metrics.LATENCY_INTERRUPTED: counted,
    metrics.FILLS: counted,
    metrics.FILL_NOTIONAL: counted,
    metrics.SLIPPAGE: observed,
    metrics.VENUE_REQUESTS: counted,
    metrics.VENUE_RETRIES: counted,
    metrics.RATE_LIMIT_USED: lambda scrape, _: value(scrape.state.runtime.rate_limit_used_ratio),
    metrics.CLOCK_OFFSET: _clock_offset,
}
