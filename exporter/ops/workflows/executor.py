"""Takes executions, lets so many run at once, and goes on after a restart with what had not ended."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

import msgspec

from exporter.ops.workflows.attempts import Bench
from exporter.ops.workflows.definition import Concurrency, Workflow, as_document, definition_hash
from exporter.ops.workflows.planning import waited_too_long
from exporter.ops.workflows.running import Runner
from exporter.ops.workflows.state import Execution, Executions, ExecutionStatus
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.events import workflow as events
from trading_bot.contract.events.workflow import Trigger
from trading_bot.domain.clock import SECOND

MAX_PARALLEL: Final = 4
MOST_QUEUED: Final = 100
TICK_SECONDS: Final = 0.5
STOP_SECONDS: Final = 1.0


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that is asked for; the parameters are valid and complete."""

    workflow: Workflow
    parameters: dict[str, Any]
    actor: str
    started_by: Trigger = Trigger.REQUEST
    reason: str = ""
    idempotency_key: str | None = None
    incident: str | None = None
    trace_id: str | None = None
    span_id: str | None = None


class Executor:
    """Owns the threads of all executions.

    Args:
        bench: what they share.
        max_parallel: how many run at once; the others wait. One that waits for a person takes no place.
        ticks: called every half second, for schedules and the like.
    """

    def __init__(
        self, bench: Bench, *, max_parallel: int = MAX_PARALLEL, ticks: tuple[Callable[[], None], ...] = ()
    ) -> None:
        self._bench = bench
        self._ledger = bench.ledger
        self._max_parallel = max_parallel
        self._ticks = ticks
        self._guard = threading.RLock()
        self._runners: dict[str, Runner] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="workflows", daemon=True)

    def add_tick(self, tick: Callable[[], None]) -> None:
        """Have something called every half second."""
        self._ticks = (*self._ticks, tick)

    def start(self) -> None:
        """Go on with what has not ended, and take what is asked for."""
        self._ticker.start()
        self._pump()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Leave every execution where it stands; the next start goes on with it."""
        self._stopping.set()
        self._wake.set()
        with self._guard:
            runners, threads = list(self._runners.values()), list(self._threads.values())
        for runner in runners:
            runner.interrupts.stop()
            runner.wake()
        for thread in threads:
            thread.join(seconds)
        if self._ticker.ident is not None:
            self._ticker.join(seconds)

    def request(self, wanted: Wanted) -> tuple[Execution, Future[int]]:
        """Put an execution into the queue; it is taken for good once the future is done.

        Raises:
            RetriableError: WF_004 when one of the workflow runs and it takes one at a time, WF_007 when too
                many wait.
            NonRetriableError: WF_015 when the idempotency key came with something else before.
        """
        with self._guard:
            before = self._ledger.read(lambda all_: _repeated(all_, wanted))
            if before is not None:
                return before, self._ledger.durable()
            self._ledger.read(lambda all_: _refuse(all_, wanted))
            event = _requested(wanted)
            self._ledger.append(event, trace_id=wanted.trace_id, span_id=wanted.span_id)
            execution = self._ledger.read(lambda all_: all_.by_id[event.execution_id])
        self._wake.set()
        return execution, self._ledger.durable()

    def repeated(self, wanted: Wanted) -> tuple[Execution, Future[int]] | None:
        """Return the execution that the same request made before, None for a new one.

        Raises:
            NonRetriableError: WF_015.
        """
        before = self._ledger.read(lambda all_: _repeated(all_, wanted))
        return None if before is None else (before, self._ledger.durable())

    def cancel(self, execution_id: str, *, actor: str, reason: str) -> Future[int]:
        """Have an execution turn back; asking again changes nothing.

        Raises:
            NonRetriableError: WF_002 for one that is not known, WF_014 for one that has ended.
        """
        execution = self._known(execution_id)
        if execution.outcome is not None:
            message = f"execution {execution_id} has ended: {execution.status}"
            raise NonRetriableError("WF_014", message, state=execution.status)
        if execution.cancelled_by is None:
            event = events.CancelRequested(execution_id=execution_id, actor=actor, reason=reason)
            self._ledger.append(event, trace_id=execution.trace_id)
        with self._guard:
            runner = self._runners.get(execution_id)
        if runner is not None:
            runner.wake()
        self._wake.set()
        return self._ledger.durable()

    def approve(self, execution_id: str, *, approved: bool, actor: str, reason: str) -> Future[int]:
        """Answer the step that waits for a person.

        Raises:
            NonRetriableError: WF_002 for one that is not known, WF_014 when no step waits.
        """
        execution = self._known(execution_id)
        with self._guard:
            step = self._ledger.read(lambda _: execution.waiting_for)
            if step is None or execution.outcome is not None:
                message = f"execution {execution_id} waits for nobody: {execution.status}"
                raise NonRetriableError("WF_014", message, state=execution.status)
            event = events.ApprovalGiven(
                execution_id=execution_id, step=step, approved=approved, actor=actor, reason=reason
            )
            self._ledger.append(event, trace_id=execution.trace_id)
        self._wake.set()
        return self._ledger.durable()

    def _known(self, execution_id: str) -> Execution:
        found = self._ledger.read(lambda all_: all_.by_id.get(execution_id))
        if found is None:
            raise NonRetriableError("WF_002", f"there is no execution {execution_id[:80]!r}")
        return found

    # What follows runs on the ticker's thread, but for the runners' own.

    def _tick(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            for work in (self._pump, *self._ticks):
                try:
                    if not self._stopping.is_set():
                        work()
                except Exception as error:  # noqa: BLE001 - the thread's loop: it must go on for the others
                    self._bench.errors.record(error)

    def _pump(self) -> None:
        """Start what may start: the oldest first, one of a workflow at a time.

        Nothing before the journal is read: a condition on a state that is not there yet would be wrong.
        """
        with self._guard:
            if self._stopping.is_set() or not self._bench.means.observer.caught_up:
                return
            now = self._bench.means.clock.now_ns()
            for execution_id in self._ledger.read(
                lambda all_: _startable(all_, frozenset(self._runners), now)
            ):
                if len(self._runners) >= self._max_parallel:
                    return
                self._begin(execution_id)

    def _begin(self, execution_id: str) -> None:
        runner = self._runners[execution_id] = Runner(self._bench, execution_id)
        name = f"workflow-{execution_id}"
        thread = threading.Thread(target=self._run, args=(runner,), name=name, daemon=True)
        self._threads[execution_id] = thread
        thread.start()

    def _run(self, runner: Runner) -> None:
        broken = False
        try:
            runner.run()
            broken = runner.broken
        except Exception as error:  # noqa: BLE001 - the thread's top
            broken = True
            self._bench.errors.record(error)
        with self._guard:
            if not broken:  # one that broke stands still until the next start, instead of breaking for ever
                del self._runners[runner.execution_id]
            del self._threads[runner.execution_id]
        self._wake.set()


def _requested(wanted: Wanted) -> events.WorkflowRequested:
    return events.WorkflowRequested(
        execution_id=secrets.token_hex(8),
        workflow=wanted.workflow.id,
        definition=as_document(wanted.workflow),
        definition_hash=definition_hash(wanted.workflow),
        parameters=wanted.parameters,
        actor=wanted.actor,
        started_by=wanted.started_by,
        reason=wanted.reason,
        idempotency_key=wanted.idempotency_key,
        incident=wanted.incident,
    )


def _repeated(all_: Executions, wanted: Wanted) -> Execution | None:
    if wanted.idempotency_key is None:
        return None
    for execution in all_.by_id.values():
        if execution.idempotency_key == wanted.idempotency_key and execution.actor == wanted.actor:
            same = execution.workflow.id == wanted.workflow.id and execution.parameters == wanted.parameters
            if same:
                return execution
            message = f"the key was used for execution {execution.execution_id}, which is not the same"
            raise NonRetriableError("WF_015", message, execution_id=execution.execution_id)
    return None


def _refuse(all_: Executions, wanted: Wanted) -> None:
    running = all_.running()
    if wanted.workflow.concurrency is Concurrency.REFUSE:
        for execution in running:
            if execution.workflow.id == wanted.workflow.id:
                message = f"execution {execution.execution_id} of {wanted.workflow.id} has not ended"
                raise RetriableError("WF_004", message, execution_id=execution.execution_id)
    queued = sum(execution.status is ExecutionStatus.QUEUED for execution in running)
    if queued >= MOST_QUEUED:
        raise RetriableError("WF_007", f"{queued} executions wait already", queued=queued)


def _startable(all_: Executions, taken: frozenset[str], now_ns: int) -> list[str]:
    """Return the executions that a thread should run, in their order: those that began before come first."""
    running = [execution for execution in all_.running() if execution.execution_id not in taken]
    begun = [one for one in running if one.started_at is not None and _has_something_to_do(one, now_ns)]
    busy = {
        one.workflow.id for one in all_.running() if one.started_at is not None or one.execution_id in taken
    }
    waiting = []
    for execution in running:
        if execution.started_at is None and execution.workflow.id not in busy:
            busy.add(execution.workflow.id)
            waiting.append(execution)
    return [execution.execution_id for execution in (*begun, *waiting)]


def _has_something_to_do(execution: Execution, now_ns: int) -> bool:
    """Whether one that waits for a person has been answered, cancelled, or has waited too long."""
    if execution.status is not ExecutionStatus.WAITING_FOR_APPROVAL or execution.cancelled_by is not None:
        return True
    began, limit = execution.started_at or now_ns, execution.workflow.max_duration
    return waited_too_long(execution, now_ns) or now_ns - began > limit * SECOND
