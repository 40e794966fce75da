"""`tickertape up`, whole: four real processes on one home."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, Command, lines_of, processes_of, wait_until

pytestmark = pytest.mark.serial

STOP_WITHIN = 5.5
"""Seconds: the promise is 5, and half of one is the test's own looking."""
FIRST_FILL_WITHIN = 30.0
COMMANDS = ("exchange", "run", "exporter", "ops")


class Up:
    """A running `up` whose lines are read as they come."""

    def __init__(self, command: Command, *arguments: str) -> None:
        self.command = command
        self.begun = time.monotonic()
        self.process = command.start("up", *arguments)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        self.lines.extend(lines_of(self.process))

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def status(self) -> dict:
        answer = self.command.run("status", "--output", "json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    def pid_of(self, name: str) -> int | None:
        """Return the pid of the child that runs a command."""
        for pid, line in processes_of(self.command.home).items():
            if f"tickertape {name}" in line and parent_of(pid) == self.process.pid:
                return pid
        return None

    def all_run(self) -> bool:
        return all(self.pid_of(name) for name in COMMANDS)

    def get(self, variable: str, path: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.command.port(variable)}{path}")
        request.add_header("X-API-Key", (self.command.home / "api-key").read_text().strip())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def answers(self, variable: str, path: str) -> bool:
        try:
            return bool(self.get(variable, path))
        except OSError:
            return False

    def stop(self, how: signal.Signals) -> tuple[int, float]:
        begun = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        taken = time.monotonic() - begun
        self._reader.join(PATIENCE)
        return code, taken


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.fixture
def up(command: Command) -> Iterator[Up]:
    running = Up(command, "--bar", "1s")
    assert wait_until(lambda: running.said("read key")), running.lines
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGTERM)


def test_everything_trades_heals_and_stops(up: Up):
    """One run, because each start costs seconds: first fill, what is served, a dead process, the stop."""
    assert wait_until(lambda: up.status()["counts"]["fills"] > 0, FIRST_FILL_WITHIN, every=0.5), up.lines
    print(f"first fill seen {time.monotonic() - up.begun:.1f} s after the start")

    introduction = "\n".join(up.lines)
    key = (up.command.home / "api-key").read_text().strip()
    assert key in introduction
    assert introduction.count("curl -s") == 2
    assert "tickertape status" in introduction

    assert wait_until(lambda: up.answers("BOT_API_PORT", "/api/v1/summary"))
    assert wait_until(lambda: up.answers("BOT_METRICS_PORT", "/metrics"))
    summary = json.loads(up.get("BOT_API_PORT", "/api/v1/summary"))
    assert summary["health_status"] in {"healthy", "degraded"}
    assert 'tradingbot_up{bot="demo"} 1.0' in up.get("BOT_METRICS_PORT", "/metrics")
    assert wait_until(
        lambda: any(" fills · equity " in line and "market EUR/USD 20" in line for line in up.lines)
    )

    status = up.status()
    assert status["health"]["up"] is True
    assert status["counts"]["orders"] > 0
    assert float(status["account"]["equity"]) > 0

    halted = up.command.run("halt", "--reason", "a drill")
    assert halted.returncode == 0, halted.stderr
    mode = up.status()["mode"]
    assert (mode["mode"], mode["halt_file"]["reason"]) == ("halted", "a drill")
    resumed = up.command.run("resume", "--confirm")
    assert resumed.returncode == 0, resumed.stderr
    assert wait_until(lambda: up.status()["mode"]["mode"] == "running", every=0.3)

    for name, label in (("ops", "ops"), ("exporter", "exporter"), ("run", "bot")):
        before, killed = up.pid_of(name), time.monotonic()
        os.kill(before, signal.SIGKILL)
        assert wait_until(lambda: up.said(f"{label} killed by SIGKILL, restart 1 in 0.5 s")), up.lines  # noqa: B023
        assert wait_until(lambda: up.pid_of(name) not in {None, before}), up.lines  # noqa: B023
    assert wait_until(lambda: up.answers("BOT_API_PORT", "/api/v1/summary"))
    assert wait_until(lambda: up.answers("BOT_METRICS_PORT", "/metrics"))
    assert wait_until(lambda: trades_since(up, killed), every=0.3), up.lines

    code, taken = up.stop(signal.SIGINT)
    assert (code, taken < STOP_WITHIN) == (0, True), (taken, up.lines)
    assert up.lines[-1] == "stopped: everything has ended"
    assert not processes_of(up.command.home)
    assert not [line for line in up.lines if "was killed" in line]
    assert up.status()["health"]["reason"].startswith("the bot's process is not running (it stopped")


def trades_since(up: Up, moment: float) -> bool:
    """Whether the bot has gone over to running after `moment`, which its last run had not."""
    mode = up.status()["mode"]
    return mode["mode"] == "running" and mode["age_seconds"] < time.monotonic() - moment


def test_children_are_visible_by_their_command_and_lead_sessions_of_their_own(up: Up):
    assert wait_until(up.all_run)
    pids = [up.pid_of(name) for name in COMMANDS]
    assert [os.getsid(pid) for pid in pids] == pids
    code, taken = up.stop(signal.SIGTERM)
    assert code == 0
    assert taken < STOP_WITHIN
    assert not processes_of(up.command.home)


def test_when_up_is_killed_every_process_ends_by_itself(up: Up):
    assert wait_until(up.all_run)
    assert wait_until(lambda: up.answers("BOT_METRICS_PORT", "/metrics"))
    up.process.kill()
    up.process.wait()
    assert wait_until(lambda: not processes_of(up.command.home)), processes_of(up.command.home)


def test_a_second_up_is_refused_while_the_first_one_goes_on(up: Up):
    assert wait_until(up.all_run)
    second = up.command.run("up", "--duration", "1s")
    assert second.returncode == 1
    assert f"another `tickertape up` runs on {up.command.home} (process {up.process.pid})" in second.stderr
    assert up.process.poll() is None


def test_with_a_duration_it_stops_by_itself_and_fine(command: Command):
    begun = time.monotonic()
    answer = command.run("up", "--bar", "1s", "--duration", "6s")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert time.monotonic() - begun < 6 + STOP_WITHIN + 2
    assert not processes_of(command.home)


@pytest.mark.parametrize("after", [0.0, 0.1, 0.5])
def test_a_bot_whose_venue_is_not_there_stops_when_asked(command: Command, after):
    bot = command.start("run", "--bar", "1s")
    journal = command.home / "journal.db"
    assert wait_until(lambda: journal.exists() and journal.stat().st_size > 0)
    assert wait_until(lambda: json.loads(command.run("status", "--output", "json").stdout)["health"]["up"])
    time.sleep(after)
    bot.send_signal(signal.SIGTERM)
    assert bot.wait(STOP_WITHIN) == 0
