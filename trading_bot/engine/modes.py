"""The mode: the most restrictive of all that is demanded, and each change an event."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.errors import HaltError, SemanticError
from trading_bot.contract.events.lifecycle import Mode, ModeChanged, ModeDemanded
from trading_bot.engine.ledger import Ledger
from trading_bot.telemetry.errors import Sink

SEVERITY: Final = {Mode.RUNNING: 0, Mode.REDUCE_ONLY: 1, Mode.PAUSED: 2, Mode.HALTED: 3}

BOT: Final = "bot"
KILL_SWITCH: Final = "KillSwitch"
HALTING_ERROR: Final = "HaltingError"
OPERATOR_HALT: Final = "OperatorHalt"
OPERATOR_PAUSE: Final = "OperatorPause"
OPERATOR_REDUCE_ONLY: Final = "OperatorReduceOnly"
"""What a command demands; the halt is lifted at the machine only, by `tickertape resume --confirm`."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants the bot to do no more than ``mode``; ``reason`` is a stable word."""

    mode: Mode
    reason: str
    message: str
    actor: str = BOT


class ModeKeeper:
    """Holds the demands by reason. Without any the bot is running."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._demands: dict[str, Demand] = {}

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return self._ledger.state.mode.mode

    def demand(self, mode: Mode, reason: str, message: str, actor: str = BOT) -> None:
        """Ask for ``mode`` until :meth:`withdraw`; the same reason again only updates its message."""
        demand = self._demands[reason] = Demand(mode=mode, reason=reason, message=message, actor=actor)
        if actor != BOT and reason != KILL_SWITCH:
            self._remember(demand)
        self._settle()

    def withdraw(self, reason: str) -> None:
        """Take a demand back, if it stands."""
        demand = self._demands.pop(reason, None)
        if demand is None:
            return
        if reason in self._ledger.state.demands:
            self._ledger.append(_demanded(demand, standing=False))
        self._settle()

    def demanded(self, reason: str) -> bool:
        """Whether a demand stands."""
        return reason in self._demands

    def restore(self) -> None:
        """After a restart: what only a person takes back still stands. The bot's own reasons are found again.

        The kill switch is its file, which is read again.
        """
        for known in self._ledger.state.demands.values():
            self._demands.setdefault(
                known.reason,
                Demand(mode=known.mode, reason=known.reason, message=known.message, actor=known.actor),
            )

    def _remember(self, demand: Demand) -> None:
        known = self._ledger.state.demands.get(demand.reason)
        if known is None or (known.mode, known.message, known.actor) != (
            demand.mode,
            demand.message,
            demand.actor,
        ):
            self._ledger.append(_demanded(demand, standing=True))

    def _settle(self) -> None:
        strictest = max(self._demands.values(), key=lambda demand: SEVERITY[demand.mode], default=None)
        wanted = strictest or Demand(
            mode=Mode.RUNNING, reason="Ready", message="nothing stands against trading"
        )
        current = self._ledger.state.mode
        if (current.mode, current.reason) == (wanted.mode, wanted.reason):
            return
        self._ledger.append(
            ModeChanged(
                previous=current.mode,
                mode=wanted.mode,
                reason=wanted.reason,
                message=wanted.message,
                actor=wanted.actor,
            )
        )


def halting(sink: Sink, modes: ModeKeeper) -> Sink:
    """Return a sink of errors that also halts for one that a person must look into before trading goes on."""

    def take(error: SemanticError) -> None:
        sink(error)
        if error.error_type == HaltError.__name__:
            modes.demand(Mode.HALTED, HALTING_ERROR, f"{error.error_code}: {error.message}", actor="error")

    return take


def _demanded(demand: Demand, *, standing: bool) -> ModeDemanded:
    return ModeDemanded(
        mode=demand.mode,
        reason=demand.reason,
        message=demand.message,
        actor=demand.actor,
        standing=standing,
    )
