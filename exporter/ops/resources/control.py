"""``/control`` and ``/commands``: asking something of the bot, and hearing what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.access import Role, require
from exporter.ops.answers import plain
from exporter.ops.commands import Standing
from exporter.ops.controls import CONTROLS, Control, ControlBody, body_of, check_confirmed, read_body
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from exporter.ops.handover import NO_REASON, WriteHeaders, commands, hand_over, handed_over, is_dry_run
from exporter.ops.parameters import parse
from exporter.ops.representations.commands import (
    CommandAccepted,
    CommandList,
    CommandView,
    WouldDo,
    represent_accepted,
    represent_command,
    represent_would,
)
from exporter.ops.representations.paging import LARGEST_LIMIT, link, part_of
from exporter.ops.representations.values import moment
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.domain.state import State

blueprint = Blueprint("control", __name__)

ACCEPTED = 202


class DryRunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of every write."""

    dry_run: Annotated[
        bool,
        Meta(description="true: only say what would happen; nothing is asked of the bot", examples=[True]),
    ] = False


class CommandPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of ``GET /commands/{command_id}``."""

    command_id: Annotated[
        str, Meta(max_length=80, description="the id in the answer of a write", examples=["5f0c1b2a3d4e5f60"])
    ]


class CommandsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /commands``."""

    limit: Annotated[
        int,
        Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20]),
    ] = 20
    after: (
        Annotated[str, Meta(max_length=80, description="the cursor in next", examples=["5f0c1b2a3d4e5f60"])]
        | None
    ) = None


def _handler(action: str, control: Control) -> Callable[[], Response]:
    """Return the handler of one action."""

    def handle() -> Response:
        parse(request.args, DryRunQuery)
        body = read_body(action)
        issued = handed_over()
        return _ask(control, body) if issued is None else accepted(issued)

    handle.__name__ = action.replace("-", "_")
    handle.__doc__ = control.summary
    return require(Role.OPERATE)(
        documented(
            control.summary,
            scenario=f"{control.scenario} Follow the location until the command is answered.",
            answers=(
                Answers(
                    status=ACCEPTED, type=CommandAccepted, meaning="On the control tape; the bot answers it."
                ),
                Answers(type=WouldDo, meaning="With dry_run: what would happen."),
            ),
            query=DryRunQuery,
            headers=WriteHeaders,
            body=body_of(action),
            errors=("API_004", "API_030", "API_031", *(("CFG_008",) if control.needs else ())),
        )(handle)
    )


for _action, _control in CONTROLS.items():
    blueprint.post(f"/control/{_action}")(_handler(_action, _control))


def _ask(control: Control, body: ControlBody) -> Response:
    """Issue the command, or say what it would do."""
    view = dependencies().view
    if not view.caught_up:
        raise RetriableError("API_004", "the tape is still being read after the start of this process")
    if is_dry_run(body.dry_run):
        return plain(view.read(lambda state, _health, _position: _would(control, state, body)))
    view.read(lambda state, _health, _position: check_confirmed(control, state, body))
    handed = hand_over(
        control.command(body), reason=body.reason or NO_REASON, seconds=body.expires_in_seconds
    )
    return handed if isinstance(handed, Response) else accepted(handed)


def _would(control: Control, state: State, body: ControlBody) -> WouldDo:
    command = control.command(body)
    return represent_would(
        command.NAME,
        state,
        loosens=command.LOOSENS,
        scope=control.scope(state, body),
        consequence=control.consequence(state, body),
        confirm=control.confirm(state, body),
    )


def accepted(issued: CommandIssued) -> Response:
    """Return 202 with the address that says what becomes of a command."""
    body = dependencies().view.read(lambda _state, health, _position: represent_accepted(issued, health))
    response = plain(body, ACCEPTED)
    response.headers["Location"] = body.location
    return response


@blueprint.get("/commands")
@documented(
    "List the last commands",
    scenario="Who asked what of the bot, and what did it say.",
    answers=CommandList,
    query=CommandsQuery,
    errors=("API_002", "API_004", "API_031"),
)
def last_commands() -> Response:
    """Return the last commands, newest first."""
    query = parse(request.args, CommandsQuery)
    part = part_of(commands().last(), _id_of, query.limit, query.after)
    return plain(
        CommandList(
            commands=[represent_command(one, in_list=True) for one in part.items],
            limit=query.limit,
            returned=len(part.items),
            total=part.total,
            truncated=part.cursor is not None,
            next=None
            if part.cursor is None
            else link("/api/v1/commands", limit=query.limit, after=part.cursor),
            generated_at=moment(dependencies().clock.now_ns()) or "",
        )
    )


@blueprint.get("/commands/<command_id>")
@documented(
    "Show one command",
    scenario="A write was accepted; ask until its status is acknowledged, rejected or expired.",
    answers=CommandView,
    path=CommandPath,
    errors=("API_002", "API_004", "API_031"),
)
def one_command(command_id: str) -> Response:
    """Return a command and what became of it."""
    standing = commands().standing(command_id)
    if standing is None:
        message = f"command {command_id[:40]!r} is not among the last commands"
        raise NonRetriableError("API_002", message)
    return plain(represent_command(standing))


def _id_of(standing: Standing) -> str:
    return standing.recorded.command.command_id
