"""What a bot that trades has loaded: telemetry costs it no SDK, no exporter and no web framework."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, Command
from support.trading import Floor, busy_settings

from trading_bot.contract.events.trading import OrderFilled

FOREIGN = {"opentelemetry", "flask", "prometheus_client", "pandas", "granian", "grpc", "exporter"}
NEEDED = {"trading_bot.telemetry.tracing", "ccxt.async_support.base.exchange", "apsw"}


@pytest.fixture
def floor(command: Command, tmp_path: Path) -> Iterator[Floor]:
    made = Floor(command, tmp_path / "exchange", busy_settings())
    made.open()
    yield made
    made.close()


def imported(importtime: str) -> set[str]:
    """Return the modules that ``python -X importtime`` told of."""
    return {
        line.rsplit("|", 1)[1].strip() for line in importtime.splitlines() if line.startswith("import time:")
    }


def test_a_bot_that_trades_has_loaded_neither_sdk_nor_flask_nor_prometheus_client_nor_pandas(
    floor: Floor, tmp_path: Path
):
    told = tmp_path / "importtime"
    with told.open("w") as output:
        bot = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "trading_bot", "run", "--home", floor.home.path],
            env={**os.environ, **floor.command.environment},
            stdout=subprocess.DEVNULL,
            stderr=output,
        )
        try:
            floor.wait_for(OrderFilled.KIND)
        finally:
            bot.terminate()
            bot.wait(PATIENCE)
    modules = imported(told.read_text())
    assert modules >= NEEDED
    assert FOREIGN.isdisjoint({module.partition(".")[0] for module in modules})
