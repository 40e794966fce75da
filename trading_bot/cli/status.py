"""`tickertape status`: what the bot does, read from its files alone."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.reading import read_home
from trading_bot.cli.summary import summarize
from trading_bot.cli.switch import existing_home

UNKNOWN = "unknown"


@click.command
@home_option
@output_option
def status(home: Path | None, output: str) -> int:
    """Show health, mode, money, positions, orders and errors of the bot.

    Reads the tape and the beacon, so it works with every process dead; it never changes anything.

    Example: tickertape status --output json | jq .health
    """
    folder = existing_home(Home(load_settings(home).home))
    summary = summarize(read_home(folder, SystemClock().now_ns()))
    PRINTERS[output](summary)
    return 0


def print_json(summary: dict[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(summary, indent=2))


def print_csv(summary: dict[str, Any]) -> None:
    """Print one value a row: where it stands in the JSON, and the value; null is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("field", "value"))
    writer.writerows(_leaves(summary, ""))


def _leaves(value: Any, field: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{field}.{key}" if field else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{field}[{index}]")
    else:
        yield field, value


def print_table(summary: dict[str, Any]) -> None:
    """Print tables for people."""
    from trading_bot.cli.tables import render  # noqa: PLC0415 - rich is loaded only to draw

    render(summary)


PRINTERS = {"table": print_table, "json": print_json, "csv": print_csv}
