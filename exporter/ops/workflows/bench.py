"""Puts together what executions share."""

from __future__ import annotations

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.commands import Commands
from exporter.ops.metrics import Registry
from exporter.ops.workflows.actions.definition import Means
from exporter.ops.workflows.attempts import Bench
from exporter.ops.workflows.ledger import Ledger
from exporter.ops.workflows.observation import Observer
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.domain.clock import Clock
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder


def bench_of(  # noqa: PLR0913 - by name; all that a process of ops has
    *,
    view: BotView,
    commands: Commands,
    keys: KeyRing,
    settings: BootSettings,
    clock: Clock,
    tape: TapeWriter,
    errors: ErrorRecorder,
    metrics: Registry,
) -> Bench:
    """Return what executions share; reads the control tape back. Starts nothing."""
    home = Home(settings.home)
    means = Means(
        observer=Observer(view, home, clock, keys),
        home=home,
        settings=settings,
        clock=clock,
        commands=commands,
        keys=keys,
    )
    return Bench(ledger=Ledger.of_tape(tape), means=means, errors=errors, metrics=metrics)
