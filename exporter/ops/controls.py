"""What ``POST /control/{action}`` can ask of the bot: one row an action, with its scope and consequence in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta

from exporter.ops.bodies import parse_body, refused
from exporter.ops.commands import LONGEST_VALID_SECONDS
from exporter.ops.handover import LONGEST_REASON
from exporter.ops.parameters import NOTHING, Fault, told
from trading_bot.contract import commands
from trading_bot.contract.commands import Command
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.telemetry.labels import BREAKER
from trading_bot.domain.state import State

KNOWN_BREAKERS: Final = BREAKER.values or ()


class ControlBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the bodies of ``POST /control/...`` may hold; each action takes its own part of it."""

    reason: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=LONGEST_REASON,
                description=f"why, in words, 1 to {LONGEST_REASON} characters",
                examples=["maintenance of the exchange"],
            ),
        ]
        | None
    ) = None
    symbol: (
        Annotated[
            str,
            Meta(
                max_length=40,
                description="one symbol; all without it (flatten, cancel-orders)",
                examples=["EUR/USD"],
            ),
        ]
        | None
    ) = None
    breaker: (
        Annotated[
            str,
            Meta(
                max_length=80,
                description="which breaker (reset-breaker)",
                examples=["max_daily_loss"],
                extra_json_schema={"enum": list(KNOWN_BREAKERS)},
            ),
        ]
        | None
    ) = None
    mismatch_id: (
        Annotated[
            str, Meta(max_length=200, description="which mismatch (adopt-mismatch)", examples=["balance:USD"])
        ]
        | None
    ) = None
    confirm: (
        Annotated[
            str,
            Meta(
                max_length=200,
                description="what a dry run says must be sent to have it done",
                examples=["max_daily_loss"],
            ),
        ]
        | None
    ) = None
    expires_in_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=LONGEST_VALID_SECONDS,
            description=f"how long the command is valid, 1 to {LONGEST_VALID_SECONDS} seconds",
            examples=[60],
        ),
    ] = 60
    dry_run: Annotated[bool, Meta(description="only say what would happen", examples=[False])] = False


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One action.

    Attributes:
        summary: a few words, imperative.
        scenario: when somebody would ask for it.
        command: makes the command of a body.
        takes: the fields besides reason and the like; others are refused.
        needs: those of them that must be there.
        scope: what it touches, of a state and a body.
        consequence: what follows.
        confirm: what must be sent to have it done; None: nothing.
    """

    summary: str
    scenario: str
    command: Callable[[ControlBody], Command]
    scope: Callable[[State, ControlBody], str]
    consequence: Callable[[State, ControlBody], str]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    confirm: Callable[[State, ControlBody], str | None] = lambda _state, _body: None


def _positions(state: State, body: ControlBody) -> str:
    held = [symbol for symbol, one in sorted(state.positions.items()) if one.quantity]
    chosen = [symbol for symbol in held if body.symbol in {None, symbol}]
    return f"{len(chosen)} positions: {', '.join(chosen[:10])}" if chosen else "no position"


def _orders(state: State, body: ControlBody) -> str:
    working = [one for one in state.orders.values() if body.symbol in {None, one.symbol}]
    return f"{len(working)} orders that are not over" + (f" of {body.symbol}" if body.symbol else "")


def _demands(state: State, _body: ControlBody) -> str:
    taken_back = [one for one in state.demands.values() if one.reason in RESUMABLE]
    if not taken_back:
        return "nothing: no operator's demand stands"
    return "; ".join(f"{one.reason} ({one.message})" for one in taken_back)


def _after_resume(state: State, _body: ControlBody) -> str:
    others = [one for one in state.demands.values() if one.reason not in RESUMABLE]
    stays = f"; what stays: {', '.join(one.reason for one in others)}" if others else ""
    return f"these demands are taken back; a halt and what the bot found out itself stay{stays}"


def _breaker(state: State, body: ControlBody) -> str:
    known = state.breakers.get(body.breaker or "")
    if known is None:
        return f"nothing: the breaker {body.breaker} is not open"
    return f"the breaker {known.breaker} alone: {known.message}"


def _mismatch(state: State, body: ControlBody) -> str:
    known = state.reconciliation.mismatches.get(body.mismatch_id or "")
    if known is None:
        return f"nothing: there is no open mismatch {body.mismatch_id}"
    return f"{known.subject} of {known.symbol or known.asset}: books {known.local}, venue {known.venue}"


def _venue_value(state: State, body: ControlBody) -> str | None:
    known = state.reconciliation.mismatches.get(body.mismatch_id or "")
    return None if known is None else known.venue


def _account(_state: State, _body: ControlBody) -> str:
    return "the whole account"


def _says(words: str) -> Callable[[State, ControlBody], str]:
    return lambda _state, _body: words


RESUMABLE: Final = frozenset({"OperatorPause", "OperatorReduceOnly"})

CONTROLS: Final[dict[str, Control]] = {
    "pause": Control(
        summary="Pause trading",
        scenario="The exchange is maintained, or something looks odd: nothing new is to be begun.",
        command=lambda _body: commands.PauseTrading(),
        scope=_account,
        consequence=_says("no new signals are acted on; working orders and positions stay; until resumed"),
    ),
    "resume": Control(
        summary="Resume trading",
        scenario="What an operator paused or limited may go on. A halt is lifted at the bot's machine only.",
        command=lambda _body: commands.ResumeTrading(),
        scope=_demands,
        consequence=_after_resume,
    ),
    "reduce-only": Control(
        summary="Limit trading to closes",
        scenario="Positions are to be left when their time comes, and none entered.",
        command=lambda _body: commands.ReduceOnly(),
        scope=_account,
        consequence=_says("only cancels and closes pass; until resumed"),
    ),
    "halt": Control(
        summary="Halt trading",
        scenario="Trading must stop for good, until a person at the bot's machine lifts it.",
        command=lambda _body: commands.HaltTrading(),
        scope=_account,
        consequence=_says(
            "trading stops and working orders are cancelled; lifted only at the bot's machine by"
            " `tickertape resume --confirm`"
        ),
    ),
    "restart": Control(
        summary="Restart the bot",
        scenario="A new release, or settings that need it.",
        command=lambda _body: commands.RestartBot(),
        scope=_says("the bot's process"),
        consequence=_says("the bot ends in order with status 75, and whoever supervises it starts it again"),
    ),
    "cancel-orders": Control(
        summary="Cancel working orders",
        scenario="Orders are to leave the book, of one symbol or of all.",
        command=lambda body: commands.CancelOrders(symbol=body.symbol),
        scope=_orders,
        consequence=_says(
            "those that the venue has acknowledged are cancelled; strategies may send new ones"
        ),
        takes=("symbol",),
    ),
    "flatten": Control(
        summary="Close positions",
        scenario="Positions are to be closed now, of one symbol or of all.",
        command=lambda body: commands.FlattenPositions(symbol=body.symbol),
        scope=_positions,
        consequence=_says("working orders are cancelled and the positions are sold at the market"),
        takes=("symbol",),
    ),
    "reset-breaker": Control(
        summary="Close one circuit breaker",
        scenario="A breaker opened and its cause was looked into. A dry run names scope and confirm.",
        command=lambda body: commands.ResetBreaker(breaker=body.breaker or "", confirm=body.confirm or ""),
        scope=_breaker,
        consequence=_says(
            "new risk is taken again if nothing else stands against it; the limit stays, other breakers stay"
        ),
        takes=("breaker", "confirm"),
        needs=("breaker",),
        confirm=lambda _state, body: body.breaker,
    ),
    "adopt-mismatch": Control(
        summary="Take over one mismatch",
        scenario="Books and venue differ, and the venue is right. A dry run names the value and confirm.",
        command=lambda body: commands.AdoptMismatch(
            mismatch_id=body.mismatch_id or "", confirm=body.confirm or ""
        ),
        scope=_mismatch,
        consequence=_says("the books take over the venue's side, and trading on it may go on"),
        takes=("mismatch_id", "confirm"),
        needs=("mismatch_id",),
        confirm=_venue_value,
    ),
}
"""Action to what it does; the paths are made of it."""

OPTIONAL: Final = ("symbol", "breaker", "mismatch_id", "confirm")


def body_of(action: str) -> type[msgspec.Struct]:
    """Return the struct of an action's body: only what it takes, and a reason where it takes more risk."""
    return BODIES[action]


def read_body(action: str) -> ControlBody:
    """Return the body of this request.

    Raises:
        NonRetriableError: API_001.
    """
    body = msgspec.convert(msgspec.to_builtins(parse_body(body_of(action))), ControlBody)
    if body.breaker is not None and body.breaker not in KNOWN_BREAKERS:
        expected = f"one of {', '.join(KNOWN_BREAKERS)}"
        raise refused(
            Fault(field="breaker", expected=expected, found=repr(body.breaker), example=KNOWN_BREAKERS[0])
        )
    return body


def _body(action: str, control: Control) -> type[msgspec.Struct]:
    hints = get_type_hints(ControlBody, include_extras=True)
    loosens = control.command(ControlBody()).LOOSENS
    needed = {*control.needs, *(("reason",) if loosens else ())}
    fields: list[Any] = []
    for field in msgspec.structs.fields(ControlBody):
        hint = hints[field.name]
        if field.name in needed:
            fields.append((field.name, get_args(hint)[0]))
        elif field.name in control.takes or field.name not in OPTIONAL:
            fields.append((field.name, hint, field.default))
    name = "".join(word.capitalize() for word in action.split("-"))
    return msgspec.defstruct(
        f"{name}Body",
        fields,
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
        namespace={"__doc__": f"The body of ``POST /control/{action}``."},
    )


def check_confirmed(control: Control, state: State, body: ControlBody) -> None:
    """Raise unless what must be confirmed is.

    Raises:
        OperatorError: CFG_008, with scope and consequence in its message.
    """
    wanted = control.confirm(state, body)
    if wanted is not None and body.confirm != wanted:
        message = (
            f"scope: {control.scope(state, body)}. Consequence: {control.consequence(state, body)}."
            f" Send confirm: {wanted!r} to have it done"
        )
        faults = told("confirm", wanted, body.confirm or NOTHING, wanted)
        raise OperatorError("CFG_008", message, confirm=wanted, errors=faults)


BODIES: Final = {action: _body(action, control) for action, control in CONTROLS.items()}
"""Action to the struct of its body."""
