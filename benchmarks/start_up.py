"""What importing each process costs: wall time of a new interpreter, byte code written before."""

from __future__ import annotations

import sys

from benchmarks.command_line import seconds
from benchmarks.rows import Row

MODULES = {
    "bot": "trading_bot.engine.process",
    "exporter": "exporter.process",
    "ops": "exporter.ops.process",
    "exchange": "trading_bot.exchange.process",
    "ccxt.pro (the bot, at its venue)": "ccxt.pro",
}


def measure() -> list[Row]:
    """Return the medians; beside an interpreter that does nothing."""
    floor = seconds([sys.executable, "-c", "pass"])
    return [
        Row(
            what=f"import {name}",
            measured=seconds([sys.executable, "-c", f"import {module}"]),
            unit="s",
            floor=floor,
            floor_is="python -c pass",
        )
        for name, module in MODULES.items()
    ]
