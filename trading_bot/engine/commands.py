"""Commands from the control tape: each is answered once, with what was done or why nothing was.

``HANDLERS`` is the whole list. A handler does its work and returns it in words, or raises an error of
the catalogue, which is the rejection. Whatever takes the venue's time goes on in a task of its own: the
next command may be the one that stops it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from trading_bot.contract import commands
from trading_bot.contract.codec import Envelope
from trading_bot.contract.commands import ACKNOWLEDGED, EXPIRED, REJECTED, Command, decode_command
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import CommandAnswered, CommandIssued, Mode
from trading_bot.domain.state import Control
from trading_bot.engine.breakers import Breakers
from trading_bot.engine.context import Context
from trading_bot.engine.control_tape import ControlTape
from trading_bot.engine.execution import Execution
from trading_bot.engine.flattening import Flattening
from trading_bot.engine.modes import BOT, OPERATOR_HALT, OPERATOR_PAUSE, OPERATOR_REDUCE_ONLY
from trading_bot.engine.reconciliation import Reconciliation
from trading_bot.engine.settings_change import Done, SettingsKeeper
from trading_bot.journal import Page, TapePosition

PERSON: Final = "operator"
"""Whoever calls himself like the bot is one."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A command that is being carried out. ``actor`` is never the bot."""

    command_id: str
    actor: str
    reason: str
    expected_generation: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What handlers work with. ``begin`` starts a task by name, unless one of that name is at work."""

    context: Context
    execution: Execution
    settings: SettingsKeeper
    breakers: Breakers
    flattening: Flattening
    reconciliation: Reconciliation
    begin: Callable[[str, Coroutine[Any, Any, None]], None]


Handler = Callable[[Desk, Any, Asked], Awaitable[Done]]


class Commands:
    """Takes the commands of the control tape one after the other, as long as the bot runs."""

    def __init__(
        self,
        context: Context,
        execution: Execution,
        settings: SettingsKeeper,
        breakers: Breakers,
        flattening: Flattening,
        reconciliation: Reconciliation,
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._execution = execution
        self._settings = settings
        self._breakers = breakers
        self._flattening = flattening
        self._reconciliation = reconciliation
        self._tape = ControlTape(context.home.control, context.errors.record)
        self._stopping = False

    async def run(
        self, begin: Callable[[str, Coroutine[Any, Any, None]], None], restart: Callable[[str], None]
    ) -> None:
        """Follow the tape until :meth:`stop`. ``restart`` has the bot end with 75 once its tape is written."""
        desk = Desk(
            context=self._context,
            execution=self._execution,
            settings=self._settings,
            breakers=self._breakers,
            flattening=self._flattening,
            reconciliation=self._reconciliation,
            begin=begin,
        )
        async for page in self._tape.pages(_position(self._ledger.state.control)):
            for envelope in page.envelopes:
                if self._stopping:
                    return  # what is not answered now is read again by the next run
                await self._take(desk, page, envelope, restart)

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._tape.stop()

    async def _take(self, desk: Desk, page: Page, envelope: Envelope, restart: Callable[[str], None]) -> None:
        issued = envelope.payload
        assert isinstance(issued, CommandIssued)
        if issued.command_id in self._ledger.state.control.answers:
            return
        place = TapePosition(page.position.tape_id, envelope.run_id, envelope.seq)
        try:
            _refuse_what_is_over(self._ledger.state.control, issued, envelope, place, self._now())
            done = await self._carry_out(desk, issued)
        except TickertapeError as error:
            outcome = EXPIRED if error.code == "CFG_014" else REJECTED
            self._answer(issued, envelope, place, outcome, error.message, error.code)
        except Exception as error:  # noqa: BLE001 - one command must not end the following of the tape
            recorded = self._context.errors.record(error)
            message = f"carrying it out failed: {recorded.message}"
            self._answer(issued, envelope, place, REJECTED, message, recorded.error_code)
        else:
            self._answer(issued, envelope, place, ACKNOWLEDGED, done.message, None)
            if done.restart is not None:
                restart(done.restart)

    async def _carry_out(self, desk: Desk, issued: CommandIssued) -> Done:
        command = decode_command(issued)
        if self._ledger.state.settings.command_id != issued.command_id:  # else taken, and never answered
            self._settings.require_generation(issued.expected_generation)
        asked = Asked(
            command_id=issued.command_id,
            actor=PERSON if issued.actor == BOT else issued.actor,
            reason=issued.reason,
            expected_generation=issued.expected_generation,
        )
        return await HANDLERS[type(command)](desk, command, asked)

    def _answer(
        self,
        issued: CommandIssued,
        envelope: Envelope,
        place: TapePosition,
        outcome: str,
        message: str,
        code: str | None,
    ) -> None:
        self._ledger.append(
            CommandAnswered(
                command_id=issued.command_id,
                name=issued.name,
                outcome=outcome,
                message=message,
                error_code=code,
                actor=issued.actor,
                idempotency_key=issued.idempotency_key,
                issued_at=envelope.ts,
                control_tape=place.tape_id,
                control_run=place.run_id,
                control_seq=place.seq,
            ),
            trace_id=envelope.trace_id,
            span_id=envelope.span_id,
        )

    def _now(self) -> int:
        return self._context.clock.now_ns()


def _position(control: Control) -> TapePosition | None:
    return None if control.tape is None else TapePosition(control.tape, control.run or "", control.seq)


def _refuse_what_is_over(
    control: Control, issued: CommandIssued, envelope: Envelope, place: TapePosition, now: int
) -> None:
    """Raise for a command that does nothing any more: expired, or answered under another id before."""
    if issued.expires_at <= now:
        late = (now - issued.expires_at) / 1e9
        raise NonRetriableError("CFG_014", f"the command was valid until {late:.1f} s before it was read")
    key = issued.idempotency_key
    if key is not None:
        for known in control.answers.values():
            if known.idempotency_key == key and known.actor == issued.actor:
                message = f"the same idempotency key was answered as {known.command_id}: {known.outcome}"
                raise NonRetriableError("CFG_015", message, command_id=known.command_id)
    went_back = control.tape != place.tape_id or place.seq <= control.seq
    if went_back and envelope.ts <= control.forgotten:
        raise NonRetriableError("CFG_015", "the command is older than those whose answers are remembered")


# What each command does


async def _pause(desk: Desk, _command: commands.PauseTrading, asked: Asked) -> Done:
    _demand(desk, Mode.PAUSED, OPERATOR_PAUSE, f"paused by {asked.actor}: {asked.reason}", asked)
    return Done(message=f"no new signals are acted on; {_in_force(desk)}")


async def _reduce_only(desk: Desk, _command: commands.ReduceOnly, asked: Asked) -> Done:
    message = f"limited to closes by {asked.actor}: {asked.reason}"
    _demand(desk, Mode.REDUCE_ONLY, OPERATOR_REDUCE_ONLY, message, asked)
    return Done(message=f"only cancels and closes pass; {_in_force(desk)}")


async def _halt(desk: Desk, _command: commands.HaltTrading, asked: Asked) -> Done:
    _demand(desk, Mode.HALTED, OPERATOR_HALT, f"halted by {asked.actor}: {asked.reason}", asked)
    if desk.execution.has_working():
        desk.begin("cancel", desk.execution.cancel_working("halted"))
    return Done(message="trading is stopped until `tickertape resume --confirm` at the bot's machine")


async def _resume(desk: Desk, _command: commands.ResumeTrading, _asked: Asked) -> Done:
    modes = desk.context.modes
    taken_back = [reason for reason in (OPERATOR_PAUSE, OPERATOR_REDUCE_ONLY) if modes.demanded(reason)]
    for reason in taken_back:
        modes.withdraw(reason)
    what = f"{' and '.join(taken_back)} taken back" if taken_back else "no operator's demand stood"
    return Done(message=f"{what}; {_in_force(desk)}")


async def _cancel(desk: Desk, command: commands.CancelOrders, asked: Asked) -> Done:
    of = command.symbol
    working = desk.execution.working(of)
    if working:
        work = desk.execution.cancel_working(f"asked by {asked.actor}", of)
        desk.begin(f"cancel {of or 'all'}", work)
    where = f" of {of}" if of else ""
    return Done(message=f"cancelling {len(working)} working orders{where}; each end is an event of its own")


async def _restart(desk: Desk, _command: commands.RestartBot, asked: Asked) -> Done:
    if desk.context.ledger.fault is not None:
        message = "the journal cannot be written, so the next run would read this command again"
        raise NonRetriableError("CFG_016", message)
    supervisor = desk.context.ledger.state.run.supervisor
    who = f"{supervisor} starts it again" if supervisor != "none" else "nobody is known to start it again"
    return Done(
        message=f"the bot ends with status 75; {who}",
        restart=f"restart asked by {asked.actor}: {asked.reason}",
    )


async def _apply(desk: Desk, command: commands.ApplySettings, asked: Asked) -> Done:
    return await desk.settings.apply(
        command, asked.command_id, asked.actor, asked.reason, asked.expected_generation
    )


async def _roll_back(desk: Desk, command: commands.RollbackSettings, asked: Asked) -> Done:
    return await desk.settings.roll_back(
        command, asked.command_id, asked.actor, asked.reason, asked.expected_generation
    )


async def _reset_breaker(desk: Desk, command: commands.ResetBreaker, asked: Asked) -> Done:
    message = desk.breakers.reset_by(
        command, actor=asked.actor, reason=asked.reason, command_id=asked.command_id
    )
    return Done(message=message)


async def _flatten(desk: Desk, command: commands.FlattenPositions, asked: Asked) -> Done:
    plan = desk.flattening.plan(command.symbol)
    if plan.closing:
        desk.begin(f"flatten {command.symbol or 'all'}", desk.flattening.run(plan, asked.actor))
    return Done(message=f"{plan}; each order is an event of its own")


async def _adopt(desk: Desk, command: commands.AdoptMismatch, asked: Asked) -> Done:
    what = desk.reconciliation.require_adoptable(command.mismatch_id, command.confirm)
    adopting = desk.reconciliation.adopt(
        command.mismatch_id, command.confirm, actor=asked.actor, reason=asked.reason
    )
    desk.begin(f"adopt {command.mismatch_id}", _recorded(desk, adopting))
    return Done(message=f"{what}, if the venue still says so; mismatch.settled tells when it is done")


async def _recorded(desk: Desk, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except TickertapeError as error:
        desk.context.errors.record(error)


HANDLERS: Final[dict[type[Command], Handler]] = {
    commands.PauseTrading: _pause,
    commands.ResumeTrading: _resume,
    commands.ReduceOnly: _reduce_only,
    commands.HaltTrading: _halt,
    commands.RestartBot: _restart,
    commands.CancelOrders: _cancel,
    commands.ApplySettings: _apply,
    commands.RollbackSettings: _roll_back,
    commands.FlattenPositions: _flatten,
    commands.ResetBreaker: _reset_breaker,
    commands.AdoptMismatch: _adopt,
}
"""Every command to what it does; a test holds the table to the catalogue of commands."""


def _demand(desk: Desk, mode: Mode, reason: str, message: str, asked: Asked) -> None:
    desk.context.modes.demand(mode, reason, message, asked.actor)


def _in_force(desk: Desk) -> str:
    mode = desk.context.ledger.state.mode
    return f"the mode is {mode.mode} ({mode.reason}: {mode.message})"
