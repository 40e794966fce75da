"""Counting in the state: counters, timestamps, histograms, and each fill once."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from operator import add
from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.observation import HistogramDelta, RuntimeSampled
from trading_bot.contract.events.trading import OrderFilled, Side
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.clock import SECOND
from trading_bot.domain.orders import Order
from trading_bot.domain.state import RECENT_TRADE_IDS, Histogram, State

MAY_COME_AGAIN_NS: Final = 600 * SECOND
"""How long before the last comparison with the venue a fill may have been booked that is reported again."""

ASKED_BEFORE_NS: Final = 120 * SECOND
"""An order that is not over is asked for with all fills since its intent, and with those of so long before."""

MOST_TRADE_IDS: Final = 20_000
"""As many as are remembered of a symbol, whatever may come again: a snapshot holds them all."""

SEPARATOR = "|"
"""Between label values in a key; no symbol, asset or strategy name contains it."""


def count(state: State, metric: Metric, *label_values: str, by: float = 1) -> None:
    """Add to a counter."""
    key = label_values[0] if len(label_values) == 1 else SEPARATOR.join(label_values)
    try:
        state.counts[metric.name][key] += by
    except KeyError:
        state.counts.setdefault(metric.name, {})[key] = 0.0 + by


def stamp(state: State, metric: Metric, at: int, *label_values: str) -> None:
    """Keep when something last happened, nanoseconds since the epoch."""
    state.timestamps.setdefault(metric.name, {})[SEPARATOR.join(label_values)] = at


def observe(
    state: State, metric: Metric, value: float, *label_values: str, trace_id: str | None = None, at: int = 0
) -> None:
    """Add one observation, in the metric's unit, to a histogram; it becomes the exemplar if it has a trace."""
    histogram = _histogram(state, metric, SEPARATOR.join(label_values))
    histogram.buckets[bisect_left(metric.bounds, value)] += 1
    histogram.total += value
    if trace_id is not None:
        histogram.exemplar_value = value
        histogram.exemplar_trace_id = trace_id
        histogram.exemplar_at = at


def observe_slippage(state: State, order: Order, fill: OrderFilled, envelope: Envelope) -> None:
    """Observe a fill's price against the order's reference, in basis points; positive costs."""
    if order.reference_price <= 0:
        return
    difference = fill.price - order.reference_price
    cost = difference if fill.side is Side.BUY else -difference
    bps = float(cost / order.reference_price * 10_000)
    observe(state, metrics.SLIPPAGE, bps, fill.side, trace_id=envelope.trace_id, at=envelope.ts)


def first_report(state: State, symbol: str, trade_id: str, at: int) -> bool:
    """Remember a trade id; False if it was reported before.

    Beyond the last few only those are forgotten that nobody asks for again: a comparison looks back from the
    last one, which may be an hour and thousands of fills ago, and an order that is not over from its intent.
    """
    known = state.trade_ids.setdefault(symbol, {})
    if trade_id in known:
        return False
    known[trade_id] = at
    if len(known) > RECENT_TRADE_IDS:
        _forget_compared(state, symbol, known)
    return True


def _forget_compared(state: State, symbol: str, known: dict[str, int | None]) -> None:
    asked_from = _asked_from(state, symbol)
    for trade_id, booked in list(islice(known.items(), len(known) - RECENT_TRADE_IDS)):
        may_come_again = asked_from is not None and booked is not None and booked >= asked_from
        if may_come_again and len(known) <= MOST_TRADE_IDS:
            break
        del known[trade_id]


def _asked_from(state: State, symbol: str) -> int | None:
    """Return when the oldest fills of a symbol were booked that may be asked for again, None for no such time."""
    completed = state.reconciliation.completed_at
    times = [order.intended_at - ASKED_BEFORE_NS for order in state.orders.values() if order.symbol == symbol]
    if completed is not None:
        times.append(completed - MAY_COME_AGAIN_NS)
    return min(times, default=None)


def take_sample(state: State, event: RuntimeSampled, at: int) -> None:
    """Fold a record of runtime measurements."""
    runtime = state.runtime
    runtime.sampled_at = at
    runtime.cpu_seconds = event.cpu_seconds
    runtime.resident_bytes = event.resident_bytes
    runtime.open_files = event.open_files
    runtime.threads = event.threads
    runtime.loop_lag_ns = event.loop_lag_ns
    runtime.journal_queue = event.journal_queue
    runtime.journal_bytes = event.journal_bytes
    runtime.clock_offset_ns = event.clock_offset_ns
    runtime.rate_limit_used_ratio = event.rate_limit_used_ratio
    for operation, requests in event.requests.items():
        count(state, metrics.VENUE_REQUESTS, operation, by=requests)
    for name, increment in event.counters.items():
        if name in metrics.METRICS:
            count(state, metrics.METRICS[name], by=increment)
    for name, delta in event.histograms.items():
        _take_delta(state, name, delta, at)
    if metrics.DECISION_DURATION.name in event.histograms:
        state.last_decision_at = at


def _histogram(state: State, metric: Metric, key: str) -> Histogram:
    series = state.histograms.setdefault(metric.name, {})
    histogram = series.get(key)
    if histogram is None or len(histogram.buckets) != len(metric.bounds) + 1:
        histogram = series[key] = Histogram(buckets=[0] * (len(metric.bounds) + 1))
    return histogram


def _take_delta(state: State, name: str, delta: HistogramDelta, at: int) -> None:
    """Add what was observed in an interval; of a metric, or bounds, of another release nothing is taken."""
    metric = metrics.METRICS.get(name)
    if metric is None or len(delta.buckets) != len(metric.bounds) + 1:
        return
    histogram = _histogram(state, metric, "")
    histogram.buckets = list(map(add, histogram.buckets, delta.buckets))
    histogram.total += delta.total
    if delta.exemplar_value is not None:
        histogram.exemplar_value = delta.exemplar_value
        histogram.exemplar_trace_id = delta.exemplar_trace_id
        histogram.exemplar_at = at
