"""What importing each process costs: wall time of a new interpreter, byte code written before."""

from __future__ import annotations

import sys

from benchmarks.command_line import seconds
from benchmarks.rows import Row

IMPORTS = {
    "bot": "import trading_bot.engine.process",
    "exporter": "import exporter.process",
    "ops": "import exporter.ops.process",
    "exchange": "import trading_bot.exchange.process",
    "ccxt, of one exchange (the bot, at its venue)": "from trading_bot.venues.lazy_ccxt import load; load().binance",
    "ccxt.pro, all of it": "import ccxt.pro",
}


def measure() -> list[Row]:
    """Return the medians; beside an interpreter that does nothing."""
    floor = seconds([sys.executable, "-c", "pass"])
    return [
        Row(
            what=f"import {name}",
            measured=seconds([sys.executable, "-c", statement]),
            unit="s",
            floor=floor,
            floor_is="python -c pass",
        )
        for name, statement in IMPORTS.items()
    ]
