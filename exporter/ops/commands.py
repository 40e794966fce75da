"""What is asked of the bot: put on the control tape, and answered when the journal says so.

The tape is all that there is: after a restart of this process the last commands are read back from it,
and the answers come from the fold of the journal. So a repeated request gets the first one's answer also
when this process was killed in between.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from exporter.ops.view import View
from trading_bot.contract.codec import Envelope
from trading_bot.contract.commands import CHANGES_SETTINGS, EXPIRED, Command
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.state import RECENT_COMMANDS, Answered
from trading_bot.journal import TapeReader, TapeWriter

VALID_NS: Final = 60 * SECOND
"""How long a command is valid unless the request says otherwise."""
LONGEST_VALID_SECONDS: Final = 3600

PENDING: Final = "pending"
STATUSES: Final = (PENDING, "acknowledged", "rejected", EXPIRED)


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A command as it stands on the control tape. ``issued_at`` is nanoseconds since the epoch."""

    command: CommandIssued
    issued_at: int
    trace_id: str | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A command and what became of it: one of :data:`STATUSES`, and the answer where there is one."""

    recorded: Recorded
    status: str
    answer: Answered | None


class Commands:
    """Issues commands and tells their answers. For any thread.

    Args:
        tape: the control tape.
        view: the bot.
        clock: for expiry.
        recorded: the last commands of the tape, oldest first.
    """

    def __init__(self, tape: TapeWriter, view: View, clock: Clock, recorded: Sequence[Recorded] = ()) -> None:
        self._tape = tape
        self._view = view
        self._clock = clock
        self._guard = threading.Lock()
        self._recorded = {one.command.command_id: one for one in recorded}

    @classmethod
    def of_tape(cls, tape: TapeWriter, view: View, clock: Clock) -> Commands:
        """Return the commands of a control tape that was opened before."""
        return cls(tape, view, clock, last_recorded(tape))

    def issue(  # noqa: PLR0913 - all by name; each is a member of the event
        self,
        command: Command,
        *,
        actor: str,
        reason: str,
        expected_generation: int | None = None,
        idempotency_key: str | None = None,
        request_hash: str | None = None,
        expires_in_ns: int = VALID_NS,
        trace_id: str | None = None,
    ) -> CommandIssued:
        """Put a command on the control tape; it is there for good once :meth:`durable` is done.

        Raises:
            RetriableError: API_031, the tape cannot be written; nothing was asked of the bot.
        """
        if self._tape.fault is not None:
            raise unwritable(self._tape.fault)
        issued = CommandIssued(
            command_id=secrets.token_hex(12),
            name=command.NAME,
            arguments=msgspec.to_builtins(command),
            actor=actor,
            reason=reason,
            expected_generation=expected_generation,
            expires_at=self._clock.now_ns() + expires_in_ns,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
        )
        with self._guard:
            self._keep(_recorded(self._tape.append(issued, trace_id=trace_id)))
        return issued

    def durable(self) -> Future[int]:
        """Return what is done once everything issued so far survives a power loss."""
        return self._tape.make_durable()

    def repeated(self, actor: str, idempotency_key: str | None, request_hash: str) -> CommandIssued | None:
        """Return the command that the same request made before, None for a new one.

        Raises:
            NonRetriableError: API_030, the key was used for another request.
        """
        if idempotency_key is None:
            return None
        for recorded in reversed(self._all()):
            known = recorded.command
            if known.idempotency_key == idempotency_key and known.actor == actor:
                if known.request_hash == request_hash:
                    return known
                message = f"another request was made under this key, command {known.command_id}"
                raise NonRetriableError("API_030", message, command_id=known.command_id)
        return None

    def standing(self, command_id: str) -> Standing | None:
        """Return a command and what became of it, None for one that is not among the last ones."""
        recorded = self._recorded.get(command_id)
        return None if recorded is None else self._standings((recorded,))[0]

    def answer(self, command_id: str) -> Answered | None:
        """Return what the bot said to a command, None while it has not."""
        return self._view.read(lambda state, _health, _position: state.control.answers.get(command_id))

    def last(self) -> list[Standing]:
        """Return the last commands, newest first."""
        return self._standings(tuple(reversed(self._all())))

    def pending_settings(self) -> Standing | None:
        """Return the change of settings that the bot has not answered yet, None if there is none."""
        asked = [one for one in reversed(self._all()) if one.command.name in CHANGES_SETTINGS]
        return next((one for one in self._standings(tuple(asked)) if one.status == PENDING), None)

    def asked_settings(self, command_id: str) -> dict[str, Any] | None:
        """Return the settings that a command asked for, None where it is not among the last ones."""
        recorded = self._recorded.get(command_id)
        return None if recorded is None else recorded.command.arguments.get("settings")

    def _standings(self, recorded: tuple[Recorded, ...]) -> list[Standing]:
        now = self._clock.now_ns()
        found: dict[str, Answered] = self._view.read(
            lambda state, _health, _position: {
                one.command.command_id: msgspec.structs.replace(state.control.answers[one.command.command_id])
                for one in recorded
                if one.command.command_id in state.control.answers
            }
        )
        return [_standing(one, found.get(one.command.command_id), now) for one in recorded]

    def _all(self) -> list[Recorded]:
        with self._guard:
            return list(self._recorded.values())

    def _keep(self, recorded: Recorded) -> None:
        self._recorded[recorded.command.command_id] = recorded
        while len(self._recorded) > RECENT_COMMANDS:
            del self._recorded[next(iter(self._recorded))]


def unwritable(fault: BaseException) -> RetriableError:
    """Return the error of a request whose command could not be made durable."""
    error = RetriableError("API_031", "control.db cannot be written; nothing was asked of the bot")
    error.__cause__ = fault
    return error


def last_recorded(tape: TapeWriter) -> list[Recorded]:
    """Return the last commands of a tape, oldest first."""
    with TapeReader.open(tape.path) as reader:
        last = reader.read_back(reader.last_seq() + 1, RECENT_COMMANDS, (CommandIssued.KIND,))
        return [_recorded(envelope) for envelope in last]


def _recorded(envelope: Envelope) -> Recorded:
    issued: Any = envelope.payload
    return Recorded(command=issued, issued_at=envelope.ts, trace_id=envelope.trace_id)


def _standing(recorded: Recorded, answer: Answered | None, now: int) -> Standing:
    if answer is not None:
        return Standing(recorded=recorded, status=answer.outcome, answer=answer)
    over = now >= recorded.command.expires_at
    return Standing(recorded=recorded, status=EXPIRED if over else PENDING, answer=None)
