"""What the endpoints, the schedule and the alerts ask of workflows: one place for who may start what, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import product
from typing import Any, Final

from exporter.metrics.scrape import Point
from exporter.ops.metrics import Registry
from exporter.ops.parameters import NOTHING, told
from exporter.ops.workflows.attempts import Bench
from exporter.ops.workflows.confirmations import Confirmations
from exporter.ops.workflows.definition import Risk, Workflow
from exporter.ops.workflows.executor import Executor, Wanted
from exporter.ops.workflows.faults import refuse
from exporter.ops.workflows.library import Library, Loaded
from exporter.ops.workflows.rehearsal import Rehearsal, RehearsedStep
from exporter.ops.workflows.schedule import Scheduler
from exporter.ops.workflows.state import Execution, Executions, ExecutionStatus
from exporter.ops.workflows.validation import parameter_values
from trading_bot.boot.sessions import shipped_hours
from trading_bot.contract.errors import NonRetriableError, OperatorError, TickertapeError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.workflow import Trigger
from trading_bot.contract.settings import Settings, parse_settings
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.domain.clock import SECOND

REHEARSALS_AT_ONCE: Final = 2
REFRESH_EVERY: Final = 4
"""Ticks."""


class WorkflowDesk:
    """Lists, rehearses, starts, cancels and approves. For any thread.

    Args:
        bench: what executions share.
        library: the definitions.
    """

    def __init__(self, bench: Bench, library: Library) -> None:
        self.library = library
        self._bench = bench
        self._clock = bench.means.clock
        self._executor = Executor(bench)
        self._confirmations = Confirmations(self._clock)
        self._rehearsals = ThreadPoolExecutor(REHEARSALS_AT_ONCE, thread_name_prefix="rehearsal")
        self._ticks = 0
        self._refreshed: tuple[Callable[[], None], ...] = (library.refresh,)
        scheduler = Scheduler(library, self._clock, shipped_hours(), self._settings, self._start_by_schedule)
        self._executor.add_tick(self._refresh)
        self._executor.add_tick(scheduler.look)
        _ask(bench.metrics, self)

    def add_refresh(self, read_anew: Callable[[], None]) -> None:
        """Have something called every two seconds, after the files were looked at."""
        self._refreshed = (*self._refreshed, read_anew)

    def start(self) -> None:
        """Go on with what has not ended, and begin to take more."""
        self._executor.start()

    def stop(self) -> None:
        """Leave everything where it stands."""
        self._rehearsals.shutdown(wait=False, cancel_futures=True)
        self._executor.stop()

    def read(self, function: Any) -> Any:
        """Return what a function makes of the executions; it must be short, and keep no part of them."""
        return self._bench.ledger.read(function)

    def loaded(self, workflow_id: str) -> Loaded:
        """Return the file of that id, valid or not.

        Raises:
            NonRetriableError: WF_002.
        """
        found = self.library.get(workflow_id)
        if found is None:
            known = ", ".join(one.id for one in self.library.all())
            message = f"there is no workflow {workflow_id[:80]!r}; there are {known}"
            raise NonRetriableError("WF_002", message)
        return found

    def workflow(self, workflow_id: str) -> Workflow:
        """Return a workflow that can be executed.

        Raises:
            NonRetriableError: WF_002.
            OperatorError: WF_001, its file is not valid.
        """
        found = self.loaded(workflow_id)
        if found.workflow is None:
            raise refuse("WF_001", f"{found.path.name}: ", list(found.faults), OperatorError)
        return found.workflow

    def last_of(self, workflow_id: str) -> Execution | None:
        """Return the latest execution of a workflow."""
        found = self.read(
            lambda all_: [one for one in all_.by_id.values() if one.workflow.id == workflow_id][-1:]
        )
        return found[0] if found else None

    def execution(self, execution_id: str) -> Execution:
        """Return an execution.

        Raises:
            NonRetriableError: WF_002.
        """
        found: Execution | None = self.read(lambda all_: all_.by_id.get(execution_id))
        if found is None:
            raise NonRetriableError("WF_002", f"there is no execution {execution_id[:80]!r}")
        return found

    def parameters(self, workflow: Workflow, given: Any) -> dict[str, Any]:
        """Return the parameters with their defaults.

        Raises:
            NonRetriableError: WF_003, with every fault.
        """
        values, faults = parameter_values(workflow, given)
        if faults:
            raise refuse("WF_003", "", faults, NonRetriableError)
        return values

    def rehearse(
        self, workflow: Workflow, parameters: dict[str, Any], actor: str
    ) -> Future[list[RehearsedStep]]:
        """Have the checks made and every template resolved, on a thread of its own."""
        self._refuse_while_trading(workflow)
        rehearsal = Rehearsal(workflow, parameters, self._bench.means, actor)
        return self._rehearsals.submit(rehearsal.run)

    def confirmation(
        self, workflow: Workflow, parameters: dict[str, Any], actor: str
    ) -> tuple[str, int] | None:
        """Return the token that executing this needs, and when it expires; None where it needs none."""
        if workflow.risk is not Risk.CONFIRM:
            return None
        return self._confirmations.give(workflow, parameters, actor)

    def request(self, wanted: Wanted, confirm: str | None = None) -> tuple[Execution, Future[int]]:
        """Take an execution; it is taken for good once the future is done.

        Raises:
            TickertapeError: WF_004 to WF_007 and WF_015, each as its title says.
        """
        repeated = self._executor.repeated(wanted)
        if repeated is not None:
            return repeated
        self._refuse_while_trading(wanted.workflow)
        if wanted.workflow.risk is Risk.CONFIRM:
            self._check_confirmed(wanted, confirm)
        return self._executor.request(wanted)

    def cancel(self, execution_id: str, *, actor: str, reason: str) -> Future[int]:
        """Have an execution turn back; see :meth:`Executor.cancel`."""
        return self._executor.cancel(execution_id, actor=actor, reason=reason)

    def approve(self, execution_id: str, *, approved: bool, actor: str, reason: str) -> Future[int]:
        """Answer the step that waits; see :meth:`Executor.approve`."""
        return self._executor.approve(execution_id, approved=approved, actor=actor, reason=reason)

    def _check_confirmed(self, wanted: Wanted, confirm: str | None) -> None:
        taken = confirm is not None and self._confirmations.take(
            confirm, wanted.workflow, wanted.parameters, wanted.actor
        )
        if not taken:
            said = "no confirm was sent" if confirm is None else "confirm is not the token of such a dry run"
            message = f"{wanted.workflow.id} takes risk: {said}, or it has expired"
            found = NOTHING if confirm is None else "another token"
            faults = told(
                "confirm", "the confirm that a dry run with these parameters answers with", found, "k3T9…"
            )
            raise NonRetriableError("WF_005", message, workflow=wanted.workflow.id, errors=faults)

    def _refuse_while_trading(self, workflow: Workflow) -> None:
        if workflow.risk is not Risk.FORBIDDEN_WHILE_TRADING:
            return
        mode, up = self._bench.means.observer.read(lambda state, health: (state.mode.mode, health.up))
        if up and mode in {Mode.RUNNING, Mode.REDUCE_ONLY}:
            message = f"{workflow.id} is forbidden while the bot trades; its mode is {mode}"
            raise NonRetriableError("WF_006", message, mode=mode)

    def _start_by_schedule(self, workflow: Workflow) -> None:
        wanted = Wanted(
            workflow=workflow,
            parameters=self.parameters(workflow, {}),
            actor="schedule",
            started_by=Trigger.SCHEDULE,
            reason=workflow.schedule.cron if workflow.schedule is not None else "",
        )
        try:
            self.request(wanted)
        except TickertapeError as error:
            if error.code != "WF_004":  # the one before still runs: this turn is left out
                raise

    def _settings(self) -> Settings | None:
        document = self._bench.means.observer.read(lambda state, _health: state.settings.settings)
        return None if document is None else parse_settings(document)

    def _refresh(self) -> None:
        self._ticks += 1
        if self._ticks % REFRESH_EVERY == 0:
            for read_anew in self._refreshed:
                read_anew()


def _ask(registry: Registry, desk: WorkflowDesk) -> None:
    """Have the page of ops show what stands in the executions."""

    def workflows() -> set[str]:
        loaded = {one.id for one in desk.library.all() if one.workflow is not None}
        executed: set[str] = desk.read(lambda all_: {one.workflow.id for one in all_.by_id.values()})
        return loaded | executed

    def counted(name: str, *sets: tuple[str, ...]) -> Iterator[Point]:
        """Return every series from 0 on: of one that begins at 1 the first failure is no increase."""
        series: dict[str, int] = desk.read(lambda all_: dict(all_.counts.get(name, {})))
        zeros = dict.fromkeys(map("|".join, product(workflows(), *sets)), 0)
        return ((tuple(key.split("|")), float(count)) for key, count in {**zeros, **series}.items())

    def number(function: Any) -> list[Point]:
        return [((), float(desk.read(function)))]

    def oldest(all_: Executions) -> float:
        begun = [one.started_at for one in all_.running() if one.started_at is not None]
        return max(0, desk._clock.now_ns() - min(begun)) / SECOND if begun else 0.0  # noqa: SLF001 - its own page

    def queued(all_: Executions) -> int:
        return sum(one.status is ExecutionStatus.QUEUED for one in all_.running())

    outcomes = labels.WORKFLOW_OUTCOME.values or ()
    registry.ask(metrics.WORKFLOW_EXECUTIONS, lambda: counted(metrics.WORKFLOW_EXECUTIONS.name, outcomes))
    registry.ask(metrics.WORKFLOW_COMPENSATIONS, lambda: counted(metrics.WORKFLOW_COMPENSATIONS.name))
    registry.ask(metrics.WORKFLOW_RUNNING, lambda: number(lambda all_: len(all_.running()) - queued(all_)))
    registry.ask(metrics.WORKFLOW_QUEUED, lambda: number(queued))
    registry.ask(metrics.WORKFLOW_OLDEST_RUNNING, lambda: number(oldest))
