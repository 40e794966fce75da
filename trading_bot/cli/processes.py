"""Start one process in the foreground: `run`, `exporter`, `ops`, and `exchange`'s own part of it."""

from __future__ import annotations

import signal
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from trading_bot.boot.fields import FIELDS
from trading_bot.boot.home import Home
from trading_bot.boot.parent import die_with_up
from trading_bot.boot.ports import probe
from trading_bot.boot.settings import load_settings
from trading_bot.boot.signals import HALT_SIGNAL, LOOK_AGAIN_SIGNAL
from trading_bot.cli.options import BARS, home_option
from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.stored import stored_in

ENTRY_POINTS: Final = {
    "run": "trading_bot.engine.process:run",
    "exporter": "exporter.process:run",
    "ops": "exporter.ops.process:run",
    "exchange": "trading_bot.exchange.process:run",
}
"""What each command runs: a function of the boot settings and the command's options that returns an exit code."""

FIRST_CONFIG: Final = "trading_bot.engine.settings_source:write_first_config"
"""Writes the default settings, with a bar's length, to a path."""

PORTS: Final = {
    "run": (),
    "exporter": ("BOT_METRICS_PORT",),
    "ops": ("BOT_API_PORT", "BOT_STREAM_PORT"),
    "exchange": ("BOT_EXCHANGE_PORT",),
}
"""Which ports each command listens on."""


def start(command: str, home: Path | None, **options: Any) -> int:
    """Prepare home and settings, check the ports, and run the process until it ends.

    Raises:
        OperatorError: what is wrong with home, settings, ports or the installation.
    """
    die_with_up()
    # Until the bot has its own handlers, `tickertape halt` must not end it: it reads the HALT file soon.
    for number in (HALT_SIGNAL, LOOK_AGAIN_SIGNAL):
        signal.signal(number, signal.SIG_IGN)
    settings = load_settings(home)
    Home(settings.home).create()
    keys = {field.variable: field.key for field in FIELDS}
    for variable in PORTS[command]:
        probe(settings.host, getattr(settings, keys[variable]), variable)
    return int(entry_point(ENTRY_POINTS[command])(settings, **options))


def entry_point(name: str) -> Any:
    """Return the function that an import string ``module:function`` names.

    Raises:
        OperatorError: BOT_012 when the module is not installed.
    """
    module, _, function = name.partition(":")
    try:
        return getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise OperatorError("BOT_012", f"{module} cannot be loaded: {error}", module=module) from error


@click.command
@home_option
@click.option("--bar", type=click.Choice(BARS), help="Write a first config.yaml with bars of this length.")
def run(home: Path | None, bar: str | None) -> int:
    """Run the bot. It trades until SIGTERM or Ctrl-C, and ends within 5 s of it.

    With --bar a home that has neither a journal nor a config.yaml gets one with the default settings, which
    trade the home's own market data where it has some; any other home is left as it is.
    """
    folder = Home(load_settings(home).home)
    own = sorted(stored_in(folder.data))
    if (bar is not None or own) and not folder.journal.exists() and not folder.config.exists():
        folder.create()
        entry_point(FIRST_CONFIG)(folder.config, bar or "1m", own)
    return start("run", home)


@click.command
@home_option
def exporter(home: Path | None) -> int:
    """Run the exporter: metrics at BOT_METRICS_PORT; spans and errors to OTEL_EXPORTER_OTLP_ENDPOINT."""
    return start("exporter", home)


@click.command
@home_option
def ops(home: Path | None) -> int:
    """Run the ops endpoint at BOT_API_PORT."""
    return start("ops", home)
