"""Runs one execution: asks what comes next, and does it, each step on a thread of its own."""

from __future__ import annotations

import threading
from typing import Final

from exporter.ops.workflows.attempts import Attempts, Bench, Work, span_id
from exporter.ops.workflows.patience import Interrupts, Stopping
from exporter.ops.workflows.planning import End, Move, Reverse, Run, Suspend, Undo, next_moves
from exporter.ops.workflows.state import Execution
from trading_bot.contract.errors import SemanticError, TickertapeError
from trading_bot.contract.events import workflow as events
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.telemetry import spans

LOOK_SECONDS: Final = 0.25
JOIN_SECONDS: Final = 5.0


class Runner:
    """One execution on its way, from where the tape says it stands.

    Attributes:
        broken: a defect of ours ended a thread; it stands still until the next start.
    """

    def __init__(self, bench: Bench, execution_id: str) -> None:
        self.execution_id = execution_id
        self.interrupts = Interrupts()
        self._bench = bench
        self._active: dict[str, threading.Thread] = {}
        self._guard = threading.Lock()
        self._changed = threading.Event()
        self.broken = False

    def run(self) -> None:
        """Go on until it has ended, waits for a person, or ops stops."""
        try:
            if self._execution().reversal is not None:
                self.interrupts.reverse()
            if self._execution().started_at is None:
                self._record(events.WorkflowStarted(execution_id=self.execution_id))
            while self._turn():
                pass
        except Stopping:
            pass
        finally:
            self._join()

    def wake(self) -> None:
        """Look at once what comes next: somebody cancelled it."""
        self._changed.set()

    def _turn(self) -> bool:
        """Do what comes next; False when there is nothing more to do here."""
        if self.interrupts.stopping or self.broken:
            return False
        with self._guard:
            active = frozenset(self._active)
        now = self._bench.means.clock.now_ns()
        self._changed.clear()
        moves = self._bench.ledger.read(lambda all_: next_moves(all_.by_id[self.execution_id], active, now))
        going_on = [self._do(move) for move in moves]
        return all(going_on)

    def _do(self, move: Move) -> bool:
        if isinstance(move, Run | Undo):
            self._begin(move)
        elif isinstance(move, Reverse):
            error = self._semantic(move.error)
            self._record(
                events.WorkflowReversed(
                    execution_id=self.execution_id, reason=move.reason, message=move.message, error=error
                )
            )
            self.interrupts.reverse()
        elif isinstance(move, End):
            self._end(move)
            return False
        elif isinstance(move, Suspend):
            return False
        else:
            self._changed.wait(LOOK_SECONDS)
        return True

    def _begin(self, move: Run | Undo) -> None:
        step = self._execution().workflow.step(move.step)
        work = Work(step, isinstance(move, Undo))
        thread = threading.Thread(
            target=self._perform, args=(work,), name=f"step-{self.execution_id}-{step.id}", daemon=True
        )
        with self._guard:
            self._active[step.id] = thread
        thread.start()

    def _perform(self, work: Work) -> None:
        try:
            Attempts(self._bench, self.execution_id, self.interrupts).perform(work)
        except Stopping:
            pass
        except Exception as error:  # noqa: BLE001 - the thread's top: it stands still, and goes on at the next start
            self.broken = True
            self._bench.errors.record(error)
        finally:
            with self._guard:
                del self._active[work.step.id]
            self._changed.set()

    def _end(self, move: End) -> None:
        error = self._semantic(move.error)
        event = events.WorkflowEnded(
            execution_id=self.execution_id, outcome=move.outcome, message=move.message, error=error
        )
        ended = self._record(event)
        execution = self._execution()
        if execution.trace_id is None:
            return
        span = Span(
            spans.RUN_WORKFLOW,
            execution.trace_id,
            span_id(self.execution_id),
            execution.parent_span_id,
            execution.started_at or ended,
            ended,
            {
                spans.WORKFLOW: execution.workflow.id,
                spans.EXECUTION_ID: self.execution_id,
                spans.OUTCOME: move.outcome.value,
            },
            error.error_code if error is not None else None,
        )
        self._bench.ledger.spans(SpansRecorded(spans=(span,)), execution.trace_id)

    def _semantic(self, error: TickertapeError | SemanticError | None) -> SemanticError | None:
        """Return the error as it is kept; one that nobody has recorded yet is recorded."""
        return self._bench.errors.record(error) if isinstance(error, TickertapeError) else error

    def _record(self, event: events.WorkflowStarted | events.WorkflowReversed | events.WorkflowEnded) -> int:
        trace_id = self._execution().trace_id
        return self._bench.ledger.record(event, self.interrupts, trace_id=trace_id).ts

    def _execution(self) -> Execution:
        return self._bench.ledger.read(lambda executions: executions.by_id[self.execution_id])

    def _join(self) -> None:
        with self._guard:
            threads = list(self._active.values())
        for thread in threads:
            thread.join(JOIN_SECONDS)
