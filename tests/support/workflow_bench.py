"""Workflows in this process, on real tapes, beside a scripted bot; and executions followed to their end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.commands import Commands
from exporter.ops.metrics import Registry
from exporter.ops.workflows.attempts import Bench
from exporter.ops.workflows.bench import bench_of
from exporter.ops.workflows.desk import WorkflowDesk
from exporter.ops.workflows.executor import Wanted
from exporter.ops.workflows.library import SHIPPED, Library
from exporter.ops.workflows.state import Execution, ExecutionStatus
from exporter.ops.workflows.validation import validated
from support.command import PATIENCE, wait_until
from support.scripted_bot import ScriptedBot
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.identity import new_run_id
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.events.lifecycle import OpsStarted
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder, tape_sink

OVER = {
    ExecutionStatus.COMPLETED,
    ExecutionStatus.COMPENSATED,
    ExecutionStatus.CANCELLED,
    ExecutionStatus.FAILED,
}


class Shop:
    """What ops has for workflows, without the endpoint. :meth:`stop` and :meth:`start` are a restart of ops."""

    def __init__(self, home: Home, bot: ScriptedBot | None, **settings: Any) -> None:
        self.home = home
        self.bot = bot
        self.settings = BootSettings(home=home.path, **settings)
        self.start()

    def start(self) -> None:
        clock = SystemClock()
        run_id = new_run_id(clock.now_ns())
        self.tape = TapeWriter.open(self.home.control, bot="test", run_id=run_id, clock=clock)
        self.tape.append(OpsStarted(version="0", pid=1, host="here", python="3"))
        self.errors = ErrorRecorder(tape_sink(self.tape), clock)
        self.view = BotView(self.home, clock)
        self.view.start()
        assert self.view.journal.wait_until_caught_up(PATIENCE)
        keys = KeyRing.of_home(self.home, self.settings)
        self.metrics = Registry()
        self.bench: Bench = bench_of(
            view=self.view,
            commands=Commands.of_tape(self.tape, self.view, clock),
            keys=keys,
            settings=self.settings,
            clock=clock,
            tape=self.tape,
            errors=self.errors,
            metrics=self.metrics,
        )
        self.desk = WorkflowDesk(self.bench, Library(SHIPPED, self.home.workflows))
        self.desk.start()

    def stop(self) -> None:
        self.desk.stop()
        self.view.stop()
        self.tape.close()

    def execute(
        self, workflow: str | Mapping[str, Any], parameters: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """Have a workflow of the library, or one that is given, executed; return the execution's id."""
        if isinstance(workflow, str):
            found = self.desk.workflow(workflow)
        else:
            made, faults = validated(workflow)
            assert made is not None, faults
            found = made
        values = self.desk.parameters(found, parameters or {})
        wanted = Wanted(workflow=found, parameters=values, actor="test", **more)
        token = self.desk.confirmation(found, values, "test")
        execution, durable = self.desk.request(wanted, token[0] if token else None)
        durable.result(60)
        return execution.execution_id

    def execution(self, execution_id: str) -> Execution:
        return self.desk.execution(execution_id)

    def followed(self, execution_id: str, seconds: float = PATIENCE) -> Execution:
        """Return an execution once it is over."""
        over = wait_until(lambda: self.execution(execution_id).status in OVER, seconds)
        execution = self.execution(execution_id)
        assert over, (execution.status, {name: step.status for name, step in execution.steps.items()})
        return execution

    def reach(self, execution_id: str, status: str, seconds: float = PATIENCE) -> Execution:
        assert wait_until(lambda: self.execution(execution_id).status == status, seconds)
        return self.execution(execution_id)


@contextlib.contextmanager
def shop(folder: Path, *, supervisor: str = "tickertape-up", **settings: Any) -> Iterator[Shop]:
    """Open a home with a scripted bot that is alive, and workflows beside it."""
    home = Home(folder / "home").create()
    with ScriptedBot(home, supervisor=supervisor) as bot:
        assert wait_until(lambda: bot.tape.committed > 0)
        opened = Shop(home, bot, **settings)
        try:
            assert wait_until(lambda: opened.bench.means.observer.look().up)
            yield opened
        finally:
            opened.stop()


def step(step_id: str, action: str = "check", **more: Any) -> dict[str, Any]:
    """Return a step of a definition; without a verify one that always holds."""
    return {
        "id": step_id,
        "description": f"the step {step_id}",
        "action": action,
        "verify": {"that": ["up == true"]},
        **more,
    }


def definition(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a workflow's definition."""
    return {
        "id": "made-here",
        "name": "Made here",
        "description": "For a test.",
        "risk": "safe",
        "steps": list(steps),
        **more,
    }
