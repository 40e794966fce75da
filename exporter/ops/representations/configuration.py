"""Settings, their changes and their history as they are shown."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.commands import Standing
from exporter.ops.configuration.change import InForce, Planned
from exporter.ops.configuration.history import Transition
from exporter.ops.configuration.keeper import FileState, Keeper
from exporter.ops.representations.commands import CommandView, represent_command
from exporter.ops.representations.values import Moment, Unknown, moment, without_nulls
from trading_bot.contract.changes import Change, leaves
from trading_bot.contract.settings import Settings, settings_hash
from trading_bot.contract.settings.validation import SettingsFault
from trading_bot.domain.state import Probation, State

MOST_CHANGES: Final = 200
"""Changes listed; how many there are is said."""

IN_FORCE, DRIFT, INVALID, MISSING = "in_force", "drift", "invalid", "missing"


class ProbationView(msgspec.Struct, frozen=True, kw_only=True):
    """New settings on trial. ``running`` is false once the time has passed without a turn for the worse."""

    generation: int
    previous_generation: int
    until: Moment
    running: bool


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """``config.yaml``: in_force, drift, invalid or missing."""

    status: Annotated[str, Meta(examples=[IN_FORCE])]
    message: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a value comes from: ``default``, or the ``seed`` or ``change`` that brought it, with its generation."""

    source: Annotated[str, Meta(examples=["default"])]
    generation: int


class ConfigView(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /config``.

    ``generation`` is the one that is wanted, ``observed_generation`` the one that the bot says is in
    force; they differ while ``pending`` waits for the bot's answer.
    """

    generation: int
    observed_generation: int
    hash: str
    source: str
    actor: str
    reason: str | None
    applied_at: Moment | None
    settings: dict[str, Any]
    origins: dict[str, Origin]
    pending: CommandView | None
    probation: ProbationView | None
    file: FileView
    unknown: Unknown
    generated_at: Moment


class ConfigDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from the settings in force, and what a change to it would need.

    ``confirm`` is the token that ``PUT /config`` wants where the change takes more risk.
    """

    generation: int
    against: str
    hash: str
    changes: list[Change]
    returned: int
    total: int
    truncated: bool
    loosens: list[str]
    needs_restart: list[str]
    forbidden: list[str]
    confirm: str | None
    confirm_until: Moment | None
    dry_run: bool
    warnings: list[str]
    unknown: Unknown


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``POST /config/validate``."""

    valid: bool
    hash: str | None
    errors: list[SettingsFault]
    unknown: Unknown


class ConfigUnchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a 200: nothing differs from what is in force, so nothing was asked of the bot."""

    status: Annotated[str, Meta(examples=["unchanged"])]
    generation: int
    hash: str


class TransitionView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history. The whole settings before and after are in the file."""

    number: int
    id: str
    timestamp: Moment
    user: str
    reason: str
    source: str
    generation: int | None
    restored_generation: int | None
    diff: list[dict[str, Any]]
    validation_result: dict[str, Any]
    applied: bool
    rolled_back: bool
    command_id: str | None
    kept_file: str | None
    unknown: Unknown


class ConfigHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /config/history``, newest first."""

    history: list[TransitionView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    generated_at: Moment


def represent_config(
    state: State, current: InForce, keeper: Keeper, pending: Standing | None, now_ns: int
) -> ConfigView:
    """Return the settings in force and what is about to change them."""
    known = state.settings
    wanted = _wanted_generation(pending)
    trial = _represent_probation(state.probation, now_ns)
    return ConfigView(
        generation=wanted or current.generation,
        observed_generation=current.generation,
        hash=settings_hash(current.settings),
        source=known.source or "seed",
        actor=known.actor or "bot",
        reason=known.reason,
        applied_at=moment(known.applied_at),
        settings=msgspec.to_builtins(current.settings),
        origins=_origins(current.settings, keeper.origins),
        pending=None if pending is None else represent_command(pending, in_list=True),
        probation=trial,
        file=represent_file(keeper.file, current),
        unknown=without_nulls(
            {
                "pending": "nothing is waiting for the bot's answer" if pending is None else None,
                "probation": "the settings in force are not on probation" if trial is None else None,
                "reason": "it was not recorded then" if known.reason is None else None,
            }
        ),
        generated_at=moment(now_ns) or "",
    )


def represent_file(file: FileState, current: InForce) -> FileView:
    """Return how the settings file stands to what is in force."""
    if not file.is_there:
        return FileView(status=MISSING, message="there is no config.yaml; the next change writes it")
    if file.problem is not None:
        return FileView(status=INVALID, message=f"it has no effect: {file.problem}")
    if file.hash != settings_hash(current.settings):
        message = f"it differs from generation {current.generation} and has no effect"
        return FileView(status=DRIFT, message=message)
    return FileView(status=IN_FORCE, message=f"it says what generation {current.generation} is")


def represent_diff(
    planned: Planned, against: str, *, dry_run: bool = False, probation: float | None = None
) -> ConfigDiff:
    """Return what a change would do."""
    shown = list(planned.changes[:MOST_CHANGES])
    no_token = None if planned.confirm else "the change takes no more risk, so it needs no confirm"
    return ConfigDiff(
        generation=planned.current.generation,
        against=against,
        hash=planned.hash,
        changes=shown,
        returned=len(shown),
        total=len(planned.changes),
        truncated=len(shown) < len(planned.changes),
        loosens=list(planned.risky),
        needs_restart=list(planned.needs_restart),
        forbidden=list(planned.fixed),
        confirm=planned.confirm,
        confirm_until=moment(planned.confirm_until),
        dry_run=dry_run,
        warnings=list(_warnings(planned, probation)),
        unknown=without_nulls({"confirm": no_token, "confirm_until": no_token}),
    )


def represent_transition(number: int, transition: Transition) -> TransitionView:
    """Return one line of the history without the whole settings."""
    nothing = None if transition.applied else "nothing came into force"
    return TransitionView(
        number=number,
        id=transition.id,
        timestamp=transition.timestamp,
        user=transition.user,
        reason=transition.reason,
        source=transition.source,
        generation=transition.generation,
        restored_generation=transition.restored_generation,
        diff=transition.diff[:MOST_CHANGES],
        validation_result=transition.validation_result,
        applied=transition.applied,
        rolled_back=transition.rolled_back,
        command_id=transition.command_id,
        kept_file=transition.kept_file,
        unknown=without_nulls(
            {
                "generation": nothing,
                "restored_generation": None if transition.rolled_back else "it is no return",
                "command_id": None if transition.command_id else "no command asked for it",
                "kept_file": None if transition.kept_file else "no edited file was in the way",
            }
        ),
    )


def _warnings(planned: Planned, probation: float | None) -> list[str]:
    found = []
    if planned.fixed:
        found.append(f"cannot be applied: {', '.join(planned.fixed)} cannot be changed")
    if planned.needs_restart:
        found.append(f"needs restart: true, and the bot restarts: {', '.join(planned.needs_restart)}")
    if probation:
        found.append(
            f"for {probation:g} s the bot goes back by itself when a health condition turns worse;"
            " limits that the change tightened stay tight"
        )
    return found


def _wanted_generation(pending: Standing | None) -> int | None:
    if pending is None or pending.recorded.command.expected_generation is None:
        return None
    return pending.recorded.command.expected_generation + 1


def _represent_probation(trial: Probation | None, now_ns: int) -> ProbationView | None:
    if trial is None:
        return None
    return ProbationView(
        generation=trial.generation,
        previous_generation=trial.previous.generation,
        until=moment(trial.until) or "",
        running=now_ns < trial.until,
    )


def _origins(settings: Settings, origins: dict[str, int]) -> dict[str, Origin]:
    defaults = {name: value for name, (value, _) in leaves(_default(settings)).items()}
    found = {}
    for name, (value, _) in leaves(settings).items():
        generation = next((origins[key] for key in _paths(name) if key in origins), None)
        if generation is not None:
            found[name] = Origin(source="change", generation=generation)
        else:
            is_given = name.rpartition(".")[2] == "symbols"  # has no default
            is_default = not is_given and defaults.get(name) == value
            found[name] = Origin(source="default" if is_default else "seed", generation=1)
    return found


def _default(settings: Settings) -> Settings:
    """Return settings with nothing given but what must be: symbols, and what each strategy is."""
    strategies = {name: type(one)(symbols=one.symbols) for name, one in settings.strategies.items()}
    return Settings(symbols=settings.symbols, strategies=strategies)


def _paths(name: str) -> list[str]:
    """Return a key and the keys that it lies in, inner first: a change may have brought the whole."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
