"""``/config``: what is in force, what a change would do, changing it, going back, and what was."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from flask import Blueprint, Response, request

from exporter.ops.access import Role, require
from exporter.ops.answers import plain
from exporter.ops.bodies import parse_body
from exporter.ops.configuration import Configuration, InForce
from exporter.ops.configuration.change import Wanted
from exporter.ops.configuration.requests import (
    ChangeHeaders,
    ConfigBody,
    DiffQuery,
    HistoryQuery,
    RollbackBody,
    SettingsBody,
    expected_generation,
)
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from exporter.ops.handover import commands, hand_over, handed_over, is_dry_run
from exporter.ops.parameters import NOTHING, parse, told
from exporter.ops.representations.commands import CommandAccepted
from exporter.ops.representations.configuration import (
    ConfigDiff,
    ConfigHistory,
    ConfigUnchanged,
    ConfigView,
    Validation,
    represent_config,
    represent_diff,
    represent_transition,
)
from exporter.ops.representations.paging import link
from exporter.ops.representations.values import moment
from exporter.ops.resources.control import DryRunQuery, accepted
from trading_bot.contract.commands import Command
from trading_bot.contract.errors import NonRetriableError, OperatorError, RetriableError
from trading_bot.contract.settings import settings_hash, settings_schema
from trading_bot.contract.settings.validation import validated

blueprint = Blueprint("configuration", __name__)

ACCEPTED: Final = 202
WITH_SETTINGS: Final = ("API_004", "CFG_016", "API_031")
REFUSALS: Final = (
    "CFG_006",
    "CFG_007",
    "CFG_008",
    "CFG_009",
    "CFG_010",
    "CFG_018",
    "API_030",
    *WITH_SETTINGS,
)


def configuration() -> Configuration:
    """Return the settings of this application."""
    known = dependencies().configuration
    if known is None:
        raise RetriableError("API_031", "this process keeps no settings")
    return known


@blueprint.get("/config")
@documented(
    "Show the settings in force",
    scenario="What does the bot trade by, since when, by whom, and is a change on its way? The ETag is the"
    " generation that a change must name.",
    answers=ConfigView,
    errors=WITH_SETTINGS,
)
def config() -> Response:
    """Return settings, generation, hash, what is pending, and how the file stands to them."""
    known = configuration()
    current = known.in_force()
    pending = commands().pending_settings()
    now = dependencies().clock.now_ns()
    body = dependencies().view.read(
        lambda state, _health, _position: represent_config(state, current, known.keeper, pending, now)
    )
    response = plain(body)
    response.headers["ETag"] = f'"{current.generation}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/config/schema")
@documented(
    "Show what settings there are",
    scenario="Before a change: every key with type, bounds, meaning, when it takes effect (x-apply) and which way"
    " it takes more risk (x-loosens).",
    answers=dict[str, Any],
)
def schema() -> Response:
    """Return the JSON Schema of the settings."""
    body = msgspec.json.encode(settings_schema())
    return Response(body, mimetype="application/json", headers={"Cache-Control": "private, no-cache"})


@blueprint.post("/config/validate")
@documented(
    "Check settings",
    scenario="Are these settings valid? Says every fault with its field, what was expected, what was found and a"
    " valid example. Changes nothing.",
    answers=Validation,
    body=SettingsBody,
)
def validate() -> Response:
    """Return whether settings are valid."""
    settings, faults = validated(parse_body(SettingsBody).settings)
    return plain(
        Validation(
            valid=settings is not None,
            hash=None if settings is None else settings_hash(settings),
            errors=list(faults),
            unknown={"hash": "settings that are not valid have none"} if settings is None else {},
        )
    )


@blueprint.get("/config/diff")
@documented(
    "Compare config.yaml or an earlier generation with what is in force",
    scenario="The file was edited, or a return is considered: what would change, does it take more risk, does it"
    " need a restart? Gives the token that confirms it.",
    answers=ConfigDiff,
    query=DiffQuery,
    errors=("CFG_001", "CFG_012", *WITH_SETTINGS),
)
def diff_of_file() -> Response:
    """Return what differs between the file, or a generation, and what is in force."""
    query = parse(request.args, DiffQuery)
    if query.generation is not None:
        generation, planned = configuration().planned_return(query.generation)
        return plain(represent_diff(planned, f"generation {generation}"))
    return plain(represent_diff(configuration().planned(_file_settings()), "config.yaml"))


@blueprint.post("/config/diff")
@documented(
    "Compare settings with what is in force",
    scenario="Before PUT /config: what would change key by key, which keys take more risk, need a restart or are"
    " fixed. Gives the token that confirms it. Changes nothing.",
    answers=ConfigDiff,
    body=SettingsBody,
    errors=("CFG_001", *WITH_SETTINGS),
)
def diff_of_body() -> Response:
    """Return what differs between settings and what is in force."""
    return plain(represent_diff(configuration().planned(parse_body(SettingsBody).settings), "the request"))


@blueprint.put("/config")
@require(Role.OPERATE)
@documented(
    "Change settings",
    scenario="Checked settings are to be in force. If-Match names the generation that they were made against. Done"
    " when the command is acknowledged; for probation_seconds the bot goes back by itself if a condition turns worse.",
    answers=(
        Answers(status=ACCEPTED, type=CommandAccepted, meaning="On the control tape; the bot answers it."),
        Answers(
            type=ConfigDiff | ConfigUnchanged, meaning="With dry_run: what would happen; or nothing differs."
        ),
    ),
    query=DryRunQuery,
    headers=ChangeHeaders,
    body=ConfigBody,
    errors=("CFG_001", *REFUSALS),
)
def change() -> Response:
    """Issue the command that applies settings."""
    parse(request.args, DryRunQuery)
    body = parse_body(ConfigBody)
    issued = handed_over()
    if issued is not None:
        return accepted(issued)
    known = configuration()
    expected = expected_generation()
    if expected is None:
        faults = told("If-Match", "the ETag of GET /api/v1/config", NOTHING, '"1"')
        message = "If-Match is missing: send the ETag of GET /api/v1/config"
        raise NonRetriableError("CFG_010", message, errors=faults)
    known.require_generation(expected, known.in_force())
    planned = known.planned(body.settings)
    if not planned.changes:
        return _unchanged(planned.current)
    if is_dry_run(body.dry_run):
        probation = body.probation_seconds
        return plain(represent_diff(planned, "the request", dry_run=True, probation=probation))
    wanted = Wanted(
        confirm=body.confirm,
        restart=body.restart,
        probation_seconds=body.probation_seconds,
        is_adoption=body.adopt,
    )
    return _issued(known.application(planned, wanted), body.reason, expected, body.expires_in_seconds)


@blueprint.put("/config/rollback")
@require(Role.OPERATE)
@documented(
    "Go back to earlier settings",
    scenario="A change was wrong. The earlier settings come into force as a new generation, so that a return can"
    " itself be taken back. Without a generation it is the one before.",
    answers=(
        Answers(status=ACCEPTED, type=CommandAccepted, meaning="On the control tape; the bot answers it."),
        Answers(
            type=ConfigDiff | ConfigUnchanged, meaning="With dry_run: what would happen; or nothing differs."
        ),
    ),
    query=DryRunQuery,
    headers=ChangeHeaders,
    body=RollbackBody,
    errors=("CFG_012", *(code for code in REFUSALS if code != "CFG_010")),
)
def go_back() -> Response:
    """Issue the command that puts an earlier generation in force again."""
    parse(request.args, DryRunQuery)
    body = parse_body(RollbackBody)
    issued = handed_over()
    if issued is not None:
        return accepted(issued)
    known = configuration()
    expected = expected_generation()
    current = known.in_force()
    if expected is not None:
        known.require_generation(expected, current)
    generation, planned = known.planned_return(body.generation)
    if not planned.changes:
        return _unchanged(planned.current)
    if is_dry_run(body.dry_run):
        return plain(represent_diff(planned, f"generation {generation}", dry_run=True))
    wanted = Wanted(confirm=body.confirm, restart=body.restart)
    command = known.rollback(generation, planned, wanted)
    return _issued(command, body.reason, planned.current.generation, body.expires_in_seconds)


@blueprint.get("/config/history")
@documented(
    "List the changes of settings",
    scenario="Who changed what, when and why; what was refused, and what was taken back.",
    answers=ConfigHistory,
    query=HistoryQuery,
    errors=("API_031",),
)
def history() -> Response:
    """Return transitions, newest first."""
    query = parse(request.args, HistoryQuery)
    known = configuration().keeper.history
    page = known.page(query.limit, query.before)
    more = bool(page) and page[-1][0] > 0
    address = link("/api/v1/config/history", limit=query.limit, before=page[-1][0]) if more else None
    return plain(
        ConfigHistory(
            history=[represent_transition(number, one) for number, one in page],
            limit=query.limit,
            returned=len(page),
            total=known.total,
            truncated=more,
            next=address,
            generated_at=moment(dependencies().clock.now_ns()) or "",
        )
    )


def _issued(command: Command, reason: str, generation: int, seconds: float) -> Response:
    handed = hand_over(command, reason=reason, expected_generation=generation, seconds=seconds)
    return handed if isinstance(handed, Response) else accepted(handed)


def _unchanged(current: InForce) -> Response:
    body = ConfigUnchanged(
        status="unchanged", generation=current.generation, hash=settings_hash(current.settings)
    )
    return plain(body)


def _file_settings() -> dict[str, Any]:
    file = configuration().keeper.file
    if file.settings is not None:
        return dict(msgspec.to_builtins(file.settings))
    fault = {
        "field": "config.yaml",
        "expected": "valid settings",
        "found": file.problem or "no file",
        "example": "symbols: [EUR/USD]",
    }
    raise OperatorError("CFG_001", f"config.yaml: {fault['found']}", errors=[fault])
