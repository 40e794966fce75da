"""Settings that change while the bot runs: checked again, in force with the next decision, on probation.

Strategies keep what they know: they are given the new settings, not built anew. What takes effect only
at a start is taken when the command allows a restart, which then follows at once, so that the tape never
says one thing while the bot does another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_bot.contract.changes import Apply, Change, applying, changes, check_changes, loosening
from trading_bot.contract.commands import ApplySettings, RollbackSettings
from trading_bot.contract.errors import NonRetriableError, OperatorError
from trading_bot.contract.events.lifecycle import (
    ConditionName,
    ConditionStatus,
    SettingsApplied,
    SettingsRolledBack,
)
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.domain.clock import SECOND
from trading_bot.domain.removal import check_removal
from trading_bot.domain.state import Probation
from trading_bot.engine.context import Context
from trading_bot.engine.modes import BOT
from trading_bot.journal import TapeReader
from trading_bot.strategies.protocol import Strategy
from trading_bot.strategies.registry import adapt

PAGE: Final = 100
STAY_TIGHT: Final = ("limits", "breakers")
"""Sections whose tighter values stay when the bot goes back by itself: nobody has asked for more risk."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did, in words; ``restart`` says why the bot must start anew for it, if it must."""

    message: str
    restart: str | None = None


class SettingsKeeper:
    """Puts other settings in force, and takes them back while they are on probation."""

    def __init__(self, context: Context, strategies: Mapping[tuple[str, str], Strategy]) -> None:
        self._context = context
        self._ledger = context.ledger
        self._strategies = strategies
        self._kept: int | None = None

    def require_generation(self, expected: int | None) -> None:
        """Do nothing if ``expected`` is the generation in force, or None.

        Raises:
            NonRetriableError: CFG_006.
        """
        current = self._ledger.state.settings.generation
        if expected is not None and expected != current:
            message = f"made against generation {expected}, generation {current} is in force"
            raise NonRetriableError("CFG_006", message, expected=expected, found=current)

    async def apply(
        self, command: ApplySettings, command_id: str, actor: str, reason: str, expected: int | None
    ) -> Done:
        """Put new settings in force.

        Raises:
            TickertapeError: CFG_001, CFG_006 to CFG_009, CFG_011 or CFG_018; nothing was changed.
        """
        if self._ledger.state.settings.command_id == command_id:
            return self._taken_before()
        if expected is None:
            raise NonRetriableError(
                "CFG_006", "a change of settings must name the generation it was made against"
            )
        wanted = await asyncio.to_thread(parse_settings, command.settings)
        if settings_hash(wanted) != command.hash:
            raise NonRetriableError(
                "CFG_011", "the settings on the tape have another hash than the command says"
            )
        self.require_generation(expected)  # again: the bot may have gone back by itself meanwhile
        found = changes(self._context.settings, wanted)
        if not found:
            return Done(message=f"nothing differs from generation {expected}, which stays in force")
        check_changes(found, confirmed=command.confirmed, restart=command.restart)
        check_removal(self._ledger.state, self._context.settings, wanted)
        self._ledger.append(
            SettingsApplied(
                generation=expected + 1,
                hash=command.hash,
                settings=msgspec.to_builtins(wanted),
                source=command.source,
                actor=actor,
                reason=reason,
                command_id=command_id,
                probation_ns=round(command.probation_seconds * SECOND),
            )
        )
        return self._take(wanted, found, f"generation {expected + 1} is in force")

    async def roll_back(
        self, command: RollbackSettings, command_id: str, actor: str, reason: str, expected: int | None
    ) -> Done:
        """Put the settings of an earlier generation in force again, as a new generation.

        Raises:
            TickertapeError: CFG_006 to CFG_009, CFG_012 or CFG_018; nothing was changed.
        """
        state = self._ledger.state
        if state.settings.command_id == command_id:
            return self._taken_before()
        plain = await asyncio.to_thread(settings_of, self._context.home.journal, command.generation)
        wanted = await asyncio.to_thread(parse_settings, plain)
        self.require_generation(expected)
        found = changes(self._context.settings, wanted)
        if not found:
            message = f"generation {command.generation} is what is in force already"
            return Done(message=message)
        check_changes(found, confirmed=command.confirmed, restart=command.restart)
        check_removal(state, self._context.settings, wanted)
        return self._go_back(wanted, found, command.generation, actor, reason, command_id)

    def watch(self) -> str | None:
        """Go back if a condition turned worse within the probation; return why to restart, if that is needed."""
        state = self._ledger.state
        trial = state.probation
        if trial is None or self._context.clock.now_ns() >= trial.until or self._kept == trial.generation:
            return None
        worse = self._worse(trial)
        if worse is None:
            return None
        return self._fail(trial, worse)

    def _worse(self, trial: Probation) -> str | None:
        for condition in self._ledger.state.conditions.values():
            if (
                condition.status is ConditionStatus.FALSE
                and condition.name in trial.healthy
                and condition.name is not ConditionName.CONFIG_APPLIED
            ):
                return f"{condition.name} turned False ({condition.reason}): {condition.message}"
        return None

    def _fail(self, trial: Probation, worse: str) -> str | None:
        before = parse_settings(trial.previous.settings or {})
        target, kept = without_loosening(self._context.settings, before)
        found = changes(self._context.settings, target)
        message = f"generation {trial.generation} failed its probation: {worse}"
        if kept:
            message += f"; kept as they take less risk: {', '.join(kept)}"
        in_use = self._in_use(target)
        if in_use is not None:
            message += f"; it stays in force, {in_use}"
        self._context.errors.record(NonRetriableError("CFG_013", message, generation=trial.generation))
        if not found or in_use is not None:
            self._kept = trial.generation
            return None
        return self._go_back(target, found, trial.previous.generation, BOT, message, None).restart

    def _in_use(self, target: Settings) -> str | None:
        """Say what would be left alone by going back to settings without its symbol, or None."""
        try:
            check_removal(self._ledger.state, self._context.settings, target)
        except OperatorError as error:
            return error.message
        return None

    def _go_back(
        self,
        wanted: Settings,
        found: tuple[Change, ...],
        restored: int,
        actor: str,
        reason: str,
        command_id: str | None,
    ) -> Done:
        generation = self._ledger.state.settings.generation + 1
        self._ledger.append(
            SettingsRolledBack(
                generation=generation,
                restored_generation=restored,
                hash=settings_hash(wanted),
                settings=msgspec.to_builtins(wanted),
                actor=actor,
                reason=reason,
                command_id=command_id,
            )
        )
        return self._take(
            wanted, found, f"generation {restored} is in force again, as generation {generation}"
        )

    def _take(self, wanted: Settings, found: tuple[Change, ...], message: str) -> Done:
        names = ", ".join(change.field for change in found)
        if applying(found, Apply.RESTART):
            return Done(message=f"{message} after a restart: {names}", restart=f"{message}: {names}")
        self._context.settings = wanted
        adapt(self._strategies, wanted.strategies)
        return Done(message=f"{message}: {names}")

    def _taken_before(self) -> Done:
        """The run that took the command ended before it could answer."""
        return Done(message=f"generation {self._ledger.state.settings.generation} is in force")


def without_loosening(current: Settings, before: Settings) -> tuple[Settings, list[str]]:
    """Return ``before``, but with the limits of ``current`` where those are tighter, and their names."""
    kept = [change.field for change in loosening(changes(current, before))]
    target, names = before, []
    for section in STAY_TIGHT:
        inside = [name.partition(".")[2] for name in kept if name.startswith(f"{section}.")]
        now = getattr(current, section)
        tight = msgspec.structs.replace(
            getattr(before, section), **{name: getattr(now, name) for name in inside}
        )
        target = msgspec.structs.replace(target, **{section: tight})
        names += [f"{section}.{name}" for name in inside]
    return target, names


def settings_of(journal: Path, generation: int) -> dict[str, Any]:
    """Return the settings of a generation, as they stand on the tape.

    Raises:
        NonRetriableError: CFG_012, there is no such generation.
        TickertapeError: the tape cannot be read.
    """
    kinds, after = (SettingsApplied.KIND, SettingsRolledBack.KIND), 0
    with TapeReader.open(journal) as reader:
        while page := reader.read(after, PAGE, kinds):
            for envelope in page:
                event = envelope.payload
                assert isinstance(event, SettingsApplied | SettingsRolledBack)
                if event.generation == generation:
                    return event.settings
            after = page[-1].seq
    raise NonRetriableError("CFG_012", f"there is no generation {generation}", generation=generation)
