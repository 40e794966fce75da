"""A change of settings, looked at before anything is asked of the bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from exporter.ops.configuration.keeper import Keeper
from exporter.ops.configuration.tokens import Tokens
from exporter.ops.parameters import told
from exporter.ops.view import View
from trading_bot.contract.changes import Apply, Change, applying, changes, check_changes, loosening
from trading_bot.contract.commands import DEFAULT_PROBATION, ApplySettings, RollbackSettings
from trading_bot.contract.errors import NonRetriableError, OperatorError, RetriableError
from trading_bot.contract.settings import Settings, parse_settings, settings_hash
from trading_bot.domain.clock import Clock
from trading_bot.domain.removal import check_removal

LONGEST_VALUE: Final = 200


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force: as the journal holds them, and as this release reads them."""

    generation: int
    plain: dict[str, Any]
    settings: Settings
    tape_id: str | None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would do. ``confirm`` is the token that it needs; None where it takes no more risk."""

    current: InForce
    settings: Settings
    hash: str
    changes: tuple[Change, ...]
    confirm: str | None
    confirm_until: int | None

    @property
    def risky(self) -> tuple[str, ...]:
        """The keys that take more risk."""
        return tuple(change.field for change in loosening(self.changes))

    @property
    def needs_restart(self) -> tuple[str, ...]:
        """The keys that take effect only when the bot starts."""
        return tuple(change.field for change in applying(self.changes, Apply.RESTART))

    @property
    def fixed(self) -> tuple[str, ...]:
        """The keys that cannot be changed."""
        return tuple(change.field for change in applying(self.changes, Apply.FORBIDDEN))


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How a change is to be made. ``confirm`` is the token of its difference."""

    confirm: str | None = None
    restart: bool = False
    probation_seconds: float = DEFAULT_PROBATION
    is_adoption: bool = False


class Configuration:
    """Settings as ops knows them. For any thread.

    Args:
        view: the bot.
        keeper: file and history.
        clock: for tokens.
    """

    def __init__(self, view: View, keeper: Keeper, clock: Clock) -> None:
        self.keeper = keeper
        self._view = view
        self._tokens = Tokens(clock)
        self._kept: InForce | None = None

    def in_force(self) -> InForce:
        """Return the settings in force.

        Raises:
            RetriableError: API_004 until the tape has been read for the first time.
            NonRetriableError: CFG_016, there are none yet.
        """
        if not self._view.caught_up:
            raise RetriableError("API_004", "the tape is still being read after the start of this process")
        generation, plain, tape_id = self._view.read(
            lambda state, _health, position: (
                state.settings.generation,
                state.settings.settings,
                position.tape_id if position is not None else None,
            )
        )
        if plain is None:
            raise NonRetriableError("CFG_016", "no settings are in force: the bot has not started here yet")
        kept = self._kept
        if kept is None or kept.plain is not plain:
            settings = parse_settings(plain)
            kept = InForce(generation=generation, plain=plain, settings=settings, tape_id=tape_id)
            self._kept = kept
        return kept

    def planned(self, document: Mapping[str, Any]) -> Planned:
        """Return what applying a document would do.

        Raises:
            TickertapeError: CFG_001, and those of :meth:`in_force`.
        """
        current = self.in_force()
        return self._plan(current, parse_settings(document))

    def planned_return(self, generation: int | None) -> tuple[int, Planned]:
        """Return what going back to a generation would do, None for the one before; and which one that is.

        Raises:
            TickertapeError: CFG_012, and those of :meth:`in_force`.
        """
        current = self.in_force()
        wanted = current.generation - 1 if generation is None else generation
        plain = self.keeper.history.settings_of(wanted, current.tape_id)
        if plain is None:
            message = f"there is no generation {wanted} before generation {current.generation}"
            expected = f"a generation of GET /api/v1/config/history before {current.generation}"
            faults = told("generation", expected, str(wanted), str(max(1, current.generation - 1)))
            raise NonRetriableError("CFG_012", message, generation=wanted, errors=faults)
        return wanted, self._plan(current, parse_settings(plain))

    def require_generation(self, expected: int, current: InForce) -> None:
        """Do nothing if ``expected`` is in force.

        Raises:
            NonRetriableError: CFG_006.
        """
        if expected != current.generation:
            message = f"made against generation {expected}, generation {current.generation} is in force"
            tag = f'"{current.generation}"'
            faults = told("If-Match", f"{tag}, the generation in force", f'"{expected}"', tag)
            raise NonRetriableError(
                "CFG_006", message, expected=expected, found=current.generation, errors=faults
            )

    def application(self, planned: Planned, wanted: Wanted) -> ApplySettings:
        """Return the command that applies a change.

        Raises:
            OperatorError: CFG_007 to CFG_009, CFG_018.
        """
        self._check(planned, wanted)
        return ApplySettings(
            settings=msgspec.to_builtins(planned.settings),
            hash=planned.hash,
            source="adopt" if wanted.is_adoption else "command",
            restart=wanted.restart,
            probation_seconds=wanted.probation_seconds,
            confirmed=planned.risky,
        )

    def rollback(self, generation: int, planned: Planned, wanted: Wanted) -> RollbackSettings:
        """Return the command that goes back to a generation.

        Raises:
            OperatorError: CFG_007 to CFG_009, CFG_018.
        """
        self._check(planned, wanted)
        return RollbackSettings(generation=generation, restart=wanted.restart, confirmed=planned.risky)

    def _check(self, planned: Planned, wanted: Wanted) -> None:
        try:
            check_changes(planned.changes, confirmed=planned.risky, restart=wanted.restart)
        except OperatorError as error:
            raise OperatorError(
                error.code, error.message, **error.context, errors=_faults(error, planned)
            ) from None
        current = planned.current.settings
        self._view.read(lambda state, _health, _position: check_removal(state, current, planned.settings))
        if planned.risky:
            self._tokens.check(wanted.confirm, planned.current.generation, planned.hash)

    def _plan(self, current: InForce, settings: Settings) -> Planned:
        found = changes(current.settings, settings)
        new_hash = settings_hash(settings)
        confirm, until = None, None
        if loosening(found):
            confirm, until = self._tokens.make(current.generation, new_hash)
        return Planned(
            current=current,
            settings=settings,
            hash=new_hash,
            changes=found,
            confirm=confirm,
            confirm_until=until,
        )


def _faults(error: OperatorError, planned: Planned) -> list[dict[str, str]]:
    """Return what is wrong with each key that a refusal names."""
    allowed = ", or restart: true" if error.code == "CFG_009" else ""
    refused = [change for change in planned.changes if change.field in error.context["fields"]]
    return [
        fault
        for change in refused
        for fault in told(
            change.field, f"what is in force{allowed}", _text(change.after), _text(change.before)
        )
    ]


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:LONGEST_VALUE]
