"""What was asked of the bot folded: demands, commands, settings and their probation."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.commands import COMMANDS
from trading_bot.contract.events import lifecycle
from trading_bot.contract.events.lifecycle import ConditionStatus
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.labels import UNKNOWN_COMMAND
from trading_bot.domain import tally
from trading_bot.domain.fold.handler import Handler
from trading_bot.domain.state import (
    RECENT_COMMANDS,
    Answered,
    Control,
    Demanded,
    Issued,
    Probation,
    SettingsState,
    State,
)


def _mode_demanded(state: State, envelope: Envelope, event: lifecycle.ModeDemanded) -> None:
    if not event.standing:
        state.demands.pop(event.reason, None)
        return
    state.demands[event.reason] = Demanded(
        mode=event.mode, reason=event.reason, message=event.message, actor=event.actor, since=envelope.ts
    )


def _command_issued(state: State, envelope: Envelope, event: lifecycle.CommandIssued) -> None:
    issued = state.control.issued
    issued[event.command_id] = Issued(
        command_id=event.command_id, name=event.name, issued_at=envelope.ts, expires_at=event.expires_at
    )
    while len(issued) > RECENT_COMMANDS:
        del issued[next(iter(issued))]


def _command_answered(state: State, envelope: Envelope, event: lifecycle.CommandAnswered) -> None:
    control = state.control
    control.answers.pop(event.command_id, None)
    control.answers[event.command_id] = Answered(
        command_id=event.command_id,
        name=event.name,
        outcome=event.outcome,
        message=event.message,
        answered_at=envelope.ts,
        error_code=event.error_code,
        actor=event.actor,
        idempotency_key=event.idempotency_key,
        issued_at=event.issued_at,
    )
    _forget(control)
    if event.control_tape is not None and event.control_seq is not None:
        control.tape, control.run, control.seq = event.control_tape, event.control_run, event.control_seq
    name = event.name if event.name in COMMANDS else UNKNOWN_COMMAND
    tally.count(state, metrics.CONTROL_COMMANDS, name, event.outcome)


def _forget(control: Control) -> None:
    while len(control.answers) > RECENT_COMMANDS:
        oldest = control.answers.pop(next(iter(control.answers)))
        control.forgotten = max(control.forgotten, oldest.issued_at or oldest.answered_at)


def _settings_applied(state: State, envelope: Envelope, event: lifecycle.SettingsApplied) -> None:
    before = state.settings
    state.settings = SettingsState(
        generation=event.generation,
        hash=event.hash,
        settings=event.settings,
        applied_at=envelope.ts,
        source=event.source,
        actor=event.actor,
        reason=event.reason,
        command_id=event.command_id,
    )
    state.probation = None
    if event.probation_ns > 0:
        state.probation = Probation(
            generation=event.generation,
            until=envelope.ts + event.probation_ns,
            previous=before,
            healthy=[c.name for c in state.conditions.values() if c.status is ConditionStatus.TRUE],
        )


def _settings_rolled_back(state: State, envelope: Envelope, event: lifecycle.SettingsRolledBack) -> None:
    state.settings = SettingsState(
        generation=event.generation,
        hash=event.hash,
        settings=event.settings,
        applied_at=envelope.ts,
        source="rollback",
        actor=event.actor,
        reason=event.reason,
        command_id=event.command_id,
    )
    state.probation = None
    tally.count(state, metrics.SETTINGS_ROLLBACKS)


HANDLERS: Final[dict[str, Handler]] = {
    lifecycle.ModeDemanded.KIND: _mode_demanded,
    lifecycle.CommandIssued.KIND: _command_issued,
    lifecycle.CommandAnswered.KIND: _command_answered,
    lifecycle.SettingsApplied.KIND: _settings_applied,
    lifecycle.SettingsRolledBack.KIND: _settings_rolled_back,
}
