"""The bot's process: what it is made of, and its beginning and end."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
from contextlib import ExitStack, closing
from importlib.metadata import version
from typing import Final

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home, venue_credentials
from trading_bot.boot.identity import new_run_id, supervisor
from trading_bot.boot.parent import die_with_up
from trading_bot.boot.sessions import shipped_hours
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.events.lifecycle import BotStarted
from trading_bot.contract.settings import Settings
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.engine.bot import Bot, Parts
from trading_bot.engine.breakers import Breakers
from trading_bot.engine.commands import Commands
from trading_bot.engine.context import Context
from trading_bot.engine.decisions import Decisions
from trading_bot.engine.execution import Execution
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.flattening import Flattening
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.measurement import Meter
from trading_bot.engine.modes import ModeKeeper, halting
from trading_bot.engine.price_watch import PriceWatch
from trading_bot.engine.protection import Protection
from trading_bot.engine.reconciliation import Reconciliation
from trading_bot.engine.settings_change import SettingsKeeper
from trading_bot.engine.settings_source import DriftWatch, settings_in_force
from trading_bot.engine.settlement import Settlement
from trading_bot.engine.standard_spans import take_standard_spans
from trading_bot.engine.symbol_watch import SymbolWatch
from trading_bot.engine.venue_watch import VenueWatch
from trading_bot.engine.vitals import Vitals
from trading_bot.journal import BeaconWriter, TapeReader, TapeWriter, replay
from trading_bot.strategies.registry import build
from trading_bot.telemetry import ErrorRecorder, JsonLines, Tracer, log_committed, tape_sink
from trading_bot.venues.configured import configured_venue
from trading_bot.venues.protocol import Venue

INTERVALS: Final = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600}
"""Bar intervals in seconds."""


def run(settings: BootSettings) -> int:
    """Run the bot until it is asked to stop; return the process's exit code.

    Raises:
        TickertapeError: it cannot start: the home, the tape, the beacon, the keys or the settings.
    """
    die_with_up()
    home = Home(settings.home).create()
    venue_credentials(settings)  # without keys nothing begins
    clock = SystemClock()
    with ExitStack() as stack:
        beacon = stack.enter_context(closing(BeaconWriter.open(home.beacon)))
        writer = stack.enter_context(
            TapeWriter.open(home.journal, bot=settings.name, run_id=new_run_id(clock.now_ns()), clock=clock)
        )
        ledger = Ledger(writer, recover(home))
        writer.on_commit(log_committed(JsonLines(home.log("bot"), "bot")))
        announce(ledger, settings)
        trading = settings_in_force(ledger, home.config)
        venue = configured_venue(settings, trading, clock)
        return asyncio.run(_live(home, clock, ledger, trading, venue, beacon))


def recover(home: Home) -> State:
    """Return the state that the tape says, from its last snapshot on."""
    with TapeReader.open(home.journal) as reader:
        state, _ = replay(reader, evolve, State, restore)
    return state


def announce(ledger: Ledger, settings: BootSettings) -> None:
    """Append the first event of this run."""
    before = ledger.state.run
    ledger.append(
        BotStarted(
            version=version("tickertape"),
            pid=os.getpid(),
            host=socket.gethostname(),
            python=platform.python_version(),
            supervisor=supervisor(),
            venue=settings.venue.name,
            currency="USD",
            previous_run_ended=None if before.run_id is None else before.stopped_at is not None,
        )
    )


async def _live(
    home: Home, clock: SystemClock, ledger: Ledger, settings: Settings, venue: Venue, beacon: BeaconWriter
) -> int:
    context, parts = compose(home, clock, ledger, settings, venue, beacon)
    take_standard_spans(context)
    return await Bot(context, venue, parts).run()


def compose(
    home: Home, clock: Clock, ledger: Ledger, settings: Settings, venue: Venue, beacon: BeaconWriter
) -> tuple[Context, Parts]:
    """Return what a bot is made of. Connects nothing and starts nothing."""
    modes = ModeKeeper(ledger)
    errors = ErrorRecorder(halting(tape_sink(ledger), modes), clock)
    context = Context(
        home=home,
        clock=clock,
        ledger=ledger,
        settings=settings,
        errors=errors,
        tracer=Tracer(clock),
        modes=modes,
        meter=Meter(
            ledger.writer, venue.requests, clock, lambda: venue.rate_limit_used, lambda: venue.repeated
        ),
        interval_ns=INTERVALS[settings.bar] * SECOND,
        hours=shipped_hours(),
    )
    feed = FeedWatch(context)
    venue_watch = VenueWatch(errors, clock)
    execution = Execution(context, venue)
    settlement = Settlement(context, venue, execution)
    symbols = SymbolWatch(context)
    reconciliation = Reconciliation(context, venue, execution, settlement, symbols)
    strategies = build(settings.strategies)
    decisions = Decisions(context, execution, feed, strategies)
    keeper = SettingsKeeper(context, strategies)
    breakers, flattening = Breakers(context), Flattening(context, execution, feed)
    drift = DriftWatch(home.config, ledger, errors)
    parts = Parts(
        execution=execution,
        settlement=settlement,
        reconciliation=reconciliation,
        feed=feed,
        venue_watch=venue_watch,
        decisions=decisions,
        protection=Protection(context, venue, execution, feed),
        vitals=Vitals(context, beacon, feed, venue_watch, decisions, drift, breakers),
        breakers=breakers,
        prices=PriceWatch(context, venue, feed),
        settings=keeper,
        symbols=symbols,
        commands=Commands(context, execution, keeper, breakers, flattening, reconciliation),
    )
    return context, parts
