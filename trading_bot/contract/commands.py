"""Commands that ops may put on the control tape for the bot. Imperative; the bot answers with events."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from trading_bot.contract.errors.definition import NonRetriableError
from trading_bot.contract.events.lifecycle import CommandIssued

DEFAULT_PROBATION: Final = 60.0
LONGEST_PROBATION: Final = 3600.0
"""Seconds."""

ACKNOWLEDGED: Final = "acknowledged"
REJECTED: Final = "rejected"
EXPIRED: Final = "expired"


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all commands. ``LOOSENS`` says whether it allows more risk than before."""

    NAME: ClassVar[str]
    LOOSENS: ClassVar[bool] = False


class PauseTrading(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No new signals are acted on; working orders and positions stay."""

    NAME: ClassVar[str] = "PauseTrading"


class ResumeTrading(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Back to running from paused or reduce_only. A HALT file is not lifted by it."""

    NAME: ClassVar[str] = "ResumeTrading"
    LOOSENS: ClassVar[bool] = True


class ReduceOnly(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only cancels and closes pass."""

    NAME: ClassVar[str] = "ReduceOnly"


class HaltTrading(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stop trading and cancel working orders."""

    NAME: ClassVar[str] = "HaltTrading"


class ApplySettings(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put these settings in force, if the generation in force is the expected one."""

    NAME: ClassVar[str] = "ApplySettings"
    LOOSENS: ClassVar[bool] = True

    settings: dict[str, Any]
    hash: str
    source: Literal["command", "adopt"] = "command"
    restart: bool = False
    """Whether the bot may restart itself where a key that changes needs that; refused otherwise."""
    probation_seconds: Annotated[float, Meta(ge=0, le=LONGEST_PROBATION)] = DEFAULT_PROBATION
    confirmed: tuple[str, ...] = ()
    """The keys that take more risk, as a person has confirmed them; the bot refuses a change of others."""


class RollbackSettings(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Put the settings of an earlier generation in force again."""

    NAME: ClassVar[str] = "RollbackSettings"
    LOOSENS: ClassVar[bool] = True

    generation: int
    restart: bool = False
    confirmed: tuple[str, ...] = ()


class ResetBreaker(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Close one circuit breaker before its time, that one only.

    ``confirm`` repeats the breaker's name; without it nothing is done.
    """

    NAME: ClassVar[str] = "ResetBreaker"
    LOOSENS: ClassVar[bool] = True

    breaker: str
    confirm: str = ""


class RestartBot(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Finish the cycle, flush, and end with exit status 75, so that the supervisor starts the bot again."""

    NAME: ClassVar[str] = "RestartBot"


class FlattenPositions(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Close positions: one symbol, or all."""

    NAME: ClassVar[str] = "FlattenPositions"

    symbol: str | None = None


class CancelOrders(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cancel working orders: of one symbol, or all."""

    NAME: ClassVar[str] = "CancelOrders"

    symbol: str | None = None


class AdoptMismatch(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let the books take over the venue's side of one mismatch, so that trading on it may go on.

    ``confirm`` names what is taken over: the venue's value as the mismatch says it. If the venue says
    another value by then, nothing is done.
    """

    NAME: ClassVar[str] = "AdoptMismatch"
    LOOSENS: ClassVar[bool] = True

    mismatch_id: str
    confirm: str


CHANGES_SETTINGS: Final = frozenset({ApplySettings.NAME, RollbackSettings.NAME})
"""The commands that bring another generation of settings."""

COMMANDS: dict[str, type[Command]] = {command.NAME: command for command in Command.__subclasses__()}


def decode_command(issued: CommandIssued) -> Command:
    """Return the command that an event of the control tape carries.

    Raises:
        NonRetriableError: CFG_005 for an unknown name or arguments that do not fit.
    """
    try:
        return msgspec.convert(issued.arguments, COMMANDS[issued.name])
    except (KeyError, msgspec.ValidationError) as error:
        expected = ", ".join(COMMANDS)
        message = f"command {issued.name!r} cannot be read: {error} (commands are {expected})"
        raise NonRetriableError("CFG_005", message, command_id=issued.command_id) from error
