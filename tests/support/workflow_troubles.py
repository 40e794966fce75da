"""What goes wrong at one step of a shipped workflow, on real processes: behind a gate before it, until it failed."""

from __future__ import annotations

import contextlib
import copy
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import yaml

from exporter.ops.workflows.definition import as_document
from exporter.ops.workflows.library import SHIPPED, Library
from support.command import Command, processes_of, wait_until
from support.workflow_api import WorkflowApi
from trading_bot.boot.clock import SystemClock
from trading_bot.journal import read_beacon

GATE: Final = "gate"
FAILED: Final = frozenset({"failed", "compensating", "compensated"})
"""A step that failed, or is undone already."""
PATIENCE: Final = 300.0
"""Seconds; the longest failure is a command that is asked for three times and never answered."""

Meanwhile = Callable[[], None]
"""What is done once the step was let go."""


class Demo(NamedTuple):
    """The running demo."""

    command: Command
    api: WorkflowApi


class Trouble(NamedTuple):
    """How a step fails: what happens around it, or a change of the step itself; and the code that says so."""

    code: str
    around: Callable[[Demo], AbstractContextManager[Meanwhile]]
    changes: Mapping[str, Any] | None = None


def nothing() -> None:
    """Do nothing."""


@contextlib.contextmanager
def calm(_demo: Demo) -> Iterator[Meanwhile]:
    """The step fails by itself."""
    yield nothing


def fault(name: str, condition: str) -> Callable[[Demo], AbstractContextManager[Meanwhile]]:
    """A fault of the exchange, from when the bot has noticed by a condition of its health."""

    @contextlib.contextmanager
    def switched(demo: Demo) -> Iterator[Meanwhile]:
        switch(demo, name, "on")
        try:
            assert wait_until(lambda: status_of(demo, condition) != "True", every=0.1), condition
            yield nothing
        finally:
            switch(demo, name, "off")

    return switched


def status_of(demo: Demo, condition: str) -> str:
    conditions = demo.api.get("state")["health"]["conditions"]
    return next(str(one["status"]) for one in conditions if one["name"] == condition)


def switch(demo: Demo, name: str, state: str) -> None:
    done = demo.command.run("exchange", "fault", name, state)
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def bot_stands_still(demo: Demo) -> Iterator[Meanwhile]:
    """The bot's process is stopped, and goes on afterwards."""
    beacon = read_beacon(demo.api.home.beacon, SystemClock().now_ns()).beacon
    assert beacon is not None
    os.kill(beacon.pid, signal.SIGSTOP)
    try:
        assert wait_until(lambda: demo.api.get("summary")["health_status"] == "offline", every=0.1)
        yield nothing
    finally:
        os.kill(beacon.pid, signal.SIGCONT)


@contextlib.contextmanager
def exports_cannot_be_written(demo: Demo) -> Iterator[Meanwhile]:
    """A file stands where the folder was."""
    exports = demo.api.home.exports
    exports.mkdir(exist_ok=True)
    kept = exports.rename(exports.with_name("exports-kept"))
    exports.write_text("no folder")
    try:
        yield nothing
    finally:
        exports.unlink()
        kept.rename(exports)


@contextlib.contextmanager
def doctor_is_killed(demo: Demo) -> Iterator[Meanwhile]:
    """The doctor's process is killed as soon as it is there."""

    def doctors() -> list[int]:
        found = processes_of(demo.api.home.path)
        return [pid for pid, line in found.items() if "tickertape doctor" in line]

    def kill() -> None:
        assert wait_until(lambda: bool(doctors()))
        for pid in doctors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    yield kill


@contextlib.contextmanager
def person_says_no(demo: Demo) -> Iterator[Meanwhile]:
    """Whoever is asked denies."""

    def deny() -> None:
        waiting = waits_at(demo, "consent")
        assert wait_until(waiting.is_there, PATIENCE, 0.1)
        waiting.answer(approved=False)

    yield deny


class Waiting(NamedTuple):
    """An execution of the demo that waits, or will, at a step."""

    demo: Demo
    step: str

    def is_there(self) -> bool:
        return any(one["waiting_for"] == self.step for one in self._executions())

    def answer(self, *, approved: bool) -> None:
        (one,) = (one for one in self._executions() if one["waiting_for"] == self.step)
        path = f"workflows/executions/{one['execution_id']}/approve"
        answer = self.demo.api.ask("POST", path, {"approved": approved, "reason": "a test"})
        assert answer.status in {200, 202}, answer.body

    def _executions(self) -> list[dict[str, Any]]:
        found = self.demo.api.get("workflows/executions?state=waiting_for_approval")["executions"]
        return [self.demo.api.get(f"workflows/executions/{one['execution_id']}") for one in found]


def waits_at(demo: Demo, step: str) -> Waiting:
    return Waiting(demo, step)


NEVER: Final = {"verify": {"that": ["up == false"]}}
SHORT_OF_TIME: Final = {"timeout": 1.5, "params": {"watch": {"health": "health"}, "every": 1, "looks": 60}}
TROUBLES: Final = {
    "check-health.look": Trouble("WF_008", calm, NEVER),
    "check-health.examine": Trouble("WF_008", doctor_is_killed),
    "check-health.measure": Trouble("WF_008", calm, NEVER),
    "check-health.judge": Trouble("WF_008", calm, NEVER),
    "check-health.report": Trouble("WF_010", exports_cannot_be_written),
    "risk-managed-live-trading.preflight": Trouble("WF_016", fault("maintenance", "VenueReachable")),
    "risk-managed-live-trading.limits": Trouble("WF_008", fault("wrong_balance", "Reconciled")),
    "risk-managed-live-trading.consent": Trouble("WF_013", person_says_no, {"when": "up == true"}),
    "risk-managed-live-trading.trade": Trouble("WF_008", fault("mute_feed", "FeedFresh")),
    "risk-managed-live-trading.session": Trouble("WF_010", calm, SHORT_OF_TIME),
    "risk-managed-live-trading.close": Trouble("WF_009", bot_stands_still),
    "risk-managed-live-trading.summary": Trouble("WF_008", bot_stands_still),
    "risk-managed-live-trading.report": Trouble("WF_010", exports_cannot_be_written),
    "risk-managed-live-trading.reconcile": Trouble("WF_008", fault("maintenance", "VenueReachable")),
}
"""By workflow and step. The last one leaves the venue's trace longest."""


def gated(name: str, step_id: str) -> dict[str, Any]:
    """Return a shipped workflow that asks a person before a step, and has what that step's trouble changes."""
    loaded = Library(SHIPPED).get(name)
    assert loaded is not None
    assert loaded.workflow is not None
    document = copy.deepcopy(as_document(loaded.workflow))
    steps = document["steps"]
    index = [step["id"] for step in steps].index(step_id)
    steps[index].update(TROUBLES[f"{name}.{step_id}"].changes or {})
    gate = {
        "id": GATE,
        "description": "Now it may go wrong.",
        "action": "approval",
        "params": {"message": f"before {step_id}"},
        "verify": {"that": ["outputs.approved == true"]},
    }
    steps.insert(index, gate)
    return document


def install(demo: Demo, document: dict[str, Any]) -> None:
    """Have it take the shipped one's place; a file in the home's folder does."""
    folder = demo.api.home.workflows
    folder.mkdir(exist_ok=True)
    (folder / f"{document['id']}.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    wanted = [step["id"] for step in document["steps"]]

    def is_read() -> bool:
        found = demo.api.get(f"workflows/{document['id']}")
        return [step["id"] for step in found["steps"]] == wanted

    assert wait_until(is_read, every=0.1)


def played(demo: Demo, wanted: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Execute a workflow until it has ended, with trouble at its step."""
    name, _, step_id = wanted.partition(".")
    trouble = TROUBLES[wanted]
    install(demo, gated(name, step_id))
    try:
        execution_id = demo.api.execute(name, parameters)
        path = f"workflows/executions/{execution_id}"
        gate = waits_at(demo, GATE)
        assert wait_until(gate.is_there, PATIENCE, 0.1), demo.api.get(path)
        with trouble.around(demo) as meanwhile:
            gate.answer(approved=True)
            meanwhile()
            assert wait_until(lambda: state_of(demo, path, step_id) in FAILED, PATIENCE, 0.1), demo.api.get(
                path
            )
        ended: dict[str, Any] = demo.api.followed(execution_id)
        return ended
    finally:
        (demo.api.home.workflows / f"{name}.yaml").unlink()


def state_of(demo: Demo, path: str, step_id: str) -> str:
    return next(str(step["state"]) for step in demo.api.get(path)["steps"] if step["id"] == step_id)
