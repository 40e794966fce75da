"""One step, or its undoing, until it has ended: when, action, verify, back-off; and what a crash left unknown."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from exporter.ops.metrics import Registry
from exporter.ops.workflows import expressions, templates, verdicts
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.actions.definition import Action, Attempt, Doing, Means
from exporter.ops.workflows.actions.looking import Suspended
from exporter.ops.workflows.definition import Compensation, Step
from exporter.ops.workflows.document import Document, ExecutionFacts, StepFacts, whole
from exporter.ops.workflows.ledger import Ledger
from exporter.ops.workflows.patience import Interrupts, Patience, Stopping
from exporter.ops.workflows.proofs import Prover, holds, short, words
from exporter.ops.workflows.state import Execution, Progress, StepStatus
from trading_bot.contract.errors import NonRetriableError, SemanticError, TickertapeError, describe
from trading_bot.contract.events import workflow as events
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.events.workflow import Evidence, StepOutcome
from trading_bot.contract.telemetry import metrics, spans
from trading_bot.domain.clock import SECOND
from trading_bot.telemetry import ErrorRecorder

T = TypeVar("T")
CANCELLED: Final = "WF_013"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all executions share."""

    ledger: Ledger
    means: Means
    errors: ErrorRecorder
    metrics: Registry


class Work(msgspec.Struct, frozen=True):
    """A step, or the undoing of one."""

    step: Step
    undoing: bool

    @property
    def part(self) -> Step | Compensation:
        """What says how."""
        if not self.undoing:
            return self.step
        assert self.step.compensate is not None
        return self.step.compensate


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended."""

    outcome: StepOutcome
    outputs: dict[str, Any] = msgspec.field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    error: SemanticError | None = None
    recovered: bool = False


class Attempts:
    """Does the work of one execution's steps. One instance for each thread that does."""

    def __init__(self, bench: Bench, execution_id: str, interrupts: Interrupts) -> None:
        self._bench = bench
        self._id = execution_id
        self._interrupts = interrupts

    def perform(self, work: Work) -> None:
        """Go on with a step where it stands, until it has ended or waits for a person.

        Raises:
            Stopping: ops stops; what is not ended goes on at the next start.
        """
        progress = self._progress(work)
        if progress.status is StepStatus.PENDING and self._is_skipped(work):
            return
        resumed = progress.status is StepStatus.RUNNING
        if progress.status is StepStatus.RETRYING:
            self._back_off(work, progress.attempts, progress.ended_at or 0)
        number = progress.attempts if resumed else progress.attempts + 1
        while (result := self._attempt(work, number, resumed=resumed)) is not None:
            self._end(work, number, result)
            if result.outcome is not StepOutcome.RETRYING:
                return
            self._back_off(work, number, self._bench.means.clock.now_ns())
            number, resumed = number + 1, False

    def _is_skipped(self, work: Work) -> bool:
        when = work.part.when
        if when is None:
            return False
        verdict = verdicts.evaluate(expressions.parse(when), self._document({}))
        if verdict.holds:
            return False
        evidence = Evidence(
            condition=when,
            holds=verdict.holds,
            found={name: short(value) for name, value in verdict.found.items()},
            at=self._bench.means.clock.now_ns(),
            message=verdict.message,
        )
        self._end(work, 0, Result(outcome=StepOutcome.SKIPPED, evidence=(evidence,)))
        return True

    def _back_off(self, work: Work, failed: int, since_ns: int) -> None:
        retry = work.part.retry
        pause = retry.backoff * retry.factor ** (failed - 1)
        left = pause - (self._bench.means.clock.now_ns() - since_ns) / SECOND
        patience = Patience(self._interrupts, max(0.0, left) + 1.0, undoing=work.undoing)
        try:
            patience.wait(max(0.0, left))
        except TickertapeError:
            return  # the execution goes back: the next attempt hears of it at once, and ends

    def _attempt(self, work: Work, number: int, *, resumed: bool) -> Result | None:
        """Return how it ended; None when it waits for a person."""
        prover: Prover | None = None
        try:
            arguments = templates.resolve(work.part.params, templates.finder(self._facts(work)))
            params = _converted(work.part, arguments)
            if not resumed:
                self._begin(work, number, arguments)
            doing, prover = self._doing(work, number)
            return self._done(work, doing, params, prover, resumed=resumed)
        except Suspended:
            return None
        except Stopping:
            raise
        except TickertapeError as error:
            return self._failed(work, number, error, prover)
        except Exception as error:  # noqa: BLE001 - a defect fails the step, not the process
            semantic = self._bench.errors.record(error)
            return Result(outcome=StepOutcome.FAILED, error=semantic, evidence=prover.last if prover else ())

    def _done(self, work: Work, doing: Doing, params: Any, prover: Prover, *, resumed: bool) -> Result:
        action, verify = ACTIONS[work.part.action], work.part.verify
        if resumed and action.changes:
            evidence = prover.once(verify)
            if holds(evidence):
                recalled = action.recall(doing, params) if action.recall is not None else {}
                outputs = {**dict.fromkeys(action.outputs), **recalled}
                return Result(
                    outcome=StepOutcome.COMPLETED, outputs=outputs, evidence=evidence, recovered=True
                )
        prover.outputs = _run(action, doing, params)
        evidence = prover.until(verify)
        if not holds(evidence):
            raise NonRetriableError("WF_008", f"not seen: {words(evidence)}", step=work.step.id)
        return Result(
            outcome=StepOutcome.COMPLETED, outputs=prover.outputs, evidence=evidence, recovered=resumed
        )

    def _failed(self, work: Work, number: int, error: TickertapeError, prover: Prover | None) -> Result:
        more = number < work.part.retry.attempts and error.code != CANCELLED
        now = self._bench.means.clock.now_ns()
        semantic = error.semantic(now) if more else self._bench.errors.record(error)
        return Result(
            outcome=StepOutcome.RETRYING if more else StepOutcome.FAILED,
            outputs=prover.outputs if prover else {},
            evidence=prover.last if prover else (),
            error=semantic,
        )

    def _begin(self, work: Work, number: int, arguments: dict[str, Any]) -> None:
        kind = events.CompensationStarted if work.undoing else events.StepStarted
        event = kind(
            execution_id=self._id,
            step=work.step.id,
            attempt=number,
            arguments=arguments,
            journal_seq=self._bench.means.observer.journal_seq,
        )
        self._bench.ledger.record(event, self._interrupts, trace_id=self._trace_id())

    def _end(self, work: Work, number: int, result: Result) -> None:
        kind = events.CompensationEnded if work.undoing else events.StepEnded
        event = kind(
            execution_id=self._id,
            step=work.step.id,
            attempt=number,
            outcome=result.outcome,
            outputs=result.outputs,
            evidence=result.evidence,
            error=result.error,
            recovered=result.recovered,
        )
        trace_id = self._trace_id()
        envelope = self._bench.ledger.record(event, self._interrupts, trace_id=trace_id)
        if number == 0:
            return
        progress = self._progress(work)
        self._record_span(work, number, result, progress, envelope.ts)
        if result.outcome is not StepOutcome.RETRYING and not work.undoing and progress.started_at:
            seconds = (envelope.ts - progress.started_at) / SECOND
            name = self._read(lambda execution: execution.workflow.id)
            self._bench.metrics.observe(metrics.WORKFLOW_STEP_DURATION, seconds, name)

    def _record_span(self, work: Work, number: int, result: Result, progress: Progress, ended: int) -> None:
        trace_id = self._trace_id()
        if trace_id is None:
            return
        span = Span(
            spans.UNDO_STEP if work.undoing else spans.RUN_STEP,
            trace_id,
            span_id(self._id, work.step.id, str(work.undoing), str(number)),
            span_id(self._id),
            progress.attempt_at or ended,
            ended,
            {
                spans.EXECUTION_ID: self._id,
                spans.STEP: work.step.id,
                spans.ATTEMPT: number,
                spans.OUTCOME: result.outcome.value,
            },
            result.error.error_code if result.error is not None else None,
        )
        self._bench.ledger.spans(SpansRecorded(spans=(span,)), trace_id)

    def _doing(self, work: Work, number: int) -> tuple[Doing, Prover]:
        execution, progress = self._read(lambda one: one), self._progress(work)
        now = self._bench.means.clock.now_ns()
        left = work.part.timeout - max(0, now - (progress.attempt_at or now)) / SECOND
        step = execution.steps[work.step.id]
        attempt = Attempt(
            execution_id=self._id,
            workflow=execution.workflow.id,
            step=work.step.id,
            number=number,
            actor=f"workflow {execution.workflow.id} ({execution.actor})",
            undoing=work.undoing,
            journal_seq=progress.journal_seq,
            approval=step.approval,
        )
        doing = Doing(
            attempt=attempt,
            means=self._bench.means,
            patience=Patience(self._interrupts, left, undoing=work.undoing),
            look=lambda: self._document({}),
        )
        return doing, Prover(doing, self._document, lambda own: self._facts(work, own))

    def _document(self, outputs: Mapping[str, Any]) -> Document:
        now = self._bench.means.clock.now_ns()
        return whole(
            self._bench.means.observer.look(),
            **self._read(
                lambda one: {
                    "parameters": one.parameters,
                    "steps": {
                        name: StepFacts(state=step.status, outputs=step.outputs)
                        for name, step in one.steps.items()
                    },
                    "execution": ExecutionFacts(
                        id=one.execution_id,
                        workflow=one.workflow.id,
                        age=max(0, now - (one.started_at or now)) / SECOND,
                    ),
                }
            ),
            outputs=dict(outputs),
        )

    def _facts(self, work: Work, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return what templates refer to; in a verify also what the step itself has given."""
        facts: dict[str, Any] = self._read(
            lambda one: {
                "parameters": one.parameters,
                "steps": {
                    name: {"outputs": step.outputs}
                    for name, step in one.steps.items()
                    if step.status is StepStatus.COMPLETED or (work.undoing and name == work.step.id)
                },
                "execution": {"id": one.execution_id, "workflow": one.workflow.id},
            }
        )
        if own is not None and not work.undoing:
            facts["steps"][work.step.id] = {"outputs": dict(own)}
        return facts

    def _progress(self, work: Work) -> Progress:
        """Return how far the work is, as it is now."""

        def copied(execution: Execution) -> Progress:
            step = execution.steps[work.step.id]
            found = step if not work.undoing else step.undo or Progress()
            return msgspec.structs.replace(found)

        return self._read(copied)

    def _trace_id(self) -> str | None:
        return self._read(lambda execution: execution.trace_id)

    def _read(self, function: Callable[[Execution], T]) -> T:
        return self._bench.ledger.read(lambda executions: function(executions.by_id[self._id]))


def span_id(*parts: str) -> str:
    """Return a span's id that is the same whenever it is asked for, 16 hex digits."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _run(action: Action, doing: Doing, params: Any) -> dict[str, Any]:
    """Have an action do its work; what the system refuses it, a full disk or a missing folder, is its failure."""
    try:
        return action.run(doing, params)
    except OSError as error:
        raise NonRetriableError("WF_010", f"{action.name}: {describe(error)}") from error


def _converted(part: Step | Compensation, arguments: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(arguments, ACTIONS[part.action].params)
    except msgspec.ValidationError as error:
        message = f"the params of {part.action} do not fit: {error}"
        raise NonRetriableError("WF_010", message) from error
