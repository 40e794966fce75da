"""How a reader judges the bot: from its state, its beacon and the tape. Never healthy by default."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
from trading_bot.domain.clock import SECOND
from trading_bot.domain.state import Condition, State

HEARTBEAT_NS: Final = SECOND
SILENT_AFTER_NS: Final = 3 * HEARTBEAT_NS
"""A heartbeat older than this is no heartbeat."""

STALE_DATA_NS: Final = 300 * SECOND
"""Data older than this carries a warning, whatever else is true."""

BOT_CONDITIONS: Final = tuple(name for name in ConditionName if name is not ConditionName.TELEMETRY_FLOWING)


class Liveness(StrEnum):
    """What the beacon says of the process. ``absent``: there has never been one."""

    ALIVE = "alive"
    FROZEN = "frozen"
    DEAD = "dead"
    ABSENT = "absent"


class TapeFault(StrEnum):
    """Why a tape cannot be read."""

    MISSING = "missing"
    CORRUPT = "corrupt"


class HealthStatus(StrEnum):
    """The one word."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    OFFLINE = "offline"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A reader's judgement. ``live`` says whether state may be shown as current."""

    up: bool
    up_reason: str
    """One of the catalogue's reasons of ``tradingbot_up_reason``."""
    live: bool
    status: HealthStatus
    reason: str
    """In words, for people."""
    conditions: tuple[Condition, ...]
    silent_for_ns: int | None
    """Age of the last heartbeat, None if there has been none."""
    beat_at: int | None = None
    """When the last heartbeat was, nanoseconds since the epoch."""


def assess(
    state: State,
    now_ns: int,
    liveness: Liveness,
    *,
    beat_at: int | None = None,
    journal_error: str | None = None,
    tape_fault: TapeFault | None = None,
) -> Health:
    """Judge the bot at ``now_ns``.

    Args:
        state: the fold of the tape as far as it could be read.
        now_ns: nanoseconds since the epoch.
        liveness: what the beacon's lock and age say.
        beat_at: the beacon's own time, nanoseconds since the epoch.
        journal_error: the beacon's journal error, if it has one.
        tape_fault: why the tape cannot be read, if it cannot.
    """
    beats = [beat for beat in (state.run.beat_at, beat_at) if beat is not None]
    last_beat = max(beats, default=None)
    silent_for = None if last_beat is None else now_ns - last_beat
    up, up_reason = _up(state, liveness, journal_error, tape_fault)
    if up and journal_error is None and silent_for is not None and silent_for > SILENT_AFTER_NS:
        up, up_reason = False, "Frozen"
    live = up and up_reason == "Alive"
    conditions = _conditions(state, up_reason, journal_error, now_ns)
    status, reason = _status(state, up_reason, conditions, journal_error, up=up)
    return Health(
        up=up,
        up_reason=up_reason,
        live=live,
        status=status,
        reason=reason,
        conditions=conditions,
        silent_for_ns=silent_for,
        beat_at=last_beat,
    )


def _up(
    state: State, liveness: Liveness, journal_error: str | None, tape_fault: TapeFault | None
) -> tuple[bool, str]:
    if tape_fault is TapeFault.MISSING:
        has_run = liveness is not Liveness.ABSENT or state.run.started_at is not None
        return False, "JournalMissing" if has_run else "NeverStarted"
    if tape_fault is TapeFault.CORRUPT:
        return False, "JournalCorrupt"
    if liveness in (Liveness.DEAD, Liveness.ABSENT):
        return False, "Dead" if state.run.started_at is not None else "NeverStarted"
    if liveness is Liveness.FROZEN:
        return False, "Frozen"
    if journal_error is not None:
        return True, "JournalUnwritable"
    return True, "Alive"


def _conditions(
    state: State, up_reason: str, journal_error: str | None, now_ns: int
) -> tuple[Condition, ...]:
    if up_reason == "Alive":
        return tuple(state.conditions.get(name) or _never(name, now_ns) for name in BOT_CONDITIONS)
    if up_reason == "JournalUnwritable":
        return tuple(_behind_journal(name, state, journal_error or "", now_ns) for name in BOT_CONDITIONS)
    message = (
        "the bot has been silent since its last heartbeat; the last known status is not shown as current"
    )
    since = state.run.beat_at or now_ns
    return tuple(_unknown(name, "BotSilent", message, since) for name in BOT_CONDITIONS)


def _behind_journal(name: ConditionName, state: State, journal_error: str, now_ns: int) -> Condition:
    since = state.ts or now_ns
    if name is ConditionName.JOURNAL_WRITABLE:
        return Condition(
            name=name,
            status=ConditionStatus.FALSE,
            reason="CommitFailed",
            message=journal_error,
            since=since,
        )
    return _unknown(name, "JournalUnwritable", "the bot cannot write what it knows", since)


def _unknown(name: ConditionName, reason: str, message: str, since: int) -> Condition:
    return Condition(name=name, status=ConditionStatus.UNKNOWN, reason=reason, message=message, since=since)


def _never(name: ConditionName, now_ns: int) -> Condition:
    return _unknown(name, "NotReported", "the bot has not reported this condition yet", now_ns)


def _status(
    state: State,
    up_reason: str,
    conditions: tuple[Condition, ...],
    journal_error: str | None,
    *,
    up: bool,
) -> tuple[HealthStatus, str]:
    if not up:
        return HealthStatus.OFFLINE, _offline_reason(state, up_reason)
    if journal_error is not None:
        return HealthStatus.DEGRADED, f"the journal cannot be written: {journal_error}"
    wrong = [condition for condition in conditions if condition.status is not ConditionStatus.TRUE]
    if state.mode.mode is not Mode.RUNNING:
        return HealthStatus.DEGRADED, f"mode is {state.mode.mode}: {state.mode.message}"
    if wrong:
        first = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return HealthStatus.DEGRADED, f"{first.name} is {first.status}: {first.message}{more}"
    return HealthStatus.HEALTHY, "all conditions are true and the bot is running"


def _offline_reason(state: State, up_reason: str) -> str:
    """No age in it: a reason changes when the matter does, not each second."""
    words = {
        "Dead": "the bot's process is not running",
        "Frozen": "the bot's process is there but does not move",
        "NeverStarted": "no bot has been started on this home",
        "JournalMissing": "the journal is missing",
        "JournalCorrupt": "the journal cannot be read",
    }[up_reason]
    stopped = state.run.stop_reason if state.run.stopped_at is not None and up_reason == "Dead" else None
    return f"{words}{f' (it stopped: {stopped})' if stopped else ''}"
