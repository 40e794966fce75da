"""The exporter's own condition, TelemetryFlowing: does what the bot writes down reach its readers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from exporter.follow import BotView
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.domain.clock import Clock
from trading_bot.domain.state import Condition

LAG_TOLERATED: Final = 10_000
"""Events that the exporter may be behind before it says that telemetry does not flow."""


class Verdict(msgspec.Struct, frozen=True):
    """What one check found."""

    status: ConditionStatus
    reason: str
    message: str


Check = Callable[[], Verdict]


class TelemetryFlow:
    """Keeps the condition. The first check that is not True gives it; ``since`` moves with the status."""

    def __init__(self, clock: Clock, checks: Sequence[Check]) -> None:
        self._clock = clock
        self._checks = tuple(checks)
        self._guard = threading.Lock()
        self._status: ConditionStatus | None = None
        self._since = clock.now_ns()

    def condition(self) -> Condition:
        """Return the condition as of now."""
        verdicts = [check() for check in self._checks]
        wrong = [verdict for verdict in verdicts if verdict.status is not ConditionStatus.TRUE]
        verdict = (wrong or verdicts)[0]
        with self._guard:
            if verdict.status is not self._status:
                self._status, self._since = verdict.status, self._clock.now_ns()
            since = self._since
        return Condition(
            name=ConditionName.TELEMETRY_FLOWING,
            status=verdict.status,
            reason=verdict.reason,
            message=verdict.message,
            since=since,
        )


def following(view: BotView) -> Check:
    """Return the check that the journal is followed."""

    def check() -> Verdict:
        fault = view.journal.fault
        if fault is not None:
            return Verdict(ConditionStatus.FALSE, "JournalUnreadable", fault.message)
        if not view.caught_up:
            return Verdict(
                ConditionStatus.UNKNOWN, "CatchingUp", "the journal is being read from its last snapshot"
            )
        lag = view.lag
        if lag > LAG_TOLERATED:
            return Verdict(ConditionStatus.FALSE, "Lagging", f"the exporter is {lag} events behind")
        return Verdict(ConditionStatus.TRUE, "Following", "the journal is followed")

    return check
