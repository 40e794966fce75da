"""Executions of workflows as they are shown: each step with its evidence; and what one would do."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.representations.values import Moment, moment
from exporter.ops.representations.workflows import PATH
from exporter.ops.workflows.definition import Step, Workflow
from exporter.ops.workflows.planning import to_undo
from exporter.ops.workflows.rehearsal import RehearsedStep
from exporter.ops.workflows.state import Execution, Progress, StepState, StepStatus
from trading_bot.contract.errors import SemanticError
from trading_bot.contract.events.workflow import Evidence
from trading_bot.domain.clock import SECOND

INTERRUPTED: Final = "interrupted"


class EvidenceView(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at: what had to hold, whether it did (null: it could not be told), and what was found."""

    condition: str
    holds: bool | None
    found: dict[str, Any]
    message: str | None
    at: Moment


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """An error of a step or an execution."""

    error_code: str
    message: str
    cause: str
    impact: str
    remediation: list[str]
    retryable: bool
    runbook: str | None


class UndoView(msgspec.Struct, frozen=True, kw_only=True):
    """How a step was undone."""

    action: str
    state: str
    attempts: int
    started_at: Moment | None
    ended_at: Moment | None
    outputs: dict[str, Any]
    evidence: list[EvidenceView]
    error: ErrorView | None


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an execution. ``recovered``: a restart of ops came between, and its effect was found or made."""

    id: str
    description: str
    action: str
    state: str
    attempts: int
    started_at: Moment | None
    ended_at: Moment | None
    duration_seconds: float | None
    arguments: dict[str, Any]
    outputs: dict[str, Any]
    evidence: list[EvidenceView]
    error: ErrorView | None
    recovered: bool
    undo: UndoView | None


class ExecutionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An execution in short."""

    execution_id: str
    workflow_id: str
    state: str
    actor: str
    started_by: str
    requested_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    steps_completed: int
    steps_total: int
    message: str
    href: str


class ExecutionView(ExecutionEntry, frozen=True, kw_only=True):
    """The body of ``GET /workflows/executions/{execution_id}``: every step with its evidence."""

    parameters: dict[str, Any]
    reason: str
    incident: str | None
    duration_seconds: float | None
    waiting_for: str | None
    cancelled_by: str | None
    error: ErrorView | None
    trace_id: str | None
    steps: list[StepView]
    generated_at: Moment


class ExecutionList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /workflows/executions``, newest first."""

    executions: list[ExecutionEntry]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    generated_at: Moment


class ExecutionAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """An execution is on the control tape; follow ``location``."""

    execution_id: str
    workflow_id: str
    state: str
    location: str
    requested_at: Moment


class StepRehearsed(msgspec.Struct, frozen=True, kw_only=True):
    """What one step would do: run, skip, depends (known only then), or checked, which it really was."""

    id: str
    action: str
    would: str
    changes: bool
    arguments: dict[str, Any]
    evidence: list[EvidenceView]


class WouldExecute(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution would do. ``confirm`` is the token that a workflow needs which takes risk."""

    workflow_id: str
    dry_run: Annotated[bool, Meta(examples=[True])]
    risk: str
    parameters: dict[str, Any]
    steps: list[StepRehearsed]
    confirm: str | None
    confirm_expires_at: Moment | None


def represent_execution_entry(execution: Execution) -> ExecutionEntry:
    """Return an execution in short."""
    return ExecutionEntry(**_head(execution))


def represent_execution(execution: Execution, now_ns: int) -> ExecutionView:
    """Return an execution with every step."""
    begun, ended = execution.started_at, execution.ended_at
    return ExecutionView(
        **_head(execution),
        parameters=execution.parameters,
        reason=execution.reason,
        incident=execution.incident,
        duration_seconds=None if begun is None else _seconds(begun, ended or now_ns),
        waiting_for=execution.waiting_for if execution.outcome is None else None,
        cancelled_by=execution.cancelled_by,
        error=_error(execution.error or (execution.reversal.error if execution.reversal else None)),
        trace_id=execution.trace_id,
        steps=[_step(execution, step) for step in execution.workflow.steps],
        generated_at=moment(now_ns) or "",
    )


def _head(execution: Execution) -> dict[str, Any]:
    done = sum(state.status is StepStatus.COMPLETED for state in execution.steps.values())
    return {
        "execution_id": execution.execution_id,
        "workflow_id": execution.workflow.id,
        "state": execution.status.value,
        "actor": execution.actor,
        "started_by": execution.started_by.value,
        "requested_at": moment(execution.requested_at) or "",
        "started_at": moment(execution.started_at),
        "ended_at": moment(execution.ended_at),
        "steps_completed": done,
        "steps_total": len(execution.steps),
        "message": execution.message or (execution.reversal.message if execution.reversal else ""),
        "href": f"{PATH}/executions/{execution.execution_id}",
    }


def _step(execution: Execution, step: Step) -> StepView:
    state = execution.steps[step.id]
    return StepView(
        id=step.id,
        description=step.description,
        action=step.action,
        state=_state(execution, step, state),
        attempts=state.attempts,
        started_at=moment(state.started_at),
        ended_at=moment(state.ended_at),
        duration_seconds=None
        if state.started_at is None or state.ended_at is None
        else _seconds(state.started_at, state.ended_at),
        arguments=state.arguments,
        outputs=state.outputs,
        evidence=_evidence(state.evidence),
        error=_error(state.error),
        recovered=state.recovered,
        undo=_undo(execution, step, state),
    )


def _state(execution: Execution, step: Step, state: StepState) -> str:
    """Return how far a step is, in words of its own where the execution goes back over it."""
    if state.undo is not None and state.undo.status is StepStatus.COMPLETED:
        return "compensated"
    if state.status is StepStatus.RUNNING:
        if execution.waiting_for == step.id and execution.outcome is None:
            return "waiting_for_approval"
        if execution.outcome is not None:
            return INTERRUPTED
    return state.status


def _undo(execution: Execution, step: Step, state: StepState) -> UndoView | None:
    undo: Progress | None = state.undo
    if undo is None and execution.reversal is not None and execution.outcome is None:
        undo = Progress() if step in to_undo(execution) else None
    if undo is None or step.compensate is None:
        return None
    return UndoView(
        action=step.compensate.action,
        state=undo.status,
        attempts=undo.attempts,
        started_at=moment(undo.started_at),
        ended_at=moment(undo.ended_at),
        outputs=undo.outputs,
        evidence=_evidence(undo.evidence),
        error=_error(undo.error),
    )


def _evidence(evidence: tuple[Evidence, ...]) -> list[EvidenceView]:
    return [
        EvidenceView(
            condition=one.condition,
            holds=one.holds,
            found=one.found,
            message=one.message,
            at=moment(one.at) or "",
        )
        for one in evidence
    ]


def _error(error: SemanticError | None) -> ErrorView | None:
    if error is None:
        return None
    return ErrorView(
        error_code=error.error_code,
        message=error.message,
        cause=error.cause,
        impact=error.impact,
        remediation=[step.command or step.action for step in error.remediation],
        retryable=error.retryable,
        runbook=error.runbook,
    )


def represent_accepted(execution: Execution) -> ExecutionAccepted:
    """Return what a request for an execution is answered with."""
    return ExecutionAccepted(
        execution_id=execution.execution_id,
        workflow_id=execution.workflow.id,
        state=execution.status,
        location=f"{PATH}/executions/{execution.execution_id}",
        requested_at=moment(execution.requested_at) or "",
    )


def represent_would(
    workflow: Workflow,
    parameters: dict[str, Any],
    steps: list[RehearsedStep],
    confirm: tuple[str, int] | None,
) -> WouldExecute:
    """Return what a dry run is answered with."""
    return WouldExecute(
        workflow_id=workflow.id,
        dry_run=True,
        risk=workflow.risk,
        parameters=parameters,
        steps=[
            StepRehearsed(
                id=step.id,
                action=step.action,
                would=step.would,
                changes=step.changes,
                arguments=step.arguments,
                evidence=_evidence(step.evidence),
            )
            for step in steps
        ],
        confirm=confirm[0] if confirm else None,
        confirm_expires_at=moment(confirm[1]) if confirm else None,
    )


def _seconds(began: int, ended: int) -> float:
    return round(max(0, ended - began) / SECOND, 3)
