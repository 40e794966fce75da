"""Decisions, orders, fills, and how long they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from exporter.metrics.scrape import Collect, Point, Scrape, Table, counted, observed, seconds, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.orders import Order
from trading_bot.domain.state import unknown_orders


def _orders(wanted: Callable[[Order], bool]) -> Collect:
    """Return the collector that counts the orders wanted by symbol, 0 for symbols without one."""

    def collect(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
        counts = Counter(dict.fromkeys(scrape.state.run.symbols, 0))
        counts.update(order.symbol for order in scrape.state.orders.values() if wanted(order))
        for symbol, count in counts.items():
            yield (symbol,), float(count)

    return collect


def _oldest_unknown(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    since = [order.unknown_since for order in unknown_orders(scrape.state) if order.unknown_since]
    return seconds(min(since, default=None))


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
    metrics.OLDEST_UNKNOWN: _oldest_unknown,
    metrics.ORDER_ACK: observed,
    metrics.ORDER_FILL: observed,
    metrics.LATENCY_INTERRUPTED: counted,
    metrics.FILLS: counted,
    metrics.FILL_NOTIONAL: counted,
    metrics.SLIPPAGE: observed,
    metrics.VENUE_REQUESTS: counted,
    metrics.RATE_LIMIT_USED: lambda scrape, _: value(scrape.state.runtime.rate_limit_used_ratio),
    metrics.CLOCK_OFFSET: _clock_offset,
}
