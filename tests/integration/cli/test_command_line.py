"""The command line as a person meets it: the real program, its words and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from support.command import PATIENCE, PROGRAM, Command, wait_until

from exporter.ops.controls import CONTROLS
from trading_bot.boot.clock import SystemClock
from trading_bot.cli.application import COMMANDS, tickertape
from trading_bot.cli.control import ACTIONS
from trading_bot.contract.events.lifecycle import BotBeat, Mode, ModeChanged
from trading_bot.journal.locks import Lock
from trading_bot.journal.writer import TapeWriter


def one_line(text: str) -> bool:
    return len(text.strip().splitlines()) == 1 and "Traceback" not in text


def test_help_lists_every_command_and_loads_none_of_them(command: Command):
    answer = command.run("--help")
    assert answer.returncode == 0
    assert all(f"  {name} " in answer.stdout for name in COMMANDS)
    loaded = "import sys\nfrom trading_bot.cli.application import run\ntry: run(['--help'])\nexcept SystemExit: pass\n"
    loaded += "print(*sys.modules)"
    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout
    heavy = {
        "rich",
        "apsw",
        "ccxt",
        "flask",
        "prometheus_client",
        "trading_bot.boot",
        "trading_bot.contract",
        "yaml",
    }
    assert heavy.isdisjoint(modules.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_home_and_has_help(name):
    answer = CliRunner().invoke(tickertape, [name, "--help"])
    assert answer.exit_code == 0
    assert "--home" in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("status", "--output", "xml"),
        ("up", "--duration", "soon"),
        ("up", "--duration", "0s"),
        ("up", "--bar", "7m"),
        ("exchange", "fault", "mute_feed"),
        ("control", "nonsense"),
        ("workflow", "nonsense"),
    ],
)
def test_wrong_usage_ends_with_two(command: Command, arguments):
    answer = command.run(*arguments)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BOT_API_PROT": "1"}, "did you mean BOT_API_PORT?"),
        ({"BOT_API_PORT": "eighty"}, "BOT_API_PORT: expected a port"),
        ({"BOT_MAX_DAILY_LOSS": "9"}, "trading setting limits.max_daily_loss"),
    ],
)
@pytest.mark.parametrize("name", ["up", "run", "exporter", "ops", "exchange"])
def test_a_wrong_variable_is_one_clear_line_of_every_process(command: Command, name, variables, words):
    answer = command.run(name, **variables)
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert words in answer.stderr


@pytest.mark.parametrize("name", ["up", "run", "exporter", "ops", "exchange"])
def test_a_home_that_cannot_be_written_is_one_clear_line_of_every_process(command: Command, tmp_path, name):
    (tmp_path / "file").write_text("")
    answer = command.run(name, "--home", str(tmp_path / "file"))
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "BOT_004" in answer.stderr
    assert "--home" in answer.stderr


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("up", "BOT_EXCHANGE_PORT"),
        ("up", "BOT_API_PORT"),
        ("up", "BOT_METRICS_PORT"),
        ("up", "BOT_STREAM_PORT"),
        ("exporter", "BOT_METRICS_PORT"),
        ("ops", "BOT_API_PORT"),
        ("exchange", "BOT_EXCHANGE_PORT"),
    ],
)
def test_a_port_in_use_is_one_clear_line_that_names_the_setting(command: Command, name, variable):
    with socket.create_server(("127.0.0.1", command.port(variable))):
        answer = command.run(name)
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert f"BOT_005 {variable}: port {command.port(variable)}" in answer.stderr


def test_a_second_up_on_the_same_home_is_one_clear_line_with_the_pid_of_the_first(command: Command):
    command.home.mkdir(mode=0o700)
    lock = Lock.acquire(command.home / "up")
    try:
        answer = command.run("up", "--duration", "1s")
    finally:
        lock.release()
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert f"process {os.getpid()}" in answer.stderr


def test_status_of_a_home_that_does_not_exist_is_one_clear_line(command: Command):
    answer = command.run("status")
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert str(command.home) in answer.stderr


@pytest.fixture
def recorded(command: Command) -> Command:
    """A home with a tape that nobody writes any more."""
    command.home.mkdir(mode=0o700)
    with TapeWriter.open(
        command.home / "journal.db", bot="demo", run_id="run-1", clock=SystemClock()
    ) as tape:
        tape.append(BotBeat(cycles=7))
        tape.append(
            ModeChanged(
                previous=Mode.PAUSED,
                mode=Mode.RUNNING,
                reason="Ready",
                message="recovery is done",
                actor="bot",
            )
        )
        tape.make_durable().result(60)
    return command


def test_status_of_a_dead_bot_says_offline_and_shows_the_last_known(recorded: Command):
    answer = recorded.run("status", "--output", "json")
    assert answer.returncode == 0
    status = json.loads(answer.stdout)
    assert status["health"]["status"] == "offline"
    assert status["health"]["up"] is False
    assert status["mode"]["mode"] == "running"
    assert status["account"]["equity"] is None
    assert status["account"]["equity_unknown_because"]
    assert status["health"]["heartbeat_age_seconds"] >= 0
    assert {condition["status"] for condition in status["health"]["conditions"]} == {"Unknown"}
    assert any("not running" in warning for warning in status["warnings"])


def test_status_as_csv_is_one_value_a_row(recorded: Command):
    answer = recorded.run("status", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(answer.stdout)))
    values = {row["field"]: row["value"] for row in rows}
    assert values["health.status"] == "offline"
    assert values["account.equity"] == ""
    assert values["health.conditions[0].name"] == "FeedFresh"


def test_status_as_a_table_names_health_mode_and_each_condition(recorded: Command):
    answer = recorded.run("status", COLUMNS="160")
    assert answer.stdout.startswith("offline  ")
    assert "mode      running" in answer.stdout
    assert all(name in answer.stdout for name in ("FeedFresh", "JournalWritable", "ConfigApplied"))
    assert "\x1b" not in answer.stdout


def test_status_with_a_corrupt_tape_says_so_instead_of_failing(recorded: Command):
    journal = recorded.home / "journal.db"
    for side in recorded.home.glob("journal.db-*"):
        side.unlink()
    journal.write_bytes(b"no database at all" * 1000)
    answer = recorded.run("status", "--output", "json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout)["health"]["up_reason"] == "JournalCorrupt"


def test_status_into_a_closed_pipe_ends_without_a_traceback(recorded: Command):
    shell = f"{PROGRAM} status --home {recorded.home} | head -1"
    answer = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert answer.stdout.startswith("offline")
    assert answer.stderr == ""


def test_faults_are_refused_at_a_real_venue(command: Command):
    answer = command.run("exchange", "fault", "mute_feed", "on", BOT_VENUE__NAME="kraken")
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "BOT_010" in answer.stderr
    assert "simulated exchange only" in answer.stderr


def test_a_fault_of_an_exchange_that_does_not_run_is_one_clear_line(command: Command):
    answer = command.run("exchange", "fault", "list")
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "BOT_009" in answer.stderr


def test_a_fault_is_switched_on_and_off_at_a_running_exchange(command: Command):
    process = command.start("exchange", "--bar", "1s")

    def answers() -> bool:
        return command.run("exchange", "fault", "list").returncode == 0

    assert wait_until(answers)
    how = ("--symbol", "EUR/USD", "--for", "300s", "--probability", "0.3", "--size", "2")
    switched = command.run("exchange", "fault", "late_ack", "on", *how, "--output", "json")
    (row,) = json.loads(switched.stdout)
    assert (row["on"], row["symbol"], row["probability"], row["size"]) == (True, "EUR/USD", 0.3, 2)
    assert row["until"] > row["since"]
    table = command.run("exchange", "fault", "list").stdout.splitlines()
    on = next(line for line in table if line.startswith("on"))
    assert on.startswith("on   late_ack (for EUR/USD, until")
    assert len(table) > 20
    off = command.run("exchange", "fault", "late_ack", "off", "--output", "csv")
    assert [row["on"] for row in csv.DictReader(io.StringIO(off.stdout))] == ["False"]
    away = command.run("exchange", "fault", "unreachable", "on", "--for", "0.5s")
    assert away.stdout.startswith("on   unreachable")
    assert wait_until(answers)
    refused = command.run("exchange", "fault", "meteor", "on")
    assert refused.returncode == 1
    assert "no fault meteor" in refused.stderr
    process.terminate()
    assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("control", "list"),
        ("config", "show"),
        ("workflow", "list"),
        ("key", "list"),
        ("stream",),
        ("trace", "x"),
    ],
)
def test_without_a_home_it_is_said_in_one_line_what_helps(command: Command, tmp_path, arguments):
    answer = command.run(*arguments, "--home", str(tmp_path / "none"))
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line == f"tickertape: BOT_008 there is no home folder {tmp_path / 'none'} → tickertape up"
    assert not (tmp_path / "none").exists()


def test_an_empty_list_says_that_it_is_empty(command: Command):
    command.home.mkdir(exist_ok=True)
    assert command.run("user", "list").stdout == "nobody signs in with a password; tickertape user add NAME\n"
    assert command.run("user", "list", "--output", "json").stdout == "[]\n"
    assert "None" not in command.run("key", "list").stdout


def test_the_actions_of_control_are_those_of_the_endpoint():
    assert set(ACTIONS) == set(CONTROLS)
