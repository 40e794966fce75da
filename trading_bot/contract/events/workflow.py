"""Workflows and the alerts that may start them: every transition of an execution, on the control tape."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from trading_bot.contract.errors.definition import SemanticError
from trading_bot.contract.events.definition import Event, Retention


class Trigger(StrEnum):
    """What asked for an execution."""

    REQUEST = "request"
    SCHEDULE = "schedule"
    ALERT = "alert"


class StepOutcome(StrEnum):
    """How one attempt at a step ended. ``retrying``: it failed and is tried again."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    RETRYING = "retrying"
    FAILED = "failed"


class ExecutionOutcome(StrEnum):
    """How an execution ended."""

    COMPLETED = "completed"
    COMPENSATED = "compensated"
    """A step failed, and everything that had to be undone was."""
    CANCELLED = "cancelled"
    """A person ended it, and everything that had to be undone was."""
    FAILED = "failed"
    """It stands where it stopped: something could not be undone, or its definition says to stop."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at to prove an effect.

    ``condition`` is what had to hold, ``found`` the values that were seen, by where they stand, ``at``
    nanoseconds since the epoch. ``holds`` is null where it could not be looked at; ``message`` says why.
    """

    condition: str
    holds: bool | None
    found: dict[str, Any]
    at: int
    message: str | None = None


class WorkflowRequested(Event, frozen=True, kw_only=True):
    """Somebody or something asks for an execution of a workflow, as it is defined at this moment."""

    KIND: ClassVar[str] = "workflow.requested"
    REASON: ClassVar[str] = "An execution goes on by the definition that it began with, also after a restart."

    execution_id: str
    workflow: str
    definition: dict[str, Any]
    definition_hash: str
    parameters: dict[str, Any]
    actor: str
    started_by: Trigger
    reason: str
    idempotency_key: str | None = None
    incident: str | None = None
    """The alert that it was started for."""


class WorkflowStarted(Event, frozen=True, kw_only=True):
    """An execution has left the queue."""

    KIND: ClassVar[str] = "workflow.started"
    REASON: ClassVar[str] = "Waiting in the queue is not running; the time limit begins here."

    execution_id: str


class StepStarted(Event, frozen=True, kw_only=True):
    """An attempt at a step begins."""

    KIND: ClassVar[str] = "workflow.step_started"
    REASON: ClassVar[str] = "Durable before the action: after a crash the step is known to be unknown."

    execution_id: str
    step: str
    attempt: int
    arguments: dict[str, Any]
    journal_seq: int
    """Last event of the bot's journal that was seen then: what the step does comes after it."""


class StepEnded(Event, frozen=True, kw_only=True):
    """An attempt at a step is over, with what it gave and what proves it."""

    KIND: ClassVar[str] = "workflow.step_ended"
    REASON: ClassVar[str] = "A step is done when its effect was seen; later steps use its outputs."

    execution_id: str
    step: str
    attempt: int
    outcome: StepOutcome
    outputs: dict[str, Any]
    evidence: tuple[Evidence, ...]
    error: SemanticError | None = None
    recovered: bool = False
    """Its outcome was unknown after a crash, and its effect was found."""


class ApprovalGiven(Event, frozen=True, kw_only=True):
    """A person answered a step that waits for one."""

    KIND: ClassVar[str] = "workflow.approval_given"
    REASON: ClassVar[str] = "Who let it go on, or did not."

    execution_id: str
    step: str
    approved: bool
    actor: str
    reason: str


class CancelRequested(Event, frozen=True, kw_only=True):
    """Somebody wants an execution to end."""

    KIND: ClassVar[str] = "workflow.cancel_requested"
    REASON: ClassVar[str] = "A cancelled execution is undone, not cut off: asking and ending differ."

    execution_id: str
    actor: str
    reason: str


class WorkflowReversed(Event, frozen=True, kw_only=True):
    """No further step is begun: what was done is undone from here on."""

    KIND: ClassVar[str] = "workflow.reversed"
    REASON: ClassVar[str] = "The turning point: after a crash an execution goes on in the same direction."

    execution_id: str
    reason: str
    """``StepFailed``, ``Cancelled`` or ``DurationExceeded``."""
    message: str
    error: SemanticError | None = None


class CompensationStarted(Event, frozen=True, kw_only=True):
    """An attempt to undo a step begins."""

    KIND: ClassVar[str] = "workflow.compensation_started"
    REASON: ClassVar[str] = "Durable before the action, as a step's beginning is."

    execution_id: str
    step: str
    attempt: int
    arguments: dict[str, Any]
    journal_seq: int


class CompensationEnded(Event, frozen=True, kw_only=True):
    """An attempt to undo a step is over."""

    KIND: ClassVar[str] = "workflow.compensation_ended"
    REASON: ClassVar[str] = "Undone is proven as done is."

    execution_id: str
    step: str
    attempt: int
    outcome: StepOutcome
    outputs: dict[str, Any]
    evidence: tuple[Evidence, ...]
    error: SemanticError | None = None
    recovered: bool = False


class WorkflowEnded(Event, frozen=True, kw_only=True):
    """An execution is over."""

    KIND: ClassVar[str] = "workflow.ended"
    REASON: ClassVar[str] = "The last of an execution: nothing follows it."

    execution_id: str
    outcome: ExecutionOutcome
    message: str
    error: SemanticError | None = None


class WorkflowsCheckpointed(Event, frozen=True, kw_only=True):
    """From where executions have to be read, and what was counted before."""

    KIND: ClassVar[str] = "workflow.checkpointed"
    RETENTION: ClassVar[Retention] = Retention.SNAPSHOT
    REASON: ClassVar[str] = "The start of ops does not grow with the history of its workflows."

    read_from: int
    """Sequence number of the first event of the oldest execution that is still kept."""
    counts: dict[str, dict[str, int]]
    """Counters by metric name, then by label values joined with ``|``, at this event."""
    alerts: dict[str, tuple[int, ...]]
    """By workflow, when alerts started it within the last day."""


class AlertReceived(Event, frozen=True, kw_only=True):
    """Alertmanager says that an alert fires or is over."""

    KIND: ClassVar[str] = "alert.received"
    REASON: ClassVar[str] = (
        "What paged, when, and what was started for it, in one order with everything else."
    )

    incident: str
    """Fingerprint and start: the same for as long as the alert fires."""
    status: str
    """``firing`` or ``resolved``."""
    name: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: int
    ends_at: int | None
    workflow: str | None
    """What the trigger table starts for it; null for nothing."""
    reason: str
    """Why so, a stable word: ``Triggered``, ``NoTrigger``, ``CoolDown``, ``Resolved`` and others."""
