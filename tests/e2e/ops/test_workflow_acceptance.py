"""Workflows on the running demo: what operators were promised, and every shipped one for real."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from support.command import PATIENCE, PROGRAM, Command, wait_until
from support.trading import NO_PROXY
from support.workflow_api import WorkflowApi
from support.workflow_troubles import FAILED, TROUBLES, Demo, played

from trading_bot.boot.home import Home
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.engine.settings_source import write_first_config
from trading_bot.journal import TapeReader

pytestmark = [pytest.mark.xdist_group("workflow acceptance"), pytest.mark.timeout(1800)]
QUIET_SECONDS = 2.5
"""Two bars: who trades would have sent an order."""
PARAMETERS = {"risk-managed-live-trading": {"looks": 1, "every": 1}}
ALWAYS = ("check-health.report", "risk-managed-live-trading.report")


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

    try:
        assert wait_until(trades)
        yield command, api
    finally:
        command.stop_all()


class Screen:
    """What a program has written to a terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._written = b""
        os.set_blocking(descriptor, False)

    def text(self) -> str:
        with contextlib.suppress(OSError):
            while piece := os.read(self._descriptor, 65_536):
                self._written += piece
        return self._written.decode(errors="replace")


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
    assert wait_until(lambda: api.get("summary")["mode"] == "running")
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
        assert execution["message"].split(":")[0] in {"healthy", "unhealthy"}, execution["message"]
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
    ran = command.run("workflow", "status", "--output", "json")
    assert json.loads(ran.stdout)[0]["execution_id"] == started.stdout.strip()
    assert "proven by run.ready == true" in command.run("workflow", "show", "restart-bot").stdout
    refused = command.run("workflow", "execute", "flatten-and-pause")
    assert refused.returncode == 1
    assert "WF_005" in refused.stderr
    assert "checked" in command.run("workflow", "execute", "restart-bot", "--dry-run").stdout
    wrong = command.run("workflow", "execute", "export-logs", "--set", "days=much")
    assert "WF_003 parameters.days" in wrong.stderr


def test_who_stops_looking_stops_nothing_and_is_told_so(demo):
    command, api = demo
    inside, outside = pty.openpty()
    looking = subprocess.Popen(
        [PROGRAM, "workflow", "execute", "real-time-monitoring", "--set", "looks=58", "--set", "every=5"],
        env={**os.environ, "BOT_HOME": str(command.home), **command.environment, "TERM": "xterm-256color"},
        stdin=outside,
        stdout=outside,
        stderr=outside,
        start_new_session=True,
    )
    os.close(outside)
    screen = Screen(inside)
    assert wait_until(lambda: "The figures, look by look." in screen.text())
    looking.send_signal(signal.SIGINT)
    # A terminal that nobody reads is full soon, and who writes to it waits.
    assert wait_until(lambda: "The execution goes on without you." in screen.text())
    assert wait_until(lambda: screen.text() and looking.poll() is not None)
    assert looking.returncode == 1
    execution = api.get("workflows/real-time-monitoring/status")
    assert f"tickertape workflow status {execution['execution_id']} --follow" in screen.text()
    assert execution["state"] == "running"
    assert api.ask("POST", f"workflows/cancel/{execution['execution_id']}").status == 202
    assert api.followed(execution["execution_id"])["state"] == "cancelled"
    os.close(inside)


def test_a_workflow_that_takes_risk_needs_the_token_of_its_dry_run(demo):
    _, api = demo
    refused = api.ask("POST", "workflows/flatten-and-pause/execute")
    assert (refused.status, refused.json()["error_code"]) == (428, "WF_005")
    other = api.ask("POST", "workflows/flatten-and-pause/execute", {"confirm": "guessed"})
    assert (other.status, other.json()["error_code"]) == (428, "WF_005")
    assert [one["field"] for one in refused.json()["errors"]] == ["confirm"]
    follow = refused.json()["next"][0]
    assert (follow["method"], follow["href"]) == (
        "POST",
        "/api/v1/workflows/flatten-and-pause/execute?dry_run=true",
    )
    body = {"parameters": {"reason": "one"}}
    token = api.ask("POST", "workflows/flatten-and-pause/execute?dry_run=true", body).json()["confirm"]
    changed = api.ask(
        "POST", "workflows/flatten-and-pause/execute", {"parameters": {"reason": "two"}, "confirm": token}
    )
    assert changed.status == 428


def commands_of(api: WorkflowApi, workflow: str) -> list[str]:
    """Return what a workflow has told the bot, by name, in its order."""
    with TapeReader.open(api.home.control) as reader:
        issued = [envelope.payload for envelope in reader.read(0, 10_000, (CommandIssued.KIND,))]
    return [one.name for one in issued if one.actor.startswith(f"workflow {workflow} ")]


def orders_at_the_exchange(command: Command) -> set[str]:
    url = f"http://127.0.0.1:{command.port('BOT_EXCHANGE_PORT')}/sim/books?limit=10000"
    with NO_PROXY.open(url, timeout=PATIENCE) as answer:
        return {order["client_order_id"] for order in json.load(answer)["orders"]}


def set_mode(api: WorkflowApi, what: str, mode: str) -> None:
    """Ask for a mode until it is there: what troubled the bot before may have to pass first."""

    def asked() -> bool:
        api.ask("POST", f"control/{what}", {"reason": "a test"})
        return wait_until(lambda: api.get("summary")["mode"] == mode, 5)

    assert wait_until(asked, 2 * PATIENCE), api.get("summary")


def test_a_workflow_made_to_fail_at_a_step_of_the_real_thing_leaves_no_harm(demo, long_run, count):
    command, api = demo
    chosen = tuple(TROUBLES) if long_run else ALWAYS
    for wanted in chosen:
        name, _, step_id = wanted.partition(".")
        set_mode(api, "resume", "running")
        assert wait_until(lambda: api.get("summary")["health_status"] == "healthy", 240, 0.2), api.get(
            "summary"
        )
        if name == "risk-managed-live-trading":
            set_mode(api, "pause", "paused")
        mode, told = api.get("summary")["mode"], len(commands_of(api, name))
        execution = played(Demo(command, api), wanted, PARAMETERS.get(name, {}))
        steps = steps_of(execution)
        failed = steps[step_id]
        assert (execution["state"], failed["state"] in FAILED) == ("compensated", True), (wanted, execution)
        assert failed["error"]["error_code"] == TROUBLES[wanted].code, (wanted, failed["error"])
        undone = {step["id"]: step["undo"] for step in execution["steps"] if step["undo"]}
        commanded = commands_of(api, name)[told:]
        if "ResumeTrading" in commanded:
            assert commanded[-1] == "PauseTrading", wanted
            assert undone["trade"]["state"] == "completed", (wanted, undone)
            assert all(one["holds"] for one in undone["trade"]["evidence"]), (wanted, undone)
            before = orders_at_the_exchange(command)
            time.sleep(QUIET_SECONDS)
            assert orders_at_the_exchange(command) == before, wanted
        else:
            assert (commanded, undone) == ([], {}), wanted
        assert api.get("summary")["mode"] == mode, wanted
    count("real workflows made to fail at a step", len(chosen), "each undone, on observed state")
