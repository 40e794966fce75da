"""Workflows that start by the clock: cron, and where it says so only while a market is open or closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim

from exporter.ops.workflows.definition import Schedule, SessionRule, Workflow
from exporter.ops.workflows.library import Library
from trading_bot.contract.settings import Settings
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.sessions import Hours

LATE_NS: Final = 60 * SECOND
"""A moment that was missed by more is left out: a start after a long night begins nothing of the night."""


class Due(msgspec.Struct):
    """When a workflow starts next; ``schedule`` is what that was worked out from."""

    schedule: Schedule
    at_ns: int


class Scheduler:
    """Starts what is due. Asked every half second.

    Args:
        library: the workflows.
        clock: what time it is.
        hours: whether markets are open.
        settings: gives the trading settings in force, None before there are any.
        start: starts a workflow.
    """

    def __init__(
        self,
        library: Library,
        clock: Clock,
        hours: Hours,
        settings: Callable[[], Settings | None],
        start: Callable[[Workflow], None],
    ) -> None:
        self._library = library
        self._clock = clock
        self._hours = hours
        self._settings = settings
        self._start = start
        self._due: dict[str, Due] = {}

    def look(self) -> None:
        """Start what has come due since the last look."""
        now = self._clock.now_ns()
        for loaded in self._library.all():
            workflow = loaded.workflow
            schedule = workflow.schedule if workflow is not None else None
            if workflow is None or schedule is None or not schedule.enabled:
                self._due.pop(loaded.id, None)
                continue
            due = self._due.get(workflow.id)
            if due is None or due.schedule != schedule:
                self._due[workflow.id] = Due(schedule, next_time(schedule, now))
            elif due.at_ns <= now:
                self._due[workflow.id] = Due(schedule, next_time(schedule, now))
                if now - due.at_ns <= LATE_NS and self._is_session_right(schedule, now):
                    self._start(workflow)

    def _is_session_right(self, schedule: Schedule, now_ns: int) -> bool:
        if schedule.session is None or schedule.symbol is None:
            return True
        settings = self._settings()
        if settings is None or schedule.symbol not in settings.symbols:
            return False
        session = settings.sessions.get(schedule.symbol)
        if not self._hours.is_known(session, now_ns):
            return False
        return self._hours.is_open(session, now_ns) is (schedule.session is SessionRule.OPEN)


def next_time(schedule: Schedule, after_ns: int) -> int:
    """Return the next moment of a schedule, nanoseconds since the epoch."""
    zone = UTC if schedule.time_zone == "UTC" else ZoneInfo(schedule.time_zone)
    found = next(CronSim(schedule.cron, datetime.fromtimestamp(after_ns / SECOND, tz=zone)))
    return round(found.timestamp() * SECOND)
