"""What comes next in an execution: a pure question to its state."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from exporter.ops.workflows import templates
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.definition import OnFailure, Step, StepMode, dependencies_of
from exporter.ops.workflows.state import ENDED, SATISFIED, Execution, StepState, StepStatus
from trading_bot.contract.errors import NonRetriableError, OperatorError, SemanticError, TickertapeError
from trading_bot.contract.events.workflow import ExecutionOutcome
from trading_bot.domain.clock import SECOND

STEP_FAILED: Final = "StepFailed"
CANCELLED: Final = "Cancelled"
DURATION_EXCEEDED: Final = "DurationExceeded"
LONGEST_RESULT: Final = 500


class Run(msgspec.Struct, frozen=True):
    """Begin a step, or go on with it."""

    step: str


class Undo(msgspec.Struct, frozen=True):
    """Begin to undo a step, or go on with it."""

    step: str


class Reverse(msgspec.Struct, frozen=True):
    """Turn back."""

    reason: str
    message: str
    error: TickertapeError | SemanticError | None


class End(msgspec.Struct, frozen=True):
    """It is over."""

    outcome: ExecutionOutcome
    message: str
    error: TickertapeError | SemanticError | None = None


class Wait(msgspec.Struct, frozen=True):
    """Until one of the steps that run has ended."""


class Suspend(msgspec.Struct, frozen=True):
    """Until a person has answered; nothing runs meanwhile."""


Move = Run | Undo | Reverse | End | Wait | Suspend


def next_moves(execution: Execution, active: AbstractSet[str], now_ns: int) -> list[Move]:
    """Return what to do now: several steps may begin at once, everything else stands alone.

    Args:
        execution: must have started.
        active: steps that a thread of this process is at.
        now_ns: for the time limit.
    """
    if execution.reversal is not None:
        return [_back(execution, active)]
    turn = _turn(execution, now_ns)
    return [turn] if turn is not None else _forward(execution, active, now_ns)


def _turn(execution: Execution, now_ns: int) -> Reverse | None:
    """Say whether the execution has to turn back."""
    for step in execution.workflow.steps:
        state = execution.steps[step.id]
        if state.status is StepStatus.FAILED:
            words = state.error.message if state.error is not None else "it failed"
            return Reverse(STEP_FAILED, f"step {step.id}: {words}", state.error)
    if execution.cancelled_by is not None:
        message = f"cancelled by {execution.cancelled_by}: {execution.cancel_reason}"
        error = NonRetriableError("WF_013", message, actor=execution.cancelled_by)
        return Reverse(CANCELLED, message, error)
    limit = execution.workflow.max_duration
    if execution.started_at is not None and now_ns - execution.started_at > limit * SECOND:
        message = f"it took longer than {limit:g} s"
        return Reverse(DURATION_EXCEEDED, message, NonRetriableError("WF_012", message))
    return None


def _forward(execution: Execution, active: AbstractSet[str], now_ns: int) -> list[Move]:
    waiting = None if waited_too_long(execution, now_ns) else execution.waiting_for
    begin = [Run(step.id) for step in _ready(execution, active, waiting)]
    if begin:
        return [*begin]
    if active:
        return [Wait()]
    if waiting is not None:
        return [Suspend()]
    return [End(ExecutionOutcome.COMPLETED, _result(execution))]


def _result(execution: Execution) -> str:
    """Return what the workflow says of its result; how many steps completed where it says nothing."""
    done = {name: state for name, state in execution.steps.items() if state.status is StepStatus.COMPLETED}
    counted = f"{len(done)} of {len(execution.steps)} steps completed"
    facts = {
        "parameters": execution.parameters,
        "steps": {name: {"outputs": state.outputs} for name, state in done.items()},
        "execution": {"id": execution.execution_id, "workflow": execution.workflow.id},
    }
    try:
        said = str(templates.resolve(execution.workflow.result, templates.finder(facts)))
    except NonRetriableError:  # a step that it speaks of was skipped
        return counted
    return said[:LONGEST_RESULT] or counted


def _ready(execution: Execution, active: AbstractSet[str], waiting: str | None) -> Iterator[Step]:
    """Yield the steps that may begin now; of those that stand one after the other at most one."""
    states = execution.steps
    waits = dependencies_of(execution.workflow.steps)
    occupied = {*active, waiting}
    busy = any(step.id in occupied for step in execution.workflow.steps if step.mode is StepMode.SEQUENTIAL)
    for step in execution.workflow.steps:
        if step.id in occupied or states[step.id].status in ENDED:
            continue
        if not all(states[name].status in SATISFIED for name in waits[step.id]):
            continue
        if step.mode is StepMode.SEQUENTIAL:
            if busy:
                continue
            busy = True
        yield step


def waited_too_long(execution: Execution, now_ns: int) -> bool:
    """Whether a step has waited for a person for longer than it may."""
    name = execution.waiting_for
    if name is None:
        return False
    begun = execution.steps[name].attempt_at
    return begun is not None and now_ns - begun > execution.workflow.step(name).timeout * SECOND


def _back(execution: Execution, active: AbstractSet[str]) -> Move:
    reversal = execution.reversal
    assert reversal is not None
    if active:
        return Wait()
    if execution.workflow.on_failure is OnFailure.STOP and reversal.reason != CANCELLED:
        return End(ExecutionOutcome.FAILED, reversal.message, reversal.error)
    for step in to_undo(execution):
        undo = execution.steps[step.id].undo
        if undo is None or undo.status not in ENDED:
            return Undo(step.id)
        if undo.status is StepStatus.FAILED:
            words = undo.error.message if undo.error is not None else "it failed"
            message = f"{reversal.message}; step {step.id} could not be undone: {words}"
            return End(ExecutionOutcome.FAILED, message, OperatorError("WF_011", message, step=step.id))
    outcome = ExecutionOutcome.COMPENSATED
    if reversal.reason == CANCELLED:
        outcome = ExecutionOutcome.CANCELLED
    return End(outcome, reversal.message, reversal.error)


def to_undo(execution: Execution) -> list[Step]:
    """Return the steps that have to be undone, the last one first.

    Those that completed, and one that failed after its action began: what it has done is not known.
    """
    begun = [step for step in execution.workflow.steps if _may_have_effect(step, execution.steps[step.id])]
    order = {step.id: index for index, step in enumerate(execution.workflow.steps)}
    return sorted(
        begun,
        key=lambda step: (execution.steps[step.id].attempt_at or 0, order[step.id]),
        reverse=True,
    )


def _may_have_effect(step: Step, state: StepState) -> bool:
    if step.compensate is None or state.attempts == 0:
        return False
    if state.status is StepStatus.COMPLETED:
        return True
    return state.status is not StepStatus.SKIPPED and ACTIONS[step.action].changes
