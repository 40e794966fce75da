"""Each shipped workflow beside a scripted bot: to its end, and made to fail at each of its steps."""

from __future__ import annotations

import copy

import pytest
from support.command import PATIENCE, wait_until
from support.workflow_bench import Shop, shop
from support.workflow_troubles import TROUBLES

from exporter.ops.workflows.definition import as_document
from exporter.ops.workflows.library import SHIPPED, Library

NEVER = "up == false"
SHORT = (
    "restart-bot.restart",
    "restart-bot.decide",
    "update-targets.protected",
    "rotate-api-key.rotate",
    "export-logs.manifest",
)
PARAMETERS = {
    "update-targets": {"symbol": "EUR/USD", "take_profit_pct": 4, "stop_loss_pct": 2},
    "rotate-api-key": {"name": "api-key"},
    "reset-breaker": {"breaker": "max_daily_loss", "reason": "a test"},
    "recover-unknown-orders": {"patience": 1},
    "real-time-monitoring": {"looks": 2, "every": 0.2},
    "risk-managed-live-trading": {"looks": 2, "every": 0.5},
}
ALL = {loaded.id: loaded.workflow for loaded in Library(SHIPPED).all()}
STEPS = [f"{name}.{step.id}" for name, workflow in ALL.items() for step in workflow.steps]
NOT_PLAYED = ("risk-managed-live-trading", "check-health")
"""They ask real processes: the tests of the running demo have them, with the troubles of each step."""


def prepare(here: Shop, name: str) -> None:
    """Have what the workflow is for, so that all of its steps have something to do."""
    here.home.log("ops").write_text("{}\n")
    see = here.bench.means.observer.look
    if name == "reset-breaker":
        here.bot.trip()
        assert wait_until(lambda: bool(see().breakers))
    if name == "recover-unknown-orders":
        here.bot.lose()
        assert wait_until(lambda: see().orders.unknown > 0)
    if name == "update-targets":  # without an open position there is nothing to protect
        here.execute("flatten-and-pause")
        assert wait_until(lambda: not see().positions)
    assert wait_until(lambda: see().up and see().run.ready)


def failing(name: str, step_id: str) -> dict:
    """Return the workflow with that step never proven, and nobody waiting long."""
    document = copy.deepcopy(as_document(ALL[name]))
    for step in document["steps"]:
        step["verify"]["within"] = min(step["verify"].get("within", 0), PATIENCE)
        step.pop("retry", None)
        if step["id"] == step_id:
            step["verify"] = {"that": [NEVER]}
            step.pop("when", None)
    document["id"] = f"{name}-failing"
    return document


def of_the_bot(here: Shop) -> dict:
    seen = here.bench.means.observer.look()
    return {
        "mode": seen.mode.mode,
        "holdings": seen.holdings,
        "keys": seen.keys,
        "protection": (seen.settings.values or {}).get("protection"),
    }


def test_what_is_not_played_here_is_made_to_fail_at_each_step_on_the_real_processes():
    assert set(TROUBLES) == {step for step in STEPS if step.startswith(NOT_PLAYED)}


@pytest.mark.parametrize("name", [name for name in ALL if name not in NOT_PLAYED])
def test_a_shipped_workflow_comes_to_its_end(tmp_path, name):
    with shop(tmp_path) as here:
        prepare(here, name)
        before, restarts = of_the_bot(here), here.bot.times("RestartBot")
        if name == "recover-unknown-orders":
            here.bot.restart_finds = True
        execution = here.followed(here.execute(name, PARAMETERS.get(name)))
        assert execution.status == "completed", execution.message
        for state in execution.steps.values():
            assert state.status == "skipped" or all(one.holds for one in state.evidence)
            assert not [one.condition for one in state.evidence if "${" in one.condition]
        after = of_the_bot(here)
        if name == "restart-bot":
            assert here.bot.times("RestartBot") == restarts + 1
            assert after == before
        if name == "flatten-and-pause":
            assert (after["mode"], after["holdings"]) == ("paused", {})
        if name == "rotate-api-key":
            assert after["keys"]["api-key"] != before["keys"]["api-key"]
            assert not list(here.home.path.glob(".api-key-*"))
        if name == "recover-unknown-orders":
            assert here.bench.means.observer.look().orders.unknown == 0


def test_a_shipped_workflow_made_to_fail_at_a_step_leaves_no_harm(tmp_path, long_run, count):
    chosen = [step for step in STEPS if not step.startswith(NOT_PLAYED)] if long_run else SHORT
    for number, wanted in enumerate(chosen):
        name, _, step_id = wanted.partition(".")
        with shop(tmp_path / str(number)) as here:
            prepare(here, name)
            before = of_the_bot(here)
            here.bot.restart_finds = True
            execution = here.followed(here.execute(failing(name, step_id), PARAMETERS.get(name)))
            assert execution.status == "compensated", (wanted, execution.message)
            assert execution.steps[step_id].status == "failed", wanted
            for step in ALL[name].steps:
                state = execution.steps[step.id]
                if state.undo is not None and state.undo.status != "skipped":
                    assert state.undo.status == "completed", wanted
                    assert all(one.holds for one in state.undo.evidence), wanted
            after = of_the_bot(here)
            assert after["keys"] == before["keys"] or step_id == "forget", wanted
            assert after["protection"] == before["protection"], wanted
            if name == "restart-bot":
                assert after == before, wanted
            if name in {"flatten-and-pause", "reset-breaker", "recover-unknown-orders"}:
                assert after["mode"] == before["mode"] or after["mode"] != "running", wanted
            if name == "export-logs":
                assert not (here.home.exports / execution.execution_id / "SHA256SUMS").exists(), wanted
    count("shipped workflows made to fail at a step", len(chosen), "each compensated, on observed state")


def test_nothing_is_restarted_that_nobody_would_start_again(tmp_path):
    with shop(tmp_path, supervisor="none") as here:
        workflow = here.desk.workflow("restart-bot")
        rehearsal = here.desk.rehearse(workflow, here.desk.parameters(workflow, {}), "test")
        error = rehearsal.exception(20)
        assert error.code == "WF_006"
        assert "run.supervised == true" in error.message
        assert here.followed(here.execute("restart-bot")).status == "compensated"
        assert here.bot.effects == []


def test_a_key_of_the_environment_is_not_rotated(tmp_path):
    with shop(tmp_path, api_auth_token="a-key-that-is-set-by-hand") as here:
        workflow = here.desk.workflow("rotate-api-key")
        values = here.desk.parameters(workflow, {"name": "BOT_API_AUTH_TOKEN"})
        error = here.desk.rehearse(workflow, values, "test").exception(20)
        assert error.code == "WF_006"
        assert "BOT_API_AUTH_TOKEN" in error.message
