"""What operators were promised of settings and control, scenario by scenario, against running processes."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.command import Command, wait_until
from support.person import PATIENCE, Operator
from support.trading import Floor, busy_settings

from trading_bot.contract.events.lifecycle import BotReady, CommandAnswered

# One floor for all but the first: each scenario begins where the one before has left the settings.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("settings and control")]

STEPS, STEPS_LONG = 4, 40
MEMBERS = {
    "id",
    "timestamp",
    "user",
    "previous",
    "new",
    "diff",
    "validation_result",
    "applied",
    "rolled_back",
    "reason",
}


@pytest.fixture
def new_desk(floor: Callable[..., Floor]) -> tuple[Floor, Operator]:
    """Given the bot trades with its first settings and the ops endpoint is started."""
    return at_work(floor())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Floor, Operator]]:
    """Given the bot trades and the ops endpoint is started."""
    folder = tmp_path_factory.mktemp("desk")
    command = Command(folder / "home")
    floor = Floor(command, folder / "exchange", busy_settings())
    try:
        floor.open()
        yield at_work(floor)
    finally:
        floor.close()
        command.stop_all()


def at_work(opened: Floor) -> tuple[Floor, Operator]:
    opened.start("run")
    opened.start("ops")
    operator = Operator(opened)
    operator.await_up()
    opened.wait_for(BotReady.KIND)
    assert wait_until(operator.has_converged)
    return opened, operator


def test_settings_are_changed_checked_confirmed_and_taken_back(new_desk: tuple[Floor, Operator]):
    floor, operator = new_desk
    before, written = operator.config(), floor.home.config.read_bytes()
    assert before["observed_generation"] == before["generation"] == 1
    refused_one_by_one(operator)
    assert floor.home.config.read_bytes() == written
    assert operator.config()["hash"] == before["hash"]
    assert [line["generation"] for line in operator.lines()] == [1]

    looser = operator.settings(limits={"max_orders_per_minute": 6000, "max_position_notional": 20_000})
    assert operator.apply(looser, probation_seconds=0)["status"] == "acknowledged"
    assert wait_until(operator.has_converged)
    tighter = operator.settings(limits={"max_position_notional": 9000})
    del tighter["telemetry"]  # a key that is left out is its default, and comes back with the rest
    assert operator.apply(tighter, probation_seconds=0)["status"] == "acknowledged"
    assert wait_until(operator.has_converged)

    unconfirmed = operator.ask("PUT", "config/rollback", {"reason": "back"})
    assert unconfirmed.code == "CFG_008"
    token = operator.ask("GET", "config/diff?generation=2").json()["confirm"]
    back = operator.ask("PUT", "config/rollback", {"reason": "back", "confirm": token})
    assert operator.answered(back)["status"] == "acknowledged"
    again = operator.ask("PUT", "config/rollback", {"reason": "and back again"})
    assert operator.answered(again)["status"] == "acknowledged"
    assert wait_until(operator.has_converged)

    now = operator.config()
    assert (now["observed_generation"], now["settings"]["limits"]["max_position_notional"]) == (5, "9000")
    assert now["origins"]["limits.max_position_notional"] == {"source": "change", "generation": 5}
    assert now["file"]["status"] == "in_force"
    history = operator.ask("GET", "config/history").json()
    assert [one["source"] for one in history["history"]] == [
        "rollback",
        "rollback",
        "command",
        "command",
        "seed",
    ]
    for line in operator.lines():
        assert set(line) >= MEMBERS
        assert line["validation_result"] == {"valid": True, "errors": []}


def refused_one_by_one(operator: Operator) -> None:
    """Each change that may not be is refused by its own code."""
    settings = operator.settings()
    tight = operator.settings(limits={"max_position_notional": 9000})
    refusals = {
        "CFG_001": operator.put(operator.settings(limits={"max_position_notional": "NaN"})),
        "CFG_006": operator.put(tight, generation=7),
        "CFG_007": operator.put({**settings, "day_starts_at": "01:00"}),
        "CFG_008": operator.put(operator.settings(limits={"max_daily_loss": 100_000})),
        "CFG_009": operator.put({**settings, "bar": "5m"}),
        "CFG_010": operator.ask("PUT", "config", {"settings": tight, "reason": "for a test"}),
        "CFG_012": operator.ask("PUT", "config/rollback", {"reason": "back", "generation": 9}),
        "API_001": operator.ask("PUT", "config", {"settings": tight}, If_Match='"1"'),
        "AUTH_002": operator.ask(
            "PUT", "config", {"settings": tight}, X_API_Key=operator.home.read_key.read_text().strip()
        ),
    }
    assert {code: reply.code for code, reply in refusals.items()} == {code: code for code in refusals}
    (fault,) = refusals["CFG_001"].json()["errors"]
    assert fault["field"] == "limits.max_position_notional"
    assert set(fault) == {"field", "expected", "found", "example"}
    named = {code: [one["field"] for one in reply.json()["errors"]] for code, reply in refusals.items()}
    assert named == {
        "CFG_001": ["limits.max_position_notional"],
        "CFG_006": ["If-Match"],
        "CFG_007": ["day_starts_at"],
        "CFG_008": ["confirm"],
        "CFG_009": ["bar"],
        "CFG_010": ["If-Match"],
        "CFG_012": ["generation"],
        "API_001": ["reason"],
        "AUTH_002": [],
    }
    follow = refusals["CFG_008"].json()["next"][0]
    assert (follow["method"], follow["href"]) == ("PUT", "/api/v1/config?dry_run=true")
    assert operator.put(operator.settings(limits={"max_daily_loss": 100_000}), dry_run=True).json()["confirm"]
    assert operator.put(settings).json()["status"] == "unchanged"
    assert operator.put(tight, dry_run=True).json()["dry_run"] is True
    assert operator.ask("GET", "commands").json()["total"] == 0


def test_the_running_bot_uses_what_was_applied_and_goes_back_when_its_health_turns_worse(
    desk: tuple[Floor, Operator],
):
    floor, operator = desk
    first = operator.config()["observed_generation"]
    answered = operator.apply(operator.settings(limits={"max_order_notional": 1}), probation_seconds=0)
    assert answered["message"] == f"generation {first + 1} is in force: limits.max_order_notional"
    denied = floor.wait_for("order.denied", seconds=PATIENCE, limit="max_order_notional")
    assert denied.payload.limit_value == 1  # type: ignore[attr-defined]

    assert wait_until(lambda: floor.state().conditions["FeedFresh"].status == "True")
    assert operator.apply(operator.settings(intervals={"stale_after_seconds": 2}))["status"] == "acknowledged"
    floor.post("/sim/faults", {"name": "mute_feed", "on": True})
    back = floor.wait_for("settings.rolled_back", seconds=PATIENCE, actor="bot")
    floor.post("/sim/faults", {"name": "mute_feed", "on": False})
    assert back.payload.restored_generation == first + 1  # type: ignore[attr-defined]
    assert "turned False" in back.payload.reason  # type: ignore[attr-defined]
    assert wait_until(operator.has_converged)
    last = operator.lines()[-1]
    assert (last["user"], last["rolled_back"], last["generation"]) == ("bot", True, first + 3)
    assert operator.config()["settings"]["intervals"]["stale_after_seconds"] == 5.0


def test_control_is_answered_once_and_stands_after_a_kill(desk: tuple[Floor, Operator]):
    floor, operator = desk
    before = floor.state().seq
    first = operator.ask("POST", "control/pause", {"reason": "tea"}, Idempotency_Key="tea-1")
    assert first.headers["location"] == f"/api/v1/commands/{first.json()['command_id']}"
    assert operator.answered(first)["status"] == "acknowledged"
    floor.kill("ops")
    operator.await_down()
    floor.start("ops")
    operator.await_up()
    repeated = operator.ask("POST", "control/pause", {"reason": "tea"}, Idempotency_Key="tea-1")
    assert (repeated.status, repeated.json()["command_id"]) == (202, first.json()["command_id"])
    other = operator.ask("POST", "control/pause", {"reason": "coffee"}, Idempotency_Key="tea-1")
    assert (other.status, other.code) == (409, "API_030")
    floor.kill("run")
    dead = floor.state().seq
    floor.start("run")
    floor.wait_for("bot.ready", after=dead)
    assert floor.state().mode.mode == "paused"
    assert operator.ask("POST", "control/resume", {}).code == "API_001"
    assert operator.answered(operator.ask("POST", "control/resume", {"reason": "back"}))["status"] == (
        "acknowledged"
    )
    assert wait_until(lambda: floor.state().mode.mode == "running")
    answers = [one.payload for one in floor.events(CommandAnswered.KIND, after=before)]
    assert len({answer.command_id for answer in answers}) == len(answers) == 2  # type: ignore[attr-defined]


def test_a_command_to_a_dead_bot_expires_and_does_nothing(desk: tuple[Floor, Operator]):
    floor, operator = desk
    floor.signal("run", signal.SIGSTOP)
    asked = operator.ask("POST", "control/pause", {"reason": "tea", "expires_in_seconds": 1})
    assert operator.answered(asked)["status"] == "expired"
    floor.signal("run", signal.SIGCONT)
    command_id = asked.json()["command_id"]
    floor.wait_for(CommandAnswered.KIND, seconds=PATIENCE, command_id=command_id, outcome="expired")
    assert floor.state().mode.reason != "OperatorPause"


def test_an_edited_file_is_drift_until_it_is_adopted(desk: tuple[Floor, Operator]):
    floor, operator = desk
    generation = operator.config()["observed_generation"]
    edited = operator.settings(limits={"max_position_notional": 9000})
    floor.home.config.write_text(json.dumps(edited))
    assert wait_until(lambda: operator.config()["file"]["status"] == "drift")
    assert operator.config()["observed_generation"] == generation
    found = operator.ask("GET", "config/diff").json()
    assert [change["field"] for change in found["changes"]] == ["limits.max_position_notional"]
    done = floor.command.run("config", "adopt", "--reason", "as I have it")
    assert done.returncode == 0, done.stderr
    assert wait_until(lambda: operator.config()["file"]["status"] == "in_force")
    assert wait_until(operator.has_converged)
    assert operator.lines()[-1]["source"] == "adopt"
    assert floor.home.config.read_text() == json.dumps(edited)  # as somebody wrote it


def test_whoever_is_killed_between_the_steps_of_a_change_all_sides_agree_afterwards(
    desk: tuple[Floor, Operator], long_run: bool, count: Callable[[str, int, str], None]
):
    floor, operator = desk
    chance = random.Random(6)
    PROCESSES.clear()
    generation = operator.config()["observed_generation"]
    steps = STEPS_LONG if long_run else STEPS
    for step in range(steps):
        limit = 8000 - step
        wanted = operator.settings(limits={"max_position_notional": limit})
        reply = operator.put(wanted, probation_seconds=0)
        victims: list[str] = [("run", "ops")[step % 2], *(["ops"] if chance.random() < 0.3 else [])]
        for victim in dict.fromkeys(victims):
            _pause_a_moment(chance)
            floor.kill(victim)
        if "ops" in victims:
            operator.await_down()
        for victim in dict.fromkeys(victims):
            supervised(floor, victim)
        assert wait_until(lambda: supervise(floor, operator), 2 * PATIENCE, every=0.2), floor.said("ops")
        assert operator.answered(reply)["status"] == "acknowledged"
        assert wait_until(operator.has_converged), (operator.lines()[-1], floor.state().settings)
        assert floor.state().settings.generation == generation + step + 1
    count("kill -9 of bot or ops in a change of settings", steps, "file, history and journal agree")


def supervised(floor: Floor, name: str) -> None:
    """Start a process; what holds its port or its lock a moment longer is met by :func:`supervise`."""
    PROCESSES[name] = floor.start(name)


def supervise(floor: Floor, operator: Operator) -> bool:
    """Start again what has ended, as a supervisor would; return whether ops answers."""
    for name, process in PROCESSES.items():
        if process.poll() is not None:
            supervised(floor, name)
    return operator.is_up()


PROCESSES: dict[str, subprocess.Popen[str]] = {}


def _pause_a_moment(chance: random.Random) -> None:
    """Wait a time that lies anywhere between the request and its last effect."""
    until: Any = chance.uniform(0, 0.03)
    wait_until(lambda: False, until, every=0.005)


def test_the_command_line_does_the_same_and_more_risk_only_with_confirm(desk: tuple[Floor, Operator]):
    floor, operator = desk
    first, asked = operator.config()["observed_generation"], operator.ask("GET", "commands").json()["total"]
    new = floor.home.path / "new.yaml"
    new.write_text(json.dumps(operator.settings(limits={"max_daily_loss": 100_000})))
    shown = floor.command.run("config", "show", "--output", "json")
    assert json.loads(shown.stdout)["observed_generation"] == first
    assert "limits.max_daily_loss" in floor.command.run("config", "diff", str(new)).stdout
    refused = floor.command.run("config", "apply", str(new), "--reason", "more")
    assert (refused.returncode, "CFG_008" in refused.stderr) == (1, True)
    assert operator.ask("GET", "commands").json()["total"] == asked
    done = floor.command.run("config", "apply", str(new), "--reason", "more", "--confirm", "--no-probation")
    assert (done.returncode, "acknowledged" in done.stdout) == (0, True), done.stderr
    back = floor.command.run("config", "rollback", "--reason", "less")
    assert back.returncode == 0, back.stderr
    assert wait_until(operator.has_converged)
    listed = floor.command.run("config", "history", "--output", "csv", "--limit", "100").stdout.splitlines()
    latest = [str(generation) for generation in range(first + 2, 0, -1)]
    assert [line.split(",")[0] for line in listed] == ["generation", *latest]
    new.write_text("symbols: []\n")
    invalid = floor.command.run("config", "validate", str(new))
    assert (invalid.returncode, "symbols: expected at least 1" in invalid.stdout) == (1, True)
    dry = floor.command.run("control", "reset-breaker", "--breaker", "max_drawdown", "--dry-run")
    assert "nothing: the breaker max_drawdown is not open" in dry.stdout
    assert floor.command.run("control", "reset-breaker", "--breaker", "x", "--reason", "y").returncode == 1
    paused = floor.command.run("control", "pause", "--reason", "tea")
    assert (paused.returncode, "acknowledged" in paused.stdout) == (0, True), paused.stderr
    assert "PauseTrading" in floor.command.run("control", "list").stdout
