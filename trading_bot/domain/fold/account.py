"""The account folded: balances, anchors, breakers, and agreement with the venue."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import account
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import adopt_balance, adopt_position
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.guards import (
    BY_COOL_DOWN,
    BY_DAY,
    MAX_CONSECUTIVE_LOSSES,
    MAX_DAILY_LOSS,
    MAX_DRAWDOWN,
)
from trading_bot.domain.rounding import rounds_money
from trading_bot.domain.state import Breaker, Mismatch, Protection, State


@rounds_money
def _balance_adopted(state: State, envelope: Envelope, event: account.BalanceAdopted) -> None:
    adopt_balance(state, event, envelope.ts)


@rounds_money
def _position_adopted(state: State, envelope: Envelope, event: account.PositionAdopted) -> None:
    adopt_position(state, event, envelope.ts)


def _day_started(state: State, envelope: Envelope, event: account.DayStarted) -> None:
    state.account.day = event.day
    state.account.day_started_at = envelope.ts
    state.account.day_start_equity = event.equity
    state.account.loss_anchor = state.account.loss_warned_at = None
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


def _breaker_reset(state: State, envelope: Envelope, event: account.BreakerReset) -> None:
    """Close a breaker, and begin anew what it counts, so that the same loss does not open it again."""
    opened = state.breakers.pop(event.breaker, None)
    guards = state.guards
    guards.counted_from[event.breaker] = envelope.ts
    guards.half_open.pop(event.breaker, None)
    if event.how == BY_COOL_DOWN:
        guards.half_open[event.breaker] = None
    if event.breaker == MAX_DAILY_LOSS and event.how != BY_DAY:
        state.account.loss_anchor, state.account.loss_warned_at = event.anchor, None
    elif event.breaker == MAX_DRAWDOWN:
        state.account.drawdown_anchor = event.anchor
    elif event.breaker == MAX_CONSECUTIVE_LOSSES:
        half = int(opened.limit_value) // 2 if opened is not None and event.how == BY_COOL_DOWN else 0
        guards.consecutive_losses = half


def _loss_warned(state: State, envelope: Envelope, _event: account.LossWarned) -> None:
    state.account.loss_warned_at = envelope.ts


def _reconciliation_completed(
    state: State, envelope: Envelope, event: account.ReconciliationCompleted
) -> None:
    state.reconciliation.completed_at = envelope.ts
    state.reconciliation.duration_ns = event.duration_ns
    state.reconciliation.trigger = event.trigger
    tally.count(state, metrics.RECONCILIATIONS, event.trigger)


def _mismatch_found(state: State, envelope: Envelope, event: account.MismatchFound) -> None:
    known = state.reconciliation.mismatches.get(event.mismatch_id)
    state.reconciliation.mismatches[event.mismatch_id] = Mismatch(
        mismatch_id=event.mismatch_id,
        subject=event.subject,
        symbol=event.symbol,
        asset=event.asset,
        local=event.local,
        venue=event.venue,
        message=event.message,
        found_at=envelope.ts if known is None else known.found_at,
        quantity=event.quantity,
    )
    if known is None:  # otherwise it is the same one, by another amount
        tally.count(state, metrics.MISMATCHES_FOUND, event.subject)


def _mismatch_settled(state: State, envelope: Envelope, event: account.MismatchSettled) -> None:
    settled = state.reconciliation.mismatches.pop(event.mismatch_id, None)
    if event.how == "vanished":
        state.reconciliation.tolerated.pop(event.mismatch_id, None)
    elif settled is not None and settled.subject == "order":
        state.reconciliation.tolerated[event.mismatch_id] = envelope.ts


def _protection_changed(state: State, envelope: Envelope, event: account.ProtectionChanged) -> None:
    state.protection[event.symbol] = Protection(
        status=event.status,
        quantity=event.quantity,
        stop_loss=event.stop_loss,
        take_profit=event.take_profit,
        message=event.message,
        since=envelope.ts,
    )


HANDLERS: Final[dict[str, Handler]] = {
    account.BalanceAdopted.KIND: _balance_adopted,
    account.PositionAdopted.KIND: _position_adopted,
    account.DayStarted.KIND: _day_started,
    account.AnchorsRestored.KIND: _anchors_restored,
    account.BreakerOpened.KIND: _breaker_opened,
    account.BreakerReset.KIND: _breaker_reset,
    account.LossWarned.KIND: _loss_warned,
    account.ReconciliationCompleted.KIND: _reconciliation_completed,
    account.MismatchFound.KIND: _mismatch_found,
    account.MismatchSettled.KIND: _mismatch_settled,
    account.ProtectionChanged.KIND: _protection_changed,
}
