"""A small bot that really writes, and an exporter that really serves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE
from support.pages import Page, get

from exporter.process import Exporter
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings

HERE = Path(__file__).parent
ROOT = HERE.parents[2]

Program = subprocess.Popen[str]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def _environment(**variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", **variables}


@pytest.fixture
def start_bot(home: Home) -> Iterator[Callable[[], Program]]:
    """Start a bot on the home; returns once it has told its story and beats."""
    started: list[Program] = []

    def begin() -> Program:
        program = subprocess.Popen(
            [sys.executable, HERE / "living.py", home.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        started.append(program)
        assert program.stdout is not None
        assert program.stdout.readline() == "alive\n"
        return program

    yield begin
    for program in started:
        program.kill()
        program.communicate()


@pytest.fixture
def bot(start_bot: Callable[[], Program]) -> Program:
    return start_bot()


@pytest.fixture
def exporter(home: Home) -> Iterator[Exporter]:
    """An exporter in this process, not started."""
    made = Exporter(BootSettings(home=home.path, metrics_port=0))
    yield made
    made.stop()


@pytest.fixture
def scrape(exporter: Exporter) -> Callable[[], Page]:
    """Start the exporter in this process, wait until it is ready, and return what scrapes it."""
    exporter.start()
    assert exporter.view.journal.wait_until_caught_up(PATIENCE)
    assert exporter.control.wait_until_caught_up(PATIENCE)
    return lambda: get(exporter.server.port, "/metrics")


@pytest.fixture
def start_exporter(home: Home) -> Iterator[Callable[..., Program]]:
    """Start `tickertape exporter` as a process of its own, by default on a port that the system chooses."""
    started: list[Program] = []

    def begin(**variables: str) -> Program:
        program = subprocess.Popen(
            [sys.executable, "-m", "trading_bot", "exporter", "--home", home.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(**{"BOT_METRICS_PORT": "0", **variables}),
        )
        started.append(program)
        return program

    yield begin
    for program in started:
        program.kill()
        program.communicate()


@pytest.fixture
def port_of() -> Callable[[Program], int]:
    """Return what waits for an exporter's line and reads its port."""

    def read(program: Program) -> int:
        assert program.stdout is not None
        line = program.stdout.readline()
        found = re.search(r":(\d+)/metrics", line)
        assert found, line or (program.stderr.read() if program.stderr else "")
        return int(found[1])

    return read
