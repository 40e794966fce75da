"""A bot on the in-memory venue, for `memory`: `python -m benchmarks.memory_bot HOME`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.identity import new_run_id
from trading_bot.contract.settings import Settings
from trading_bot.domain.instruments import Instrument
from trading_bot.engine.bot import Bot
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.process import compose, recover
from trading_bot.engine.settings_source import settings_in_force
from trading_bot.journal import BeaconWriter, TapeWriter
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import Venue


def run(folder: Path) -> int:
    """Run until SIGTERM."""
    home, clock = Home(folder).create(), SystemClock()
    with (
        closing(BeaconWriter.open(home.beacon)) as beacon,
        TapeWriter.open(home.journal, bot="bench", run_id=new_run_id(clock.now_ns()), clock=clock) as writer,
    ):
        ledger = Ledger(writer, recover(home))
        settings = settings_in_force(ledger, home.config)
        venue = InMemoryVenue(
            clock=clock,
            instruments=[_instrument(symbol) for symbol in settings.symbols],
            funds={"USD": Decimal(100_000)},
        )
        return asyncio.run(_live(home, clock, ledger, settings, venue, beacon))


async def _live(
    home: Home, clock: SystemClock, ledger: Ledger, settings: Settings, venue: Venue, beacon: BeaconWriter
) -> int:
    context, parts = compose(home, clock, ledger, settings, venue, beacon)
    return await Bot(context, venue, parts).run()


def _instrument(symbol: str) -> Instrument:
    base, _, quote = symbol.partition("/")
    step = Decimal("0.01")
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        tick=step,
        lot=step,
        minimum_quantity=step,
        minimum_notional=step,
    )


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
