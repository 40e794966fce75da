"""What ``POST /control/{action}`` can ask of the bot: one row an action, with its scope and consequence in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.bodies import refused
from exporter.ops.commands import LONGEST_VALID_SECONDS
from exporter.ops.handover import LONGEST_REASON
from exporter.ops.parameters import Fault
from trading_bot.contract import commands
from trading_bot.contract.commands import Command
from trading_bot.contract.errors import NonRetriableError, OperatorError
from trading_bot.domain.state import State


class ControlBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /control/{action}``. Which fields an action takes, its scenario says."""

    reason: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=LONGEST_REASON,
                description=f"why, in words, 1 to {LONGEST_REASON} characters; needed by resume and reset-breaker",
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
            Meta(max_length=80, description="which breaker (reset-breaker)", examples=["max_daily_loss"]),
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
        command: makes the command of a body.
        takes: the fields besides reason and the like; others are refused.
        needs: those of them that must be there.
        scope: what it touches, of a state and a body.
        consequence: what follows.
        confirm: what must be sent to have it done; None: nothing.
    """

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
        command=lambda _body: commands.PauseTrading(),
        scope=_account,
        consequence=_says("no new signals are acted on; working orders and positions stay; until resumed"),
    ),
    "resume": Control(
        command=lambda _body: commands.ResumeTrading(),
        scope=_demands,
        consequence=_after_resume,
    ),
    "reduce-only": Control(
        command=lambda _body: commands.ReduceOnly(),
        scope=_account,
        consequence=_says("only cancels and closes pass; until resumed"),
    ),
    "halt": Control(
        command=lambda _body: commands.HaltTrading(),
        scope=_account,
        consequence=_says(
            "trading stops and working orders are cancelled; lifted only at the bot's machine by"
            " `tickertape resume --confirm`"
        ),
    ),
    "restart": Control(
        command=lambda _body: commands.RestartBot(),
        scope=_says("the bot's process"),
        consequence=_says("the bot ends in order with status 75, and whoever supervises it starts it again"),
    ),
    "cancel-orders": Control(
        command=lambda body: commands.CancelOrders(symbol=body.symbol),
        scope=_orders,
        consequence=_says(
            "those that the venue has acknowledged are cancelled; strategies may send new ones"
        ),
        takes=("symbol",),
    ),
    "flatten": Control(
        command=lambda body: commands.FlattenPositions(symbol=body.symbol),
        scope=_positions,
        consequence=_says("working orders are cancelled and the positions are sold at the market"),
        takes=("symbol",),
    ),
    "reset-breaker": Control(
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


def control_of(action: str) -> Control:
    """Return the row of an action.

    Raises:
        NonRetriableError: API_002.
    """
    if action not in CONTROLS:
        message = f"there is no action {action[:40]!r}; actions are {', '.join(CONTROLS)}"
        raise NonRetriableError("API_002", message)
    return CONTROLS[action]


def check_fields(action: str, control: Control, body: ControlBody) -> None:
    """Hold a body to what its action takes.

    Raises:
        NonRetriableError: API_001.
    """
    for name in OPTIONAL:
        if getattr(body, name) is not None and name not in control.takes:
            expected = f"nothing: {action} takes {', '.join(control.takes) or 'no more than a reason'}"
            raise refused(Fault(field=name, expected=expected, found=repr(getattr(body, name)), example="{}"))
    needs_reason = control.command(body).LOOSENS and not body.dry_run
    needed = (*control.needs, *(("reason",) if needs_reason else ()))
    for name in needed:
        if getattr(body, name) is None:
            expected, example = EXPECTED[name]
            raise refused(Fault(field=name, expected=expected, found="nothing", example=example))


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
        raise OperatorError("CFG_008", message, confirm=wanted)


EXPECTED: Final[dict[str, Any]] = {
    "reason": ("why, in words: this allows more risk than before", "the exchange is back"),
    "breaker": ("the name of an open breaker", "max_daily_loss"),
    "mismatch_id": ("the id of an open mismatch", "balance:USD"),
}
