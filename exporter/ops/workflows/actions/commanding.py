"""Actions that command the bot, one for each command of the contract. Sent once, however often a step resumes."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from trading_bot.contract.changes import changes, loosening
from trading_bot.contract.commands import (
    ApplySettings,
    CancelOrders,
    Command,
    FlattenPositions,
    HaltTrading,
    PauseTrading,
    ReduceOnly,
    ResetBreaker,
    RestartBot,
    ResumeTrading,
    RollbackSettings,
)
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import SettingsApplied, SettingsRolledBack
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.domain.clock import SECOND
from trading_bot.journal import TapeReader

ACKNOWLEDGED: Final = "acknowledged"
HASH: Final = "workflow"
"""Stands where a request has its hash: the key alone says what is repeated."""
POLL_SECONDS: Final = 0.05
PAGE: Final = 200
EXPIRES_AFTER: Final = 120
"""Seconds; a bot that has not heard of it by then does nothing."""

Reason = Annotated[
    str, Meta(max_length=200, description="why, for the record", examples=["planned maintenance"])
]
Symbol = Annotated[str | None, Meta(description="one symbol; without it all", examples=["EUR/USD"])]


class Plain(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command without arguments."""

    reason: Reason = ""


class OfSymbol(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command for one symbol or all."""

    symbol: Symbol = None
    reason: Reason = ""


class OfBreaker(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command for one breaker."""

    breaker: Annotated[str, Meta(description="an open breaker", examples=["max_daily_loss"])]
    reason: Reason = ""


class OfGeneration(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Earlier settings."""

    generation: Annotated[int, Meta(ge=1, description="the generation to restore", examples=[3])]
    reason: Reason = ""


class Changes(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes of the settings in force."""

    changes: Annotated[
        dict[str, Any],
        Meta(
            description="new values by key; dots lead into sections, and a null takes a key away",
            examples=[{"limits.max_order_notional": 2000}],
            min_length=1,
            max_length=50,
        ),
    ]
    section: Annotated[
        list[str],
        Meta(
            description="where the keys of changes begin, for names with dots or slashes in them",
            examples=[["protection", "EUR/USD"]],
            max_length=5,
        ),
    ] = msgspec.field(default_factory=list)
    expected_generation: Annotated[
        int | None, Meta(description="refused when another generation is in force", examples=[4])
    ] = None
    reason: Reason = ""


def _send(doing: Doing, command: Command, reason: str, expected_generation: int | None = None) -> Outputs:
    attempt, commands = doing.attempt, doing.means.commands
    said = reason or f"workflow {attempt.workflow}, step {attempt.step}"
    issued = commands.repeated(attempt.actor, attempt.key, HASH) or commands.issue(
        command,
        actor=attempt.actor,
        reason=said,
        expected_generation=expected_generation,
        idempotency_key=attempt.key,
        request_hash=HASH,
        expires_in_ns=EXPIRES_AFTER * SECOND,
    )
    while (answer := commands.answer(issued.command_id)) is None:
        doing.patience.wait(POLL_SECONDS)
        if doing.means.clock.now_ns() > issued.expires_at + SECOND:
            message = f"the bot did not answer {issued.name} in time; it has expired and will not be done"
            raise NonRetriableError("WF_010", message, command_id=issued.command_id)
    if answer.outcome != ACKNOWLEDGED:
        message = f"the bot says {answer.outcome} to {issued.name}: {answer.message}"
        raise NonRetriableError("WF_010", message, command_id=issued.command_id, outcome=answer.outcome)
    return {"command_id": issued.command_id, "message": answer.message}


def _recall(doing: Doing, _params: Any) -> Outputs:
    """Return what is known of the command that was sent before the crash, if it was."""
    attempt, commands = doing.attempt, doing.means.commands
    issued = commands.repeated(attempt.actor, attempt.key, HASH)
    answer = commands.answer(issued.command_id) if issued is not None else None
    return {
        "command_id": issued.command_id if issued is not None else None,
        "message": answer.message if answer is not None else "its effect was there after a restart of ops",
    }


def _plain(command: type[Command]) -> Any:
    return lambda doing, params: _send(doing, command(), params.reason)


def _of_symbol(command: type[CancelOrders | FlattenPositions]) -> Any:
    return lambda doing, params: _send(doing, command(symbol=params.symbol), params.reason)


def _reset(doing: Doing, params: OfBreaker) -> Outputs:
    return _send(doing, ResetBreaker(breaker=params.breaker, confirm=params.breaker), params.reason)


def _roll_back(doing: Doing, params: OfGeneration) -> Outputs:
    facts = doing.look().settings
    wanted = _generation(doing, params.generation)
    confirmed = _looser(parse_settings(facts.values or {}), wanted)
    command = RollbackSettings(generation=params.generation, confirmed=confirmed)
    return _send(doing, command, params.reason, facts.generation)


def _generation(doing: Doing, generation: int) -> Settings:
    """Return the settings of an earlier generation, as the journal has them."""
    kinds, after = (SettingsApplied.KIND, SettingsRolledBack.KIND), 0
    with TapeReader.open(doing.means.home.journal) as reader:
        while page := reader.read(after, PAGE, kinds):
            for envelope in page:
                event: Any = envelope.payload
                if event.generation == generation:
                    return parse_settings(event.settings)
            after = page[-1].seq
    raise NonRetriableError("WF_010", f"the journal has no generation {generation} of settings")


def _looser(before: Settings, after: Settings) -> tuple[str, ...]:
    """Return the keys that take more risk: who confirmed the workflow has confirmed them."""
    return tuple(change.field for change in loosening(changes(before, after)))


def _change(doing: Doing, params: Changes) -> Outputs:
    """Apply the settings in force with changes. What is in force already is not applied again."""
    facts = doing.look().settings
    if facts.values is None:
        raise NonRetriableError("WF_010", "no settings are in force yet")
    values = msgspec.convert(facts.values, dict[str, Any])
    for key, value in params.changes.items():
        values = _with(values, [*params.section, *key.split(".")], value)
    settings = parse_settings(values)
    wanted = settings_hash(settings)
    if wanted == facts.hash:
        return {"command_id": None, "message": "in force already", "hash": wanted, "changed": False}
    expected = facts.generation if params.expected_generation is None else params.expected_generation
    confirmed = _looser(parse_settings(facts.values), settings)
    command = ApplySettings(settings=msgspec.to_builtins(settings), hash=wanted, confirmed=confirmed)
    return {**_send(doing, command, params.reason, expected), "hash": wanted, "changed": True}


def _with(values: dict[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    name, rest = names[0], names[1:]
    if rest:
        inner = values.get(name)
        return {**values, name: _with(inner if isinstance(inner, dict) else {}, rest, value)}
    if value is None:
        return {key: item for key, item in values.items() if key != name}
    return {**values, name: value}


SENT: Final = {"command_id": "the command's id", "message": "what the bot said"}
CHANGED: Final = {
    "hash": "of the wanted settings",
    "changed": "whether anything had to be applied",
}


def _row(
    name: str, summary: str, params: type[Params], run: Any, outputs: dict[str, str] | None = None
) -> Action:
    return Action(
        name=name,
        summary=summary,
        params=params,
        outputs=outputs or SENT,
        repeat=Repeat.KEYED,
        run=run,
        recall=_recall,
        loosens=name in LOOSENING,
    )


LOOSENING: Final = frozenset({"bot.reset_breaker", "bot.roll_back_settings", "bot.change_settings"})
"""Resuming is not among them: a person's pause is taken back, no limit is."""

ACTIONS: Final = (
    _row("bot.pause", "No new signals are acted on; orders and positions stay.", Plain, _plain(PauseTrading)),
    _row("bot.resume", "Back to running; a HALT file is not lifted by it.", Plain, _plain(ResumeTrading)),
    _row("bot.reduce_only", "Only cancels and closes pass from here on.", Plain, _plain(ReduceOnly)),
    _row("bot.halt", "Stop trading and cancel working orders.", Plain, _plain(HaltTrading)),
    _row(
        "bot.restart",
        "End the bot's process, so that its supervisor starts it again.",
        Plain,
        _plain(RestartBot),
    ),
    _row("bot.flatten", "Close positions.", OfSymbol, _of_symbol(FlattenPositions)),
    _row("bot.cancel_orders", "Cancel working orders.", OfSymbol, _of_symbol(CancelOrders)),
    _row("bot.reset_breaker", "Close a circuit breaker before its time.", OfBreaker, _reset),
    _row(
        "bot.roll_back_settings",
        "Put the settings of an earlier generation in force.",
        OfGeneration,
        _roll_back,
    ),
    _row(
        "bot.change_settings",
        "Change keys of the trading settings in force.",
        Changes,
        _change,
        {**SENT, **CHANGED},
    ),
)
