"""Commands as they are shown: what was asked, what became of it, and what one would do."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.commands import PENDING, STATUSES, Standing
from exporter.ops.representations.values import Moment, Unknown, moment, without_nulls
from trading_bot.contract.commands import CHANGES_SETTINGS, EXPIRED
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.domain.health import Health
from trading_bot.domain.state import State

Status = Annotated[str, Meta(description=f"one of {', '.join(STATUSES)}", examples=["acknowledged"])]

NO_ANSWER: Final = "no answer came while it was valid; the bot does nothing with it any more"
NOT_YET: Final = "the bot has not answered yet"
ELSEWHERE: Final = "the settings are left out of lists; ask for the command by its id"


class CommandView(msgspec.Struct, frozen=True, kw_only=True):
    """One command. ``message`` is the bot's answer in words, or why there is none."""

    command_id: str
    name: str
    status: Status
    message: str
    error_code: str | None
    arguments: dict[str, Any] | None
    actor: str
    reason: str
    expected_generation: int | None
    issued_at: Moment
    expires_at: Moment
    answered_at: Moment | None
    trace_id: str | None
    unknown: Unknown


class CommandList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /commands``, newest first."""

    commands: list[CommandView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    generated_at: Moment


class CommandAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a 202: the command is on the tape. It is done when the address says so."""

    command_id: str
    name: str
    status: Status
    location: str
    expires_at: Moment
    warnings: list[str]


class WouldDo(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a dry run: nothing was asked of the bot.

    ``scope`` is what it would touch and ``consequence`` what would follow; ``confirm`` is what must be
    sent to have it done, null where nothing must be.
    """

    dry_run: bool
    name: str
    loosens: bool
    scope: str
    consequence: str
    confirm: str | None
    mode: str | None
    mode_reason: str | None
    warnings: list[str]
    unknown: Unknown


def represent_command(standing: Standing, *, in_list: bool = False) -> CommandView:
    """Return one command."""
    issued, answer = standing.recorded.command, standing.answer
    hidden = in_list and issued.name in CHANGES_SETTINGS
    why_not = NO_ANSWER if standing.status == EXPIRED else NOT_YET
    return CommandView(
        command_id=issued.command_id,
        name=issued.name,
        status=standing.status,
        message=why_not if answer is None else answer.message,
        error_code=_code(standing),
        arguments=None if hidden else issued.arguments,
        actor=issued.actor,
        reason=issued.reason,
        expected_generation=issued.expected_generation,
        issued_at=moment(standing.recorded.issued_at) or "",
        expires_at=moment(issued.expires_at) or "",
        answered_at=None if answer is None else moment(answer.answered_at),
        trace_id=standing.recorded.trace_id,
        unknown=without_nulls(
            {
                "answered_at": why_not if answer is None else None,
                "arguments": ELSEWHERE if hidden else None,
            }
        ),
    )


def represent_accepted(issued: CommandIssued, health: Health) -> CommandAccepted:
    """Return the body of a 202."""
    waiting = f"the bot is {health.status}: {health.reason}; it reads the command if it is back in time"
    return CommandAccepted(
        command_id=issued.command_id,
        name=issued.name,
        status=PENDING,
        location=location_of(issued.command_id),
        expires_at=moment(issued.expires_at) or "",
        warnings=[waiting] if health.status == "offline" else [],
    )


def represent_would(
    name: str,
    state: State,
    *,
    loosens: bool,
    scope: str,
    consequence: str,
    confirm: str | None = None,
    warnings: tuple[str, ...] = (),
) -> WouldDo:
    """Return the body of a dry run."""
    known = bool(state.seq)
    why = None if known else "nothing has been recorded yet"
    return WouldDo(
        dry_run=True,
        name=name,
        loosens=loosens,
        scope=scope,
        consequence=consequence,
        confirm=confirm,
        mode=state.mode.mode if known else None,
        mode_reason=f"{state.mode.reason}: {state.mode.message}" if known else None,
        warnings=list(warnings),
        unknown=without_nulls({"mode": why, "mode_reason": why}),
    )


def location_of(command_id: str) -> str:
    """Return where a command is shown."""
    return f"/api/v1/commands/{command_id}"


def _code(standing: Standing) -> str | None:
    if standing.answer is not None:
        return standing.answer.error_code
    return "CFG_014" if standing.status == EXPIRED else None
