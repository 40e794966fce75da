"""What is known of the executions: the fold of the control tape's workflow events. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from exporter.ops.workflows.definition import APPROVAL, Workflow, of_document
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import SemanticError
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events import workflow as events
from trading_bot.contract.events.workflow import Evidence, ExecutionOutcome, StepOutcome, Trigger
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric

KEPT_ENDED: Final = 200
"""Executions that are over and still served; older ones are on the tape."""
ALERTS_KEPT: Final = 200
DAY_NS: Final = 86_400 * 1_000_000_000
KINDS: Final = (
    *(kind for kind in EVENTS if kind.startswith("workflow.") and kind != events.WorkflowsCheckpointed.KIND),
    events.AlertReceived.KIND,
)
"""What is read of the tape at a start."""


class StepStatus(StrEnum):
    """How far a step, or its undoing, is."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"


ENDED: Final = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED, StepStatus.FAILED})
SATISFIED: Final = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})
OF_OUTCOME: Final = {
    StepOutcome.COMPLETED: StepStatus.COMPLETED,
    StepOutcome.SKIPPED: StepStatus.SKIPPED,
    StepOutcome.RETRYING: StepStatus.RETRYING,
    StepOutcome.FAILED: StepStatus.FAILED,
}


class ExecutionStatus(StrEnum):
    """How far an execution is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Progress(msgspec.Struct, kw_only=True):
    """A step, or its undoing. Times are nanoseconds; ``attempt_at`` is of the last attempt."""

    status: StepStatus = StepStatus.PENDING
    attempts: int = 0
    started_at: int | None = None
    attempt_at: int | None = None
    ended_at: int | None = None
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    journal_seq: int = 0
    outputs: dict[str, Any] = msgspec.field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    error: SemanticError | None = None
    recovered: bool = False
    approval: dict[str, Any] | None = None


class StepState(Progress, kw_only=True):
    """A step, and how far its undoing is; ``undo`` is None where nothing was undone."""

    undo: Progress | None = None


class Reversal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an execution went back."""

    reason: str
    message: str
    error: SemanticError | None


class Execution(msgspec.Struct, kw_only=True):
    """One execution."""

    execution_id: str
    workflow: Workflow
    definition_hash: str
    parameters: dict[str, Any]
    actor: str
    started_by: Trigger
    reason: str
    idempotency_key: str | None
    incident: str | None
    requested_at: int
    first_seq: int
    trace_id: str | None
    parent_span_id: str | None
    steps: dict[str, StepState]
    started_at: int | None = None
    ended_at: int | None = None
    cancelled_by: str | None = None
    cancel_reason: str = ""
    reversal: Reversal | None = None
    outcome: ExecutionOutcome | None = None
    message: str = ""
    error: SemanticError | None = None

    @property
    def status(self) -> ExecutionStatus:
        """How far it is."""
        if self.outcome is not None:
            return ExecutionStatus(self.outcome.value)
        if self.started_at is None:
            return ExecutionStatus.QUEUED
        if self.reversal is not None:
            return ExecutionStatus.COMPENSATING
        return ExecutionStatus.WAITING_FOR_APPROVAL if self.waiting_for else ExecutionStatus.RUNNING

    @property
    def waiting_for(self) -> str | None:
        """The step that waits for a person, None when none does."""
        for step in self.workflow.steps:
            state = self.steps[step.id]
            if step.action == APPROVAL and state.status is StepStatus.RUNNING and state.approval is None:
                return step.id
        return None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was received, and what was started for it."""

    event: events.AlertReceived
    received_at: int
    seq: int


class Executions(msgspec.Struct, kw_only=True):
    """All that is known. ``counts`` are counters by metric name and label values joined with ``|``."""

    by_id: dict[str, Execution] = msgspec.field(default_factory=dict)
    counts: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    counted_to: int = 0
    """Events up to here are in ``counts`` already."""
    alerts: list[Alert] = msgspec.field(default_factory=list)
    """The last ones, oldest first."""
    triggered: dict[str, tuple[int, ...]] = msgspec.field(default_factory=dict)
    """By workflow: when alerts started it, within the last day."""
    seq: int = 0

    def running(self) -> list[Execution]:
        """Return the executions that have not ended, oldest first."""
        return [one for one in self.by_id.values() if one.outcome is None]


def evolve(state: Executions, envelope: Envelope) -> Executions:
    """Return the state with an event folded in; the argument must not be used afterwards."""
    handler = HANDLERS.get(envelope.kind)
    if handler is not None and envelope.seq > state.seq:
        handler(state, envelope, envelope.payload)
        state.seq = envelope.seq
    return state


def from_checkpoint(event: events.WorkflowsCheckpointed, seq: int) -> Executions:
    """Return where reading begins after a checkpoint."""
    counts = {name: dict(series) for name, series in event.counts.items()}
    return Executions(counts=counts, counted_to=seq, triggered=dict(event.alerts))


def checkpoint(state: Executions, next_seq: int) -> events.WorkflowsCheckpointed:
    """Return the event from which a later start can begin."""
    first = [execution.first_seq for execution in state.by_id.values()]
    first += [alert.seq for alert in state.alerts]
    return events.WorkflowsCheckpointed(
        read_from=min(first, default=next_seq),
        counts={name: dict(series) for name, series in state.counts.items()},
        alerts=dict(state.triggered),
    )


def _count(state: Executions, envelope: Envelope, metric: Metric, *labels: str) -> None:
    if envelope.seq <= state.counted_to:
        return
    series = state.counts.setdefault(metric.name, {})
    key = "|".join(labels)
    series[key] = series.get(key, 0) + 1


def _requested(state: Executions, envelope: Envelope, event: events.WorkflowRequested) -> None:
    workflow = of_document(event.definition)
    state.by_id[event.execution_id] = Execution(
        execution_id=event.execution_id,
        workflow=workflow,
        definition_hash=event.definition_hash,
        parameters=event.parameters,
        actor=event.actor,
        started_by=event.started_by,
        reason=event.reason,
        idempotency_key=event.idempotency_key,
        incident=event.incident,
        requested_at=envelope.ts,
        first_seq=envelope.seq,
        trace_id=envelope.trace_id,
        parent_span_id=envelope.span_id,
        steps={step.id: StepState() for step in workflow.steps},
    )
    if event.started_by is Trigger.ALERT and envelope.seq > state.counted_to:
        times = (*state.triggered.get(event.workflow, ()), envelope.ts)
        state.triggered[event.workflow] = tuple(at for at in times if at > envelope.ts - DAY_NS)


def _started(state: Executions, envelope: Envelope, event: events.WorkflowStarted) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None and execution.started_at is None:
        execution.started_at = envelope.ts


def _step_started(state: Executions, envelope: Envelope, event: events.StepStarted) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        _begin(execution.steps[event.step], envelope, event)


def _step_ended(state: Executions, envelope: Envelope, event: events.StepEnded) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        _end(execution.steps[event.step], envelope, event)


def _undo_started(state: Executions, envelope: Envelope, event: events.CompensationStarted) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        _begin(_undo_of(execution, event.step), envelope, event)


def _undo_ended(state: Executions, envelope: Envelope, event: events.CompensationEnded) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        _end(_undo_of(execution, event.step), envelope, event)
        if event.outcome is StepOutcome.COMPLETED:
            _count(state, envelope, metrics.WORKFLOW_COMPENSATIONS, execution.workflow.id)


def _undo_of(execution: Execution, step: str) -> Progress:
    state = execution.steps[step]
    if state.undo is None:
        state.undo = Progress()
    return state.undo


def _begin(
    progress: Progress, envelope: Envelope, event: events.StepStarted | events.CompensationStarted
) -> None:
    progress.status = StepStatus.RUNNING
    progress.attempts = event.attempt
    progress.started_at = progress.started_at or envelope.ts
    progress.attempt_at = envelope.ts
    progress.arguments = event.arguments
    progress.journal_seq = event.journal_seq


def _end(progress: Progress, envelope: Envelope, event: events.StepEnded | events.CompensationEnded) -> None:
    progress.status = OF_OUTCOME[event.outcome]
    progress.attempts = max(progress.attempts, event.attempt)
    progress.ended_at = envelope.ts
    progress.outputs = event.outputs
    progress.evidence = event.evidence
    progress.error = event.error
    progress.recovered = event.recovered


def _approved(state: Executions, _envelope: Envelope, event: events.ApprovalGiven) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        execution.steps[event.step].approval = {
            "approved": event.approved,
            "actor": event.actor,
            "reason": event.reason,
        }


def _cancelled(state: Executions, _envelope: Envelope, event: events.CancelRequested) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        execution.cancelled_by = event.actor
        execution.cancel_reason = event.reason


def _reversed(state: Executions, _envelope: Envelope, event: events.WorkflowReversed) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is not None:
        execution.reversal = Reversal(reason=event.reason, message=event.message, error=event.error)


def _over(state: Executions, envelope: Envelope, event: events.WorkflowEnded) -> None:
    execution = state.by_id.get(event.execution_id)
    if execution is None or execution.outcome is not None:
        return
    execution.outcome = event.outcome
    execution.message = event.message
    execution.error = event.error
    execution.ended_at = envelope.ts
    _count(state, envelope, metrics.WORKFLOW_EXECUTIONS, execution.workflow.id, event.outcome)
    ended = [one.execution_id for one in state.by_id.values() if one.outcome is not None]
    for execution_id in ended[:-KEPT_ENDED]:
        del state.by_id[execution_id]


def _alert(state: Executions, envelope: Envelope, event: events.AlertReceived) -> None:
    state.alerts.append(Alert(event=event, received_at=envelope.ts, seq=envelope.seq))
    del state.alerts[:-ALERTS_KEPT]


HANDLERS: Final[dict[str, Callable[[Executions, Envelope, Any], None]]] = {
    events.WorkflowRequested.KIND: _requested,
    events.WorkflowStarted.KIND: _started,
    events.StepStarted.KIND: _step_started,
    events.StepEnded.KIND: _step_ended,
    events.CompensationStarted.KIND: _undo_started,
    events.CompensationEnded.KIND: _undo_ended,
    events.ApprovalGiven.KIND: _approved,
    events.CancelRequested.KIND: _cancelled,
    events.WorkflowReversed.KIND: _reversed,
    events.WorkflowEnded.KIND: _over,
    events.AlertReceived.KIND: _alert,
}
"""Event kind to what it does to the executions."""
