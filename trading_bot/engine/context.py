"""What every part of the bot works with."""

from __future__ import annotations

from dataclasses import dataclass

from trading_bot.boot.home import Home
from trading_bot.contract.settings import Settings
from trading_bot.domain.clock import Clock
from trading_bot.domain.sessions import Hours
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.measurement import Meter
from trading_bot.engine.modes import ModeKeeper
from trading_bot.telemetry import ErrorRecorder, Tracer


@dataclass(kw_only=True, slots=True)
class Context:
    """One bot's surroundings. ``settings`` are those in force: replaced as a whole when they change.

    ``interval_ns`` is the length of a bar; ``hours`` say when markets are open.
    """

    home: Home
    clock: Clock
    ledger: Ledger
    settings: Settings
    errors: ErrorRecorder
    tracer: Tracer
    modes: ModeKeeper
    meter: Meter
    interval_ns: int
    hours: Hours
