"""The one fold: ``evolve(state, envelope) -> state``.

Used by the bot's live state and its recovery, by the exporter, ops, the command line and the tests.
Deterministic, without I/O, clock or randomness. It takes ownership of the state that it is given and
returns the same object, changed: copying would cost more than all the rest (docs/adr). Whoever needs
the old state encodes it first.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import account, lifecycle, market, observation, trading
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import adopt_balance, adopt_position, apply_fill, take_mark
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import Order, OrderStatus, next_status, status_after_fill
from trading_bot.domain.state import (
    RECENT_ERRORS,
    RECENT_MODES,
    RECENT_ORDERS,
    Block,
    Breaker,
    Condition,
    Market,
    Mismatch,
    ModeState,
    Run,
    SettingsState,
    State,
)

Handler = Callable[[State, Envelope, Any], None]

TWO: Final = Decimal(2)
EVENTS_COUNTED: Final = metrics.JOURNAL_EVENTS.name


def evolve(state: State, envelope: Envelope) -> State:
    """Return ``state`` with ``envelope`` folded in. The argument must not be used afterwards."""
    kind = envelope.kind
    handler = HANDLERS.get(kind)
    if handler is not None:
        handler(state, envelope, envelope.payload)
    try:
        state.counts[EVENTS_COUNTED][kind] += 1.0
    except KeyError:
        tally.count(state, metrics.JOURNAL_EVENTS, kind)
    state.seq = envelope.seq
    state.ts = envelope.ts
    return state


def _bot_started(state: State, envelope: Envelope, event: lifecycle.BotStarted) -> None:
    tally.count(state, metrics.RUNS)
    if event.previous_run_ended is False:
        tally.count(state, metrics.UNCLEAN_STOPS)
    state.run = Run(
        run_id=envelope.run_id,
        version=event.version,
        python=event.python,
        pid=event.pid,
        host=event.host,
        venue=event.venue,
        supervisor=event.supervisor,
        started_at=envelope.ts,
        beat_at=envelope.ts,
    )
    if state.account.currency != event.currency:
        state.account.currency, state.account.equity = event.currency, None
    for known in state.markets.values():
        known.blocks.clear()


def _bot_ready(state: State, envelope: Envelope, event: lifecycle.BotReady) -> None:
    state.run.ready_at = envelope.ts
    state.run.symbols = event.symbols
    state.run.strategies = event.strategies


def _bot_stopped(state: State, envelope: Envelope, event: lifecycle.BotStopped) -> None:
    state.run.stopped_at = envelope.ts
    state.run.stop_reason = event.reason


def _bot_beat(state: State, envelope: Envelope, event: lifecycle.BotBeat) -> None:
    state.run.beat_at = envelope.ts
    state.run.cycles = event.cycles


def _mode_changed(state: State, envelope: Envelope, event: lifecycle.ModeChanged) -> None:
    state.mode = ModeState(
        mode=event.mode, since=envelope.ts, reason=event.reason, message=event.message, actor=event.actor
    )
    state.modes.append(state.mode)
    del state.modes[:-RECENT_MODES]
    tally.count(state, metrics.MODE_CHANGES, event.mode)


def _settings_applied(state: State, envelope: Envelope, event: lifecycle.SettingsApplied) -> None:
    state.settings = SettingsState(
        generation=event.generation,
        hash=event.hash,
        settings=event.settings,
        applied_at=envelope.ts,
        source=event.source,
        actor=event.actor,
    )


def _settings_rolled_back(state: State, envelope: Envelope, event: lifecycle.SettingsRolledBack) -> None:
    state.settings = SettingsState(
        generation=event.generation,
        hash=event.hash,
        settings=event.settings,
        applied_at=envelope.ts,
        source="rollback",
        actor=event.actor,
    )


def _condition_changed(state: State, envelope: Envelope, event: lifecycle.ConditionChanged) -> None:
    before = state.conditions.get(event.condition)
    since = before.since if before is not None and before.status is event.status else envelope.ts
    state.conditions[event.condition] = Condition(
        name=event.condition, status=event.status, reason=event.reason, message=event.message, since=since
    )


def _symbol_blocked(state: State, envelope: Envelope, event: lifecycle.SymbolBlocked) -> None:
    blocks = _market(state, event.symbol).blocks
    if event.blocked:
        blocks[event.reason] = Block(reason=event.reason, message=event.message, since=envelope.ts)
    else:
        blocks.pop(event.reason, None)


def _error_recorded(state: State, envelope: Envelope, event: lifecycle.ErrorRecorded) -> None:
    error = event.error
    state.errors.append(error)
    del state.errors[:-RECENT_ERRORS]
    tally.count(state, metrics.ERRORS_TOTAL, error.error_code, error.severity)
    tally.stamp(state, metrics.ERROR_TIME, envelope.ts, error.error_code)


def _state_snapshotted(state: State, envelope: Envelope, _event: lifecycle.StateSnapshotted) -> None:
    state.snapshot_at = envelope.ts


def _signal_raised(state: State, _envelope: Envelope, event: trading.SignalRaised) -> None:
    tally.count(state, metrics.SIGNALS, event.strategy, event.symbol, event.side)


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
    )


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


def _order_filled(state: State, envelope: Envelope, event: trading.OrderFilled) -> None:
    if not tally.first_report(state, event.symbol, event.trade_id):
        return
    order = _order(state, event.client_order_id)
    if order is not None:
        _take_fill(state, order, event, envelope)
    if event.learned_by is trading.LearnedBy.RECONCILIATION:
        tally.count(state, metrics.FILLS_LEARNED)
    state.last_fill_at = envelope.ts
    apply_fill(state, event, envelope)


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
        _observe_latency(state, metrics.ORDER_FILL, "fill", order, event.latency_ns, envelope)
    tally.observe_slippage(state, order, event, envelope)
    if order.is_final and not was_final:
        _close(state, order, "filled", envelope)


def _order_cancelled(state: State, envelope: Envelope, event: trading.OrderCancelled) -> None:
    _end(state, event.client_order_id, event.reason, "cancelled", envelope)


def _order_rejected(state: State, envelope: Envelope, event: trading.OrderRejected) -> None:
    _end(state, event.client_order_id, event.message, "rejected", envelope)


def _order_outcome_lost(state: State, envelope: Envelope, event: trading.OrderOutcomeLost) -> None:
    order = state.orders.get(event.client_order_id)
    if order is None:
        return
    order.status = next_status(order, envelope.kind)
    if order.status is OrderStatus.UNKNOWN and order.unknown_since is None:
        order.unknown_since = envelope.ts
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


def _instrument_listed(state: State, _envelope: Envelope, event: market.InstrumentListed) -> None:
    state.instruments[event.symbol] = Instrument(
        symbol=event.symbol,
        base=event.base,
        quote=event.quote,
        tick=event.tick,
        lot=event.lot,
        minimum_quantity=event.minimum_quantity,
        minimum_notional=event.minimum_notional,
    )


def _quote_conflated(state: State, envelope: Envelope, event: market.QuoteConflated) -> None:
    known = _market(state, event.symbol)
    bid, ask = event.bid, event.ask
    known.bid = bid
    known.ask = ask
    known.mark = (bid + ask) / TWO
    known.quote_at = event.received_at
    known.venue_time = event.venue_time
    tally.count(state, metrics.MESSAGES, event.symbol, by=event.messages)
    take_mark(state, event.symbol, envelope.ts)


def _bar_closed(state: State, envelope: Envelope, event: market.BarClosed) -> None:
    known = _market(state, event.symbol)
    known.bar_open_time = event.open_time
    known.bar_interval_ns = event.interval_ns
    known.bar_close = event.close
    known.bar_recorded_at = envelope.ts
    tally.count(state, metrics.BARS, event.symbol)
    if event.skipped:
        tally.count(state, metrics.BARS_SKIPPED, event.symbol, by=event.skipped)


def _feed_reconnected(state: State, _envelope: Envelope, event: market.FeedReconnected) -> None:
    tally.count(state, metrics.RECONNECTS, event.stream)


def _balance_adopted(state: State, envelope: Envelope, event: account.BalanceAdopted) -> None:
    adopt_balance(state, event, envelope.ts)


def _position_adopted(state: State, envelope: Envelope, event: account.PositionAdopted) -> None:
    adopt_position(state, event, envelope.ts)


def _day_started(state: State, envelope: Envelope, event: account.DayStarted) -> None:
    state.account.day = event.day
    state.account.day_started_at = envelope.ts
    state.account.day_start_equity = event.equity
    state.performance.trades_today = 0


def _anchors_restored(state: State, envelope: Envelope, _event: account.AnchorsRestored) -> None:
    state.account.anchors_restored_at = envelope.ts


def _breaker_opened(state: State, envelope: Envelope, event: account.BreakerOpened) -> None:
    state.breakers[event.breaker] = Breaker(
        breaker=event.breaker,
        error_code=event.error_code,
        opened_at=envelope.ts,
        limit_value=event.limit_value,
        observed=event.observed,
        message=event.message,
    )
    tally.count(state, metrics.BREAKER_OPENINGS, event.breaker)


def _breaker_reset(state: State, _envelope: Envelope, event: account.BreakerReset) -> None:
    state.breakers.pop(event.breaker, None)


def _reconciliation_completed(
    state: State, envelope: Envelope, event: account.ReconciliationCompleted
) -> None:
    state.reconciliation.completed_at = envelope.ts
    state.reconciliation.duration_ns = event.duration_ns
    state.reconciliation.trigger = event.trigger
    tally.count(state, metrics.RECONCILIATIONS, event.trigger)


def _mismatch_found(state: State, envelope: Envelope, event: account.MismatchFound) -> None:
    state.reconciliation.mismatches[event.mismatch_id] = Mismatch(
        mismatch_id=event.mismatch_id,
        subject=event.subject,
        symbol=event.symbol,
        asset=event.asset,
        local=event.local,
        venue=event.venue,
        message=event.message,
        found_at=envelope.ts,
    )
    tally.count(state, metrics.MISMATCHES_FOUND, event.subject)


def _mismatch_settled(state: State, _envelope: Envelope, event: account.MismatchSettled) -> None:
    state.reconciliation.mismatches.pop(event.mismatch_id, None)


def _runtime_sampled(state: State, envelope: Envelope, event: observation.RuntimeSampled) -> None:
    tally.take_sample(state, event, envelope.ts)


def _market(state: State, symbol: str) -> Market:
    known = state.markets.get(symbol)
    if known is None:
        known = state.markets[symbol] = Market()
    return known


def _order(state: State, client_order_id: str) -> Order | None:
    return state.orders.get(client_order_id) or state.closed_orders.get(client_order_id)


HANDLERS: Final[dict[str, Handler]] = {
    lifecycle.BotStarted.KIND: _bot_started,
    lifecycle.BotReady.KIND: _bot_ready,
    lifecycle.BotStopped.KIND: _bot_stopped,
    lifecycle.BotBeat.KIND: _bot_beat,
    lifecycle.ModeChanged.KIND: _mode_changed,
    lifecycle.SettingsApplied.KIND: _settings_applied,
    lifecycle.SettingsRolledBack.KIND: _settings_rolled_back,
    lifecycle.ConditionChanged.KIND: _condition_changed,
    lifecycle.SymbolBlocked.KIND: _symbol_blocked,
    lifecycle.ErrorRecorded.KIND: _error_recorded,
    lifecycle.StateSnapshotted.KIND: _state_snapshotted,
    trading.SignalRaised.KIND: _signal_raised,
    trading.OrderDenied.KIND: _order_denied,
    trading.OrderIntended.KIND: _order_intended,
    trading.OrderSent.KIND: _order_sent,
    trading.OrderAcknowledged.KIND: _order_acknowledged,
    trading.OrderFilled.KIND: _order_filled,
    trading.OrderCancelled.KIND: _order_cancelled,
    trading.OrderRejected.KIND: _order_rejected,
    trading.OrderOutcomeLost.KIND: _order_outcome_lost,
    market.InstrumentListed.KIND: _instrument_listed,
    market.QuoteConflated.KIND: _quote_conflated,
    market.BarClosed.KIND: _bar_closed,
    market.FeedReconnected.KIND: _feed_reconnected,
    account.BalanceAdopted.KIND: _balance_adopted,
    account.PositionAdopted.KIND: _position_adopted,
    account.DayStarted.KIND: _day_started,
    account.AnchorsRestored.KIND: _anchors_restored,
    account.BreakerOpened.KIND: _breaker_opened,
    account.BreakerReset.KIND: _breaker_reset,
    account.ReconciliationCompleted.KIND: _reconciliation_completed,
    account.MismatchFound.KIND: _mismatch_found,
    account.MismatchSettled.KIND: _mismatch_settled,
    observation.RuntimeSampled.KIND: _runtime_sampled,
}

WITHOUT_EFFECT: Final = frozenset(
    {
        lifecycle.CommandAnswered.KIND,
        lifecycle.TapePruned.KIND,
        lifecycle.OpsStarted.KIND,
        lifecycle.OpsStopped.KIND,
        lifecycle.CommandIssued.KIND,
        trading.OrderCancelRequested.KIND,
        observation.SpansRecorded.KIND,
    }
)
"""Kinds that change no state but the count of events: a test holds both tables to the catalogue."""
