from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.command import Command
from support.ops_process import OpsProcess
from support.recorded_bot import RecordedBot

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def bot(home) -> Iterator[RecordedBot]:
    """A bot that has traded and is alive; `beat` says so of what it did later."""
    with RecordedBot(home, SystemClock()) as bot:
        bot.live()
        yield bot


@pytest.fixture(scope="session")
def serving(tmp_path_factory) -> Iterator[OpsProcess]:
    """One process beside a bot that died, for the tests with the mark SERVING: they leave it as it is."""
    ops = OpsProcess(Command(Home(tmp_path_factory.mktemp("serving") / "home").create().path))
    with RecordedBot(ops.home, SystemClock()) as bot:
        bot.live()
        ops.start()
        yield ops
    ops.command.stop_all()


@pytest.fixture
def ops(home) -> Iterator[OpsProcess]:
    """The real process, not started yet; whatever it starts is gone afterwards."""
    command = Command(home.path)
    yield OpsProcess(command)
    command.stop_all()
