"""Trading folded: signals, verdicts, the life of orders, fills."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import trading
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import apply_fill
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.orders import FLATTENING, Order, OrderStatus, next_status, status_after_fill
from trading_bot.domain.rounding import rounds_money
from trading_bot.domain.state import RECENT_ORDERS, State

NEVER_SENT: Final = "never_sent"


def _signal_raised(state: State, envelope: Envelope, event: trading.SignalRaised) -> None:
    tally.count(state, metrics.SIGNALS, event.strategy, event.symbol, event.side)
    if event.side is trading.Side.SELL:
        _want_exit(state, event.symbol, envelope.ts)
    elif (position := state.positions.get(event.symbol)) is not None:
        position.exit_wanted_at = None


def _want_exit(state: State, symbol: str, at: int) -> None:
    position = state.positions.get(symbol)
    if position is not None and position.trip_open and position.exit_wanted_at is None:
        position.exit_wanted_at = at


def _order_denied(state: State, _envelope: Envelope, event: trading.OrderDenied) -> None:
    tally.count(state, metrics.DENIALS, event.limit)
    tally.count(state, metrics.ORDERS, event.symbol, event.side, event.type, "denied")


def _order_intended(state: State, envelope: Envelope, event: trading.OrderIntended) -> None:
    state.orders[event.client_order_id] = Order(
        client_order_id=event.client_order_id,
        strategy=event.strategy,
        symbol=event.symbol,
        side=event.side,
        type=event.type,
        time_in_force=event.time_in_force,
        quantity=event.quantity,
        limit_price=event.limit_price,
        reference_price=event.reference_price,
        intended_at=envelope.ts,
        trace_id=envelope.trace_id,
        trigger=event.trigger,
        stop_price=event.stop_price,
        pair=event.pair,
    )
    if event.strategy == FLATTENING:
        _want_exit(state, event.symbol, envelope.ts)


def _order_sent(state: State, envelope: Envelope, event: trading.OrderSent) -> None:
    order = state.orders.get(event.client_order_id)
    if order is None:
        return
    order.status = next_status(order, envelope.kind)
    order.sent_at = envelope.ts
    state.last_order_at = envelope.ts
    tally.count(state, metrics.ORDERS_SENT, order.symbol, order.side, order.type)


def _order_acknowledged(state: State, envelope: Envelope, event: trading.OrderAcknowledged) -> None:
    order = _order(state, event.client_order_id)
    if order is None:
        return
    order.status = next_status(order, envelope.kind)
    order.venue_order_id = event.venue_order_id
    order.unknown_since = None
    if order.acknowledged_at is None:
        order.acknowledged_at = envelope.ts
        _observe_latency(state, metrics.ORDER_ACK, "ack", order, event.latency_ns, envelope)


@rounds_money
def _order_filled(state: State, envelope: Envelope, event: trading.OrderFilled) -> None:
    if not tally.first_report(state, event.symbol, event.trade_id, envelope.ts):
        return
    order = _order(state, event.client_order_id)
    if order is not None:
        _take_fill(state, order, event, envelope)
    if event.learned_by is trading.LearnedBy.RECONCILIATION:
        tally.count(state, metrics.FILLS_LEARNED)
    state.last_fill_at = envelope.ts
    apply_fill(state, event, envelope, None if order is None else order.strategy)


def _take_fill(state: State, order: Order, event: trading.OrderFilled, envelope: Envelope) -> None:
    was_final = order.is_final
    order.status = status_after_fill(order, event)
    if was_final and not order.is_final:
        _reopen(state, order)
    order.filled_quantity += event.quantity
    order.filled_notional += event.quantity * event.price
    order.unknown_since = None
    if order.first_fill_at is None:
        order.first_fill_at = envelope.ts
        if order.trigger is None:  # one that waits for its price is not slow
            _observe_latency(state, metrics.ORDER_FILL, "fill", order, event.latency_ns, envelope)
    tally.observe_slippage(state, order, event, envelope)
    if order.is_final and not was_final:
        _close(state, order, "filled", envelope)


def _order_cancelled(state: State, envelope: Envelope, event: trading.OrderCancelled) -> None:
    _end(state, event.client_order_id, event.reason, "cancelled", envelope)


def _order_rejected(state: State, envelope: Envelope, event: trading.OrderRejected) -> None:
    order = state.orders.get(event.client_order_id)
    if order is not None and event.reason != NEVER_SENT:
        order.failed = True
    _end(state, event.client_order_id, event.message, "rejected", envelope)


def _order_outcome_lost(state: State, envelope: Envelope, event: trading.OrderOutcomeLost) -> None:
    order = state.orders.get(event.client_order_id)
    if order is None:
        return
    order.status = next_status(order, envelope.kind)
    if order.status is OrderStatus.UNKNOWN and order.unknown_since is None:
        order.unknown_since = envelope.ts
        order.failed = True
        order.reason = event.message
        tally.count(state, metrics.ORDERS, order.symbol, order.side, order.type, "unknown")


def _end(state: State, client_order_id: str, reason: str, outcome: str, envelope: Envelope) -> None:
    order = state.orders.get(client_order_id)
    if order is None:
        return
    order.status = next_status(order, envelope.kind)
    order.reason = reason
    order.unknown_since = None
    _close(state, order, outcome, envelope)


def _reopen(state: State, order: Order) -> None:
    """Take an order back that was believed rejected: it trades, so it may have a rest at the venue."""
    order.ended_at = None
    state.closed_orders.pop(order.client_order_id, None)
    state.orders[order.client_order_id] = order


def _close(state: State, order: Order, outcome: str, envelope: Envelope) -> None:
    order.ended_at = envelope.ts
    state.orders.pop(order.client_order_id, None)
    state.closed_orders[order.client_order_id] = order
    while len(state.closed_orders) > RECENT_ORDERS:
        del state.closed_orders[next(iter(state.closed_orders))]
    tally.count(state, metrics.ORDERS, order.symbol, order.side, order.type, outcome)


def _observe_latency(
    state: State, metric: Metric, stage: str, order: Order, latency_ns: int | None, envelope: Envelope
) -> None:
    if latency_ns is None:
        tally.count(state, metrics.LATENCY_INTERRUPTED, stage)
        return
    tally.observe(state, metric, latency_ns / 1e9, order.type, trace_id=envelope.trace_id, at=envelope.ts)


def _order(state: State, client_order_id: str) -> Order | None:
    return state.orders.get(client_order_id) or state.closed_orders.get(client_order_id)


HANDLERS: Final[dict[str, Handler]] = {
    trading.SignalRaised.KIND: _signal_raised,
    trading.OrderDenied.KIND: _order_denied,
    trading.OrderIntended.KIND: _order_intended,
    trading.OrderSent.KIND: _order_sent,
    trading.OrderAcknowledged.KIND: _order_acknowledged,
    trading.OrderFilled.KIND: _order_filled,
    trading.OrderCancelled.KIND: _order_cancelled,
    trading.OrderRejected.KIND: _order_rejected,
    trading.OrderOutcomeLost.KIND: _order_outcome_lost,
}
