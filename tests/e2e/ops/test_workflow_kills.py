"""kill -9 of ops at random moments of a running workflow: it goes on as its definition says, nothing happens twice."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from support.command import PATIENCE, Command, wait_until
from support.ops_process import OpsProcess
from support.scripted_bot import ScriptedBot
from support.workflow_api import WorkflowApi

from trading_bot.boot.home import Home

pytestmark = pytest.mark.timeout(1200)
LONGEST = 2.0


def begin(ops: OpsProcess):
    """Start ops, patiently: the machine may be busy, and a port just left may be taken for a moment."""
    for _ in range(5):
        process = ops.command.start("ops", BOT_API_RATE_LIMIT="1000000/second")
        came = wait_until(lambda started=process: ops.is_ready() or started.poll() is not None)
        assert came, "ops does not answer"
        if process.poll() is None:
            return process
        said = process.stdout.read()
        time.sleep(1)
    raise AssertionError(said)


def kill(ops: OpsProcess, process) -> None:
    for pid in (ops.worker(), process.pid):
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
    process.wait(PATIENCE)
    assert wait_until(lambda: ops.worker() is None)


def test_kills_of_ops_lose_no_execution_and_double_no_effect(tmp_path, long_run, count, seed):
    times = 30 if long_run else 3
    chance = random.Random(seed)
    home = Home(tmp_path / "home").create()
    ops = OpsProcess(Command(home.path))
    ends = []
    with ScriptedBot(home) as bot:
        try:
            process = begin(ops)
            api = WorkflowApi(home, ops.port)
            assert wait_until(lambda: api.get("summary")["mode"] == "running")
            for number in range(times):
                name = ("restart-bot", "export-logs", "flatten-and-pause")[number % 3]
                execution_id = api.execute(name)
                time.sleep(chance.uniform(0, LONGEST))
                kill(ops, process)
                process = begin(ops)
                execution = api.followed(execution_id)
                ends.append(execution["state"])
                assert execution["state"] in {"completed", "compensated"}, (seed, execution)
                if name == "flatten-and-pause":
                    api.ask("POST", "control/resume", {"reason": "go on"})
                assert wait_until(lambda: api.get("summary")["mode"] == "running"), seed
            keyed = [effect for effect in bot.effects if effect[1] is not None]
            assert len(keyed) == len(set(keyed)), (seed, keyed)
            assert bot.times("RestartBot") == sum(ends[n] == "completed" for n in range(0, times, 3)), seed
        finally:
            ops.command.stop_all()
    done = ends.count("completed")
    count(
        "kill -9 of ops in a workflow",
        times,
        f"{done} completed, {times - done} compensated; no effect twice",
    )
