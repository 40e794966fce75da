"""`tickertape exporter` as a process: its start, its end, and what stands in its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from support.command import PATIENCE, wait_until
from support.pages import get
from support.tapes import eventually

from trading_bot.boot.home import Home

ENDS_WITHIN = 30.0
"""Seconds: two on a quiet machine, and other tests run beside this one."""

Program = subprocess.Popen[str]
Start = Callable[..., Program]
PortOf = Callable[[Program], int]

TEMPORARY_PARENT = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], env={**os.environ, "TICKERTAPE_PARENT": str(os.getpid())})
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_soon_once_it_is_asked(
    start_exporter: Start, port_of: PortOf, bot: object, number: signal.Signals
):
    exporter = start_exporter()
    port = port_of(exporter)
    eventually(lambda: get(port, "/metrics").status == 200)
    began = time.monotonic()
    exporter.send_signal(number)
    assert exporter.wait(PATIENCE) == 0
    assert time.monotonic() - began < ENDS_WITHIN
    assert exporter.stderr is not None
    assert exporter.stderr.read() == ""


def test_a_second_exporter_on_the_same_home_is_one_clear_line(start_exporter: Start, port_of: PortOf):
    first = start_exporter()
    port_of(first)
    second = start_exporter()
    _, said = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert said.count("\n") == 1
    assert "JRNL_003" in said
    assert f"process {first.pid}" in said


def test_a_port_in_use_is_one_clear_line(start_exporter: Start, port_of: PortOf):
    port = port_of(start_exporter())
    other = start_exporter(BOT_METRICS_PORT=str(port))
    _, said = other.communicate(timeout=PATIENCE)
    assert other.returncode == 1
    assert said.count("\n") == 1
    assert f"BOT_METRICS_PORT: port {port} on 127.0.0.1 is in use" in said


def test_an_exporter_that_was_killed_can_be_started_again_at_once(start_exporter: Start, port_of: PortOf):
    first = start_exporter()
    port_of(first)
    first.kill()
    first.wait()
    port = port_of(start_exporter())
    assert wait_until(lambda: get(port, "/-/ready").status == 200)


def test_it_ends_when_the_process_that_started_it_is_killed(home: Home, start_exporter: Start):
    command = [sys.executable, "-m", "trading_bot", "exporter", "--home", str(home.path)]
    parent = subprocess.Popen(
        [sys.executable, "-c", TEMPORARY_PARENT, *command],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BOT_METRICS_PORT": "0", "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert "exporter: metrics" in parent.stdout.readline()
    parent.kill()
    parent.communicate()
    eventually(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def test_its_errors_are_lines_of_its_log_and_counted(home: Home, start_exporter: Start, port_of: PortOf):
    home.journal.write_bytes(b"no database at all" * 500)
    port = port_of(start_exporter())
    eventually(lambda: get(port, "/-/ready").status == 200)
    counted = get(port, "/metrics").value("tradingbot_exporter_errors_total", code="JRNL_002")
    lines = [msgspec.json.decode(line) for line in home.log("exporter").read_bytes().splitlines()]
    assert counted
    assert {line["error_code"] for line in lines} == {"JRNL_002"}
    assert {line["process"] for line in lines} == {"exporter"}


def test_a_collector_that_is_away_costs_an_error_and_neither_the_page_nor_a_clean_end(
    start_exporter: Start, port_of: PortOf, bot: object
):
    exporter = start_exporter(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    port = port_of(exporter)
    eventually(lambda: get(port, "/-/ready").status == 200)
    away = {"code": "TEL_011"}
    eventually(lambda: (get(port, "/metrics").value("tradingbot_exporter_errors_total", **away) or 0) > 0)
    began = time.monotonic()
    exporter.terminate()
    assert exporter.wait(PATIENCE) == 0
    assert time.monotonic() - began < ENDS_WITHIN


def test_the_bot_is_followed_to_its_end_and_its_restart_by_one_exporter(
    start_bot: Callable[[], Program], start_exporter: Start, port_of: PortOf
):
    port = port_of(start_exporter())
    eventually(lambda: get(port, "/-/ready").status == 200)
    assert get(port, "/metrics").value("tradingbot_up_reason", reason="NeverStarted") == 1
    for runs in (1, 2):
        bot = start_bot()
        eventually(lambda runs=runs: get(port, "/metrics").value("tradingbot_runs_total") == runs)
        bot.kill()
        bot.wait()
    assert get(port, "/metrics").value("tradingbot_exporter_fold_disagreements_total") == 0
