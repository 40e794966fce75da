"""What a process has loaded, which is what it pays for in memory and start-up time."""

from __future__ import annotations

import subprocess
import sys

import pytest

FOREIGN = {
    "trading_bot.engine.process, ccxt.pro": {
        "opentelemetry.sdk",
        "opentelemetry.exporter",
        "opentelemetry",
        "flask",
        "prometheus_client",
        "pandas",
        "granian",
        "click",
        "rich",
    },
    "exporter.process": {
        "opentelemetry",  # 40 MB, loaded once there is somewhere to ship to
        "grpc",
        "ccxt",
        "pandas",
        "flask",
        "granian",
        "rich",
        "trading_bot.engine",
        "trading_bot.venues",
    },
    "exporter.ops.process": {
        "ccxt",
        "pandas",
        "opentelemetry.sdk",
        "trading_bot.engine",
        "trading_bot.venues",
    },
    "trading_bot.exchange.process": {"ccxt", "pandas", "flask", "prometheus_client", "trading_bot.engine"},
}


@pytest.mark.parametrize("process", FOREIGN)
def test_a_process_loads_nothing_that_is_another_ones(process):
    program = f"import sys, {process}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert FOREIGN[process].isdisjoint(loaded.stdout.split())
