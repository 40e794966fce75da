"""The process's life folded: runs, modes, settings, conditions, blocks, errors, measurements."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import lifecycle, observation
from trading_bot.contract.events.lifecycle import ConditionStatus
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import remark
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.guards import PRICE_JUMP
from trading_bot.domain.state import (
    RECENT_ERRORS,
    RECENT_MODES,
    Block,
    Condition,
    ModeState,
    Run,
    State,
    known_market,
)


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
    trial = state.probation
    if trial is not None and state.ts < trial.until:
        trial.until += envelope.ts - state.ts  # while nothing ran, nothing was tried
    if state.account.currency != event.currency:
        state.account.currency, state.account.equity = event.currency, None
    for known in state.markets.values():
        known.blocks.clear()
    state.account.doubted.clear()


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


def _condition_changed(state: State, envelope: Envelope, event: lifecycle.ConditionChanged) -> None:
    before = state.conditions.get(event.condition)
    since = before.since if before is not None and before.status is event.status else envelope.ts
    state.conditions[event.condition] = Condition(
        name=event.condition, status=event.status, reason=event.reason, message=event.message, since=since
    )
    trial = state.probation
    if trial is not None and event.status is ConditionStatus.TRUE and event.condition not in trial.healthy:
        trial.healthy.append(event.condition)


def _symbol_blocked(state: State, envelope: Envelope, event: lifecycle.SymbolBlocked) -> None:
    blocks = known_market(state, event.symbol).blocks
    if event.blocked:
        blocks[event.reason] = Block(reason=event.reason, message=event.message, since=envelope.ts)
    else:
        blocks.pop(event.reason, None)
    if event.reason == PRICE_JUMP:
        _doubt(state, event)


def _doubt(state: State, event: lifecycle.SymbolBlocked) -> None:
    """While a price is not believed no peak is taken from it; once it is, equity counts as it stands."""
    if event.blocked:
        state.account.doubted[event.symbol] = None
    else:
        state.account.doubted.pop(event.symbol, None)
        remark(state, event.symbol, state.ts)


def _error_recorded(state: State, envelope: Envelope, event: lifecycle.ErrorRecorded) -> None:
    error = event.error
    state.errors.append(error)
    del state.errors[:-RECENT_ERRORS]
    tally.count(state, metrics.ERRORS_TOTAL, error.error_code, error.severity)
    tally.stamp(state, metrics.ERROR_TIME, envelope.ts, error.error_code)


def _state_snapshotted(state: State, envelope: Envelope, _event: lifecycle.StateSnapshotted) -> None:
    state.snapshot_at = envelope.ts


def _runtime_sampled(state: State, envelope: Envelope, event: observation.RuntimeSampled) -> None:
    tally.take_sample(state, event, envelope.ts)


HANDLERS: Final[dict[str, Handler]] = {
    lifecycle.BotStarted.KIND: _bot_started,
    lifecycle.BotReady.KIND: _bot_ready,
    lifecycle.BotStopped.KIND: _bot_stopped,
    lifecycle.BotBeat.KIND: _bot_beat,
    lifecycle.ModeChanged.KIND: _mode_changed,
    lifecycle.ConditionChanged.KIND: _condition_changed,
    lifecycle.SymbolBlocked.KIND: _symbol_blocked,
    lifecycle.ErrorRecorded.KIND: _error_recorded,
    lifecycle.StateSnapshotted.KIND: _state_snapshotted,
    observation.RuntimeSampled.KIND: _runtime_sampled,
}
