"""Workflows in mild chaos: an exchange that flaps, a bot that is slow. Long run only: it takes a quarter of an hour."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time

import pytest
from support.command import Command, wait_until
from support.workflow_api import WorkflowApi

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.journal import read_beacon

pytestmark = pytest.mark.timeout(3600)
FAULTS = ("flapping_connection", "rate_limited", "maintenance", "late_ack")
NAMES = ("check-health", "export-logs", "recover-unknown-orders", "real-time-monitoring", "restart-bot")
PARAMETERS = {"real-time-monitoring": {"looks": 2, "every": 0.3}, "recover-unknown-orders": {"patience": 5}}
LEAST = 0.95


def flap(command: Command, ending: threading.Event, chance: random.Random) -> None:
    """Switch a fault of the exchange on for a moment, again and again, and have the bot stand still at times."""
    while not ending.wait(chance.uniform(2, 5)):
        fault = chance.choice(FAULTS)
        command.run("exchange", "fault", fault, "on")
        ending.wait(chance.uniform(0.3, 1.5))
        command.run("exchange", "fault", fault, "off")
        reading = read_beacon(Home(command.home).beacon, SystemClock().now_ns())
        if reading.beacon is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(reading.beacon.pid, signal.SIGSTOP)
                time.sleep(chance.uniform(0.1, 0.8))
                os.kill(reading.beacon.pid, signal.SIGCONT)


def test_in_mild_chaos_nearly_all_executions_complete_and_the_rest_is_undone(tmp_path, long_run, count):
    if not long_run:
        pytest.skip("TICKERTAPE_LONG: 200 executions take a quarter of an hour")
    chance = random.Random(7)
    home = Home(tmp_path / "home").create()
    command = Command(home.path)
    ending = threading.Event()
    flapping = threading.Thread(target=flap, args=(command, ending, chance))
    ends = []
    try:
        command.start("up", BOT_API_RATE_LIMIT="1000000/second")
        api = WorkflowApi(home, command.port("BOT_API_PORT"))

        def trades() -> bool:
            with contextlib.suppress(OSError, AssertionError):
                return api.get("summary")["mode"] == "running"
            return False

        assert wait_until(trades)
        flapping.start()
        for number in range(200):
            name = NAMES[number % len(NAMES)] if number % 20 else "restart-bot"
            name = "check-health" if name == "restart-bot" and number % 10 else name
            execution = api.followed(api.execute(name, PARAMETERS.get(name)), 400)
            ends.append((name, execution["state"], execution["message"]))
    finally:
        ending.set()
        if flapping.ident is not None:
            flapping.join(30)
        command.stop_all()
    bad = [end for end in ends if end[1] != "completed"]
    assert all(end[1] == "compensated" for end in bad), bad
    assert len(ends) - len(bad) >= LEAST * len(ends), bad
    count("executions in mild chaos", len(ends), f"{len(ends) - len(bad)} completed, {len(bad)} compensated")
