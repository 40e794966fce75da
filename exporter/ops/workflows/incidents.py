"""Alerts as they arrive: each is a fact on the control tape, and may start a workflow."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from exporter.ops.parameters import Fault
from exporter.ops.workflows.attempts import Bench
from exporter.ops.workflows.desk import WorkflowDesk
from exporter.ops.workflows.executor import Wanted
from exporter.ops.workflows.faults import refuse
from exporter.ops.workflows.state import Executions
from exporter.ops.workflows.triggers import FILE, Decision, Triggers, decide
from trading_bot.contract.errors import OperatorError, TickertapeError
from trading_bot.contract.events.workflow import AlertReceived, Trigger
from trading_bot.domain.clock import SECOND

T = TypeVar("T")
NEVER: Final = "0001-01-01"
"""How Alertmanager writes the end of an alert that fires."""
MOST_LABELS: Final = 40
LONGEST_TEXT: Final = 1_000
ALERTS: Final = "alerts"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a webhook, as Alertmanager sends it."""

    status: str
    labels: dict[str, str]
    starts_at: str
    ends_at: str = ""
    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    fingerprint: str = ""


class Incidents:
    """Takes alerts, and has the trigger table decide. For any thread.

    Args:
        bench: for the tape.
        desk: starts workflows.
        folders: where the table is; the last one that has it counts.

    Attributes:
        triggers: the table in force.
    """

    def __init__(self, bench: Bench, desk: WorkflowDesk, *folders: Path) -> None:
        self._bench = bench
        self._desk = desk
        self.triggers = Triggers(desk.library, self._refused, *folders)
        desk.add_refresh(self.triggers.refresh)

    def take(self, told: Told, trace_id: str | None) -> AlertReceived:
        """Put an alert on the tape, and start what the table says; return it with what was decided."""
        received = _received(told)
        now, table = self._bench.means.clock.now_ns(), self.triggers.table
        decision = self._bench.ledger.read(lambda all_: decide(table, received, all_, now))
        if decision.workflow is not None:
            decision = self._start(decision, received, trace_id)
        event = msgspec.structs.replace(received, workflow=decision.workflow, reason=decision.reason)
        self._bench.ledger.append(event, trace_id=trace_id)
        return event

    def read(self, function: Callable[[Executions], T]) -> T:
        """Return what a function makes of alerts and executions; it must be short."""
        return self._bench.ledger.read(function)

    def durable(self) -> Future[int]:
        """Return what is done once all that was taken would survive a power loss."""
        return self._bench.ledger.durable()

    def execution_of(self, all_: Executions, incident: str) -> Any:
        """Return the execution that was started for an incident, None for none."""
        return next((one for one in reversed(all_.by_id.values()) if one.incident == incident), None)

    def _refused(self, faults: list[Fault]) -> None:
        self._bench.errors.record(refuse("WF_001", f"{FILE}: ", faults, OperatorError))

    def _start(self, decision: Decision, received: AlertReceived, trace_id: str | None) -> Decision:
        assert decision.workflow is not None
        try:
            workflow = self._desk.workflow(decision.workflow)
            wanted = Wanted(
                workflow=workflow,
                parameters=self._desk.parameters(workflow, {}),
                actor=ALERTS,
                started_by=Trigger.ALERT,
                reason=f"alert {received.name}",
                incident=received.incident,
                trace_id=trace_id,
            )
            self._desk.request(wanted)
        except TickertapeError as error:
            return Decision(None, f"Refused: {error.code}")
        return decision


def _received(told: Told) -> AlertReceived:
    began = _nanoseconds(told.starts_at) or 0
    fingerprint = told.fingerprint[:64] or "none"
    return AlertReceived(
        incident=f"{fingerprint}-{began // SECOND}",
        status=told.status[:20],
        name=told.labels.get("alertname", "")[:100] or "unnamed",
        labels=_bounded(told.labels),
        annotations=_bounded(told.annotations),
        starts_at=began,
        ends_at=None if told.ends_at.startswith(NEVER) else _nanoseconds(told.ends_at),
        workflow=None,
        reason="",
    )


def _bounded(texts: dict[str, str]) -> dict[str, str]:
    return {name[:100]: text[:LONGEST_TEXT] for name, text in list(texts.items())[:MOST_LABELS]}


def _nanoseconds(text: str) -> int | None:
    try:
        return round(datetime.fromisoformat(text).timestamp() * SECOND)
    except (ValueError, OverflowError):
        return None
