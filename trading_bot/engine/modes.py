"""The mode: the most restrictive of all that is demanded, and each change an event."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.errors import HaltError, SemanticError
from trading_bot.contract.events.lifecycle import Mode, ModeChanged
from trading_bot.domain.state import ModeState
from trading_bot.engine.ledger import Ledger
from trading_bot.telemetry.errors import Sink

SEVERITY: Final = {Mode.RUNNING: 0, Mode.REDUCE_ONLY: 1, Mode.PAUSED: 2, Mode.HALTED: 3}

BOT: Final = "bot"
KILL_SWITCH: Final = "KillSwitch"
HALTING_ERROR: Final = "HaltingError"


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
        self._demands[reason] = Demand(mode=mode, reason=reason, message=message, actor=actor)
        self._settle()

    def withdraw(self, reason: str) -> None:
        """Take a demand back, if it stands."""
        if self._demands.pop(reason, None) is not None:
            self._settle()

    def demanded(self, reason: str) -> bool:
        """Whether a demand stands."""
        return reason in self._demands

    def restore(self) -> None:
        """After a restart: what only a person takes back still stands. The bot's own reasons are found again.

        A stricter demand that came later only hides a person's; a milder mode afterwards shows that it
        was taken back. The kill switch is its file, which is read again.
        """
        mildest = SEVERITY[Mode.HALTED]
        for change in reversed(self._ledger.state.modes):
            severity = SEVERITY[change.mode]
            if change.actor != BOT and change.reason != KILL_SWITCH and 0 < severity <= mildest:
                self._demands.setdefault(change.reason, _demand_of(change))
            mildest = min(mildest, severity)

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


def _demand_of(change: ModeState) -> Demand:
    return Demand(mode=change.mode, reason=change.reason, message=change.message, actor=change.actor)
