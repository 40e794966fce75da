"""Workflows on the running demo: what operators were promised, and every shipped one for real."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.command import Command, wait_until
from support.workflow_api import WorkflowApi

from trading_bot.boot.home import Home
from trading_bot.engine.settings_source import write_first_config

pytestmark = [pytest.mark.xdist_group("workflow acceptance"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[tuple[Command, WorkflowApi]]:
    """Given the bot is running and trades."""
    home = Home(tmp_path_factory.mktemp("workflows") / "home").create()
    write_first_config(home.config, "1s")
    home.config.write_text(f"{home.config.read_text()}\nintervals: {{reconcile_seconds: 3}}\n")
    command = Command(home.path)
    command.start("up", BOT_API_RATE_LIMIT="1000000/second")
    api = WorkflowApi(home, command.port("BOT_API_PORT"))

    def trades() -> bool:
        try:
            return api.get("summary")["mode"] == "running"
        except (OSError, AssertionError):
            return False

    assert wait_until(trades, 90)
    yield command, api
    command.stop_all()


def steps_of(execution):
    return {step["id"]: step for step in execution["steps"]}


def is_proven(execution) -> bool:
    return all(
        step["state"] == "skipped" or (step["evidence"] and all(one["holds"] for one in step["evidence"]))
        for step in execution["steps"]
    )


def test_operator_restarts_the_bot_while_it_trades(demo):
    command, api = demo
    before = api.get("state")
    answer = api.ask("POST", "workflows/restart-bot/execute")
    assert answer.status == 202
    accepted = answer.json()
    assert answer.headers["location"] == accepted["location"]
    assert api.get("workflows/restart-bot/status")["execution_id"] == accepted["execution_id"]
    execution = api.followed(accepted["execution_id"])
    assert (execution["state"], is_proven(execution)) == ("completed", True), execution
    assert api.get("workflows/restart-bot/status")["state"] == "completed"
    steps = steps_of(execution)
    assert {step["state"] for step in execution["steps"]} == {"completed"}
    before_restart = steps["persist"]["outputs"]
    compared = {one["condition"]: one["found"] for one in steps["compare"]["evidence"]}
    same = compared["holdings == steps.persist.outputs.holdings"]
    assert same["holdings"] == before_restart["holdings"]
    new_run = steps["restart"]["evidence"][0]["found"]["run.run_id"]
    assert new_run != before_restart["run_id"]
    after = api.get("state")
    assert after["config_summary"] == before["config_summary"]
    assert api.get("summary")["mode"] == "running"
    logged = command.run("workflow", "logs", "restart-bot")
    for step in steps:
        assert f"step_ended             {step}" in logged.stdout, logged.stdout


def test_the_other_order_of_the_path_answers_the_same(demo):
    _, api = demo
    assert api.get("workflows/list")["total"] == api.get("workflows")["total"]
    answer = api.ask("POST", "workflows/execute/export-logs", {"parameters": {"days": 1}})
    assert answer.status == 202
    execution_id = answer.json()["execution_id"]
    execution = api.followed(execution_id)
    assert api.get(f"workflows/status/{execution_id}")["state"] == execution["state"] == "completed"
    assert api.ask("POST", f"workflows/cancel/{execution_id}").status == 409


@pytest.mark.parametrize(
    ("workflow", "parameters"),
    [
        ("check-health", {}),
        ("real-time-monitoring", {"looks": 2, "every": 0.5}),
        ("recover-unknown-orders", {}),
        ("update-targets", {"symbol": "EUR/USD", "take_profit_pct": 40, "stop_loss_pct": 20}),
        ("rotate-api-key", {"name": "operate-key"}),
        ("risk-managed-live-trading", {"looks": 2, "every": 1}),
        ("flatten-and-pause", {}),
    ],
)
def test_a_shipped_workflow_proves_its_effect_on_the_real_processes(demo, workflow, parameters):
    command, api = demo
    key = api.home.operate_key.read_text()
    execution = api.followed(api.execute(workflow, parameters))
    assert (execution["state"], is_proven(execution)) == ("completed", True), execution
    if workflow == "flatten-and-pause":
        summary = api.get("summary")
        assert (summary["mode"], summary["position_count"]) == ("paused", 0)
    if workflow == "rotate-api-key":
        assert api.home.operate_key.read_text() != key
    if workflow == "check-health":
        shown = command.run("workflow", "status", "check-health", "--output", "json")
        assert shown.returncode == 0, shown.stderr


def test_the_command_line_executes_follows_and_shows(demo):
    command, _ = demo
    ended = command.run(
        "workflow", "execute", "export-logs", "--set", "days=3", "--reason", "a test", timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert "completed copy: The logs are copied" in ended.stdout
    started = command.run("workflow", "execute", "export-logs", "--async", "--key", "once")
    again = command.run("workflow", "execute", "export-logs", "--async", "--key", "once")
    assert started.stdout == again.stdout
    shown = command.run(
        "workflow", "status", started.stdout.strip(), "--follow", "--output", "json", timeout=120
    )
    assert json.loads(shown.stdout)["state"] == "completed"
    listed = command.run("workflow", "list", "--output", "json")
    assert {row["id"] for row in json.loads(listed.stdout)} >= {"restart-bot", "check-health"}
    assert "proven by run.ready == true" in command.run("workflow", "show", "restart-bot").stdout
    refused = command.run("workflow", "execute", "flatten-and-pause")
    assert refused.returncode == 1
    assert "WF_005" in refused.stderr
    assert "checked" in command.run("workflow", "execute", "restart-bot", "--dry-run").stdout
    wrong = command.run("workflow", "execute", "export-logs", "--set", "days=much")
    assert "WF_003 parameters.days" in wrong.stderr


def test_a_workflow_that_takes_risk_needs_the_token_of_its_dry_run(demo):
    _, api = demo
    refused = api.ask("POST", "workflows/flatten-and-pause/execute")
    assert (refused.status, refused.json()["error_code"]) == (428, "WF_005")
    other = api.ask("POST", "workflows/flatten-and-pause/execute", {"confirm": "guessed"})
    assert (other.status, other.json()["error_code"]) == (428, "WF_005")
    body = {"parameters": {"reason": "one"}}
    token = api.ask("POST", "workflows/flatten-and-pause/execute?dry_run=true", body).json()["confirm"]
    changed = api.ask(
        "POST", "workflows/flatten-and-pause/execute", {"parameters": {"reason": "two"}, "confirm": token}
    )
    assert changed.status == 428
