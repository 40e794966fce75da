"""The process's life: starts, stops, modes, settings, conditions, errors, commands."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from trading_bot.contract.errors.definition import SemanticError
from trading_bot.contract.events.definition import Event, Retention


class Mode(StrEnum):
    """What the bot may do. ``reduce_only`` passes cancels and closes only."""

    RUNNING = "running"
    REDUCE_ONLY = "reduce_only"
    PAUSED = "paused"
    HALTED = "halted"


class ConditionStatus(StrEnum):
    """A condition is true, false, or not known; never healthy by default."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionName(StrEnum):
    """The conditions that health is made of. ``TelemetryFlowing`` is the exporter's, the others the bot's."""

    FEED_FRESH = "FeedFresh"
    DECIDING = "Deciding"
    VENUE_REACHABLE = "VenueReachable"
    JOURNAL_WRITABLE = "JournalWritable"
    RECONCILED = "Reconciled"
    RISK_WITHIN_LIMITS = "RiskWithinLimits"
    CONFIG_APPLIED = "ConfigApplied"
    TELEMETRY_FLOWING = "TelemetryFlowing"


class Supervisor(StrEnum):
    """Who restarts the process when it ends."""

    UP = "tickertape-up"
    COMPOSE = "compose"
    SYSTEMD = "systemd"
    NONE = "none"


class BotStarted(Event, frozen=True, kw_only=True):
    """The bot process has opened its journal. The first event of every run."""

    KIND: ClassVar[str] = "bot.started"
    REASON: ClassVar[str] = "Separates runs; says what runs, where, and who would restart it."

    version: str
    pid: int
    host: str
    python: str
    supervisor: Supervisor
    venue: str
    currency: str
    previous_run_ended: bool | None
    """True: the previous run stopped cleanly; False: it was killed; None: there was none."""


class BotReady(Event, frozen=True, kw_only=True):
    """Recovery and reconciliation are done; trading begins."""

    KIND: ClassVar[str] = "bot.ready"
    REASON: ClassVar[str] = "Tells a start that succeeded from one that hangs in recovery."

    recovery_ns: int
    symbols: tuple[str, ...]
    strategies: tuple[str, ...]


class BotStopped(Event, frozen=True, kw_only=True):
    """The bot ended by itself, cleanly. The last event of a run that was not killed."""

    KIND: ClassVar[str] = "bot.stopped"
    REASON: ClassVar[str] = "Tells a clean end from a crash."

    reason: str
    exit_code: int


class BotBeat(Event, frozen=True, kw_only=True):
    """The heartbeat: the loop has come round. Once a second."""

    KIND: ClassVar[str] = "bot.beat"
    RETENTION: ClassVar[Retention] = Retention.MEASUREMENT
    REASON: ClassVar[str] = "Liveness by progress, for readers that cannot see the beacon."

    cycles: int
    """Decision cycles since this run's start."""


class ModeChanged(Event, frozen=True, kw_only=True):
    """The mode is another one now."""

    KIND: ClassVar[str] = "mode.changed"
    REASON: ClassVar[str] = "Each change of what the bot may do, with who and why."

    previous: Mode
    mode: Mode
    reason: str
    """A stable CamelCase word for programs."""
    message: str
    actor: str


class ModeDemanded(Event, frozen=True, kw_only=True):
    """Somebody other than the bot wants no more than ``mode``, or takes that back: ``standing`` is false then."""

    KIND: ClassVar[str] = "mode.demanded"
    REASON: ClassVar[str] = (
        "A demand that a stricter one hides changes no mode, and still stands after a restart."
    )

    mode: Mode
    reason: str
    """A stable CamelCase word for programs; one demand stands under each."""
    message: str
    actor: str
    standing: bool


class SettingsApplied(Event, frozen=True, kw_only=True):
    """Trading settings are in force from here on."""

    KIND: ClassVar[str] = "settings.applied"
    REASON: ClassVar[str] = "The settings live on the journal: the last one of these counts."

    generation: int
    hash: str
    settings: dict[str, Any]
    source: str
    """``seed``, ``command`` or ``adopt``."""
    actor: str
    reason: str
    command_id: str | None = None
    probation_ns: int = 0
    """For so long the bot goes back by itself when a condition turns worse; 0: it does not."""


class SettingsRolledBack(Event, frozen=True, kw_only=True):
    """Earlier settings are in force again, as a new generation."""

    KIND: ClassVar[str] = "settings.rolled_back"
    REASON: ClassVar[str] = "A return to earlier settings is not an application of new ones."

    generation: int
    restored_generation: int
    hash: str
    settings: dict[str, Any]
    actor: str
    reason: str
    command_id: str | None = None


class CommandAnswered(Event, frozen=True, kw_only=True):
    """The bot has dealt with a command of the control tape."""

    KIND: ClassVar[str] = "command.answered"
    REASON: ClassVar[str] = "A command is done when the journal says so."

    command_id: str
    name: str
    outcome: str
    """``acknowledged``, ``rejected`` or ``expired``."""
    message: str
    error_code: str | None = None
    actor: str | None = None
    idempotency_key: str | None = None
    issued_at: int | None = None
    """When it was put on the control tape, nanoseconds since the epoch."""
    control_tape: str | None = None
    control_run: str | None = None
    control_seq: int | None = None
    """Where it stands on the control tape: tape id, run id, sequence. The bot goes on after it."""


class ConditionChanged(Event, frozen=True, kw_only=True):
    """One of the bot's own conditions has another status or reason."""

    KIND: ClassVar[str] = "condition.changed"
    REASON: ClassVar[str] = "Health is made of these; readers must not guess them."

    condition: ConditionName
    status: ConditionStatus
    reason: str
    message: str


class SymbolBlocked(Event, frozen=True, kw_only=True):
    """New risk on one symbol is refused, or allowed again when ``blocked`` is false."""

    KIND: ClassVar[str] = "symbol.blocked"
    REASON: ClassVar[str] = "What concerns one symbol gates that symbol and leaves the mode."

    symbol: str
    blocked: bool
    reason: str
    """One of the catalogue's ``labels.BLOCKS``."""
    message: str


class ErrorRecorded(Event, frozen=True, kw_only=True):
    """A semantic error, as it also stands in the JSONL log and on the span."""

    KIND: ClassVar[str] = "error.recorded"
    REASON: ClassVar[str] = "Every error, also a swallowed one, is a fact."

    error: SemanticError


class StateSnapshotted(Event, frozen=True, kw_only=True):
    """The fold of everything before this event, so that readers need not begin at the beginning."""

    KIND: ClassVar[str] = "state.snapshotted"
    RETENTION: ClassVar[Retention] = Retention.SNAPSHOT
    REASON: ClassVar[str] = "A reader's cold start does not grow with the journal."

    fold_version: int
    state: msgspec.Raw
    """The encoded fold state of ``fold_version``; see ``trading_bot.domain.snapshots``."""


class TapePruned(Event, frozen=True, kw_only=True):
    """The owner removed measurements and spans that were past their retention."""

    KIND: ClassVar[str] = "tape.pruned"
    REASON: ClassVar[str] = "A gap in the sequence is explained, not found."

    before: int
    """Sequence number below which events of the pruned kinds may be missing."""
    measurements: int
    spans: int


class OpsStarted(Event, frozen=True, kw_only=True):
    """The ops process has opened its control tape."""

    KIND: ClassVar[str] = "ops.started"
    REASON: ClassVar[str] = "Separates runs of the control tape."

    version: str
    pid: int
    host: str
    python: str


class OpsStopped(Event, frozen=True, kw_only=True):
    """The ops process ended by itself, cleanly."""

    KIND: ClassVar[str] = "ops.stopped"
    REASON: ClassVar[str] = "Tells a clean end from a crash."

    reason: str


class CommandIssued(Event, frozen=True, kw_only=True):
    """Somebody asks the bot for something, through ops."""

    KIND: ClassVar[str] = "command.issued"
    REASON: ClassVar[str] = "Control is data: who asked for what, valid until when, against which settings."

    command_id: str
    name: str
    arguments: dict[str, Any]
    actor: str
    reason: str
    expected_generation: int | None
    expires_at: int
    """Nanoseconds since the epoch; afterwards the command does nothing."""
    idempotency_key: str | None = None
    request_hash: str | None = None
    """SHA-256 of the request that made it, to tell a repeated request from another one under the same key."""
