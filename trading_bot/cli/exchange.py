"""`tickertape exchange`: run the simulated exchange, or switch the faults of one that runs."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import click

from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.cli.options import Duration, bar_option, home_option, output_option
from trading_bot.cli.own_data import data_options, take_data
from trading_bot.contract.errors import NonRetriableError


@click.group(invoke_without_command=True)
@home_option
@bar_option("1m")
@data_options
@click.pass_context
def exchange(context: click.Context, /, home: Path | None, bar: str, data: Path | None, **about: Any) -> int:
    """Run the simulated exchange: real bars, Binance's protocol, books of its own.

    Examples: tickertape exchange --bar 1s · tickertape exchange --data btc.csv --symbol BTC/USD
    """
    if context.invoked_subcommand is not None:
        context.obj = home
        return 0
    from trading_bot.cli.processes import start  # noqa: PLC0415 - `exchange fault` needs none of it

    folder = Home(load_settings(home).home)
    for line in take_data(folder, data, **about):
        click.echo(line)
    return start("exchange", home, bar=bar)


@exchange.command
@home_option
@output_option
@click.option("--symbol", default=None, help="Only this symbol, e.g. EUR/USD.  [default: all]")
@click.option("--for", "seconds", type=Duration(), help="Ends by itself, e.g. 30s.  [default: until off]")
@click.option(
    "--probability",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the occasions on which it strikes.  [default: 1]",
)
@click.option("--size", type=float, help="The fault's one number; `list` says what it means.")
@click.argument("name")
@click.argument("state", required=False, type=click.Choice(["on", "off"]))
@click.pass_obj
def fault(
    outer_home: Path | None,
    /,
    home: Path | None,
    output: str,
    name: str,
    state: str | None,
    **how: str | float | None,
) -> int:
    """Switch the fault NAME on or off, or print them all with `list`.

    Examples: tickertape exchange fault list · tickertape exchange fault lost_ack on --symbol EUR/USD
    --for 30s --probability 0.3 · tickertape exchange fault lost_ack off
    """
    from trading_bot.cli.simulation import Simulation  # noqa: PLC0415 - urllib is loaded only for this

    settings = load_settings(home or outer_home)
    if not settings.is_simulated:
        message = f"the venue is {settings.venue.name}; faults are switched at the simulated exchange only"
        raise NonRetriableError("BOT_010", message, venue=settings.venue.name)
    simulation = Simulation(settings)
    if name == "list":
        PRINTERS[output](simulation.faults())
        return 0
    if state is None:
        raise click.UsageError(f"say what to do with it: tickertape exchange fault {name} on|off")
    given = how if state == "on" else {"symbol": how["symbol"]}
    switched = simulation.switch(name, on=state == "on", **given)
    PRINTERS[output]([row for row in switched if row["name"] == name])
    return 0


def print_table(faults: list[dict[str, Any]]) -> None:
    """Print what is on, how, and what it does."""
    for row in faults:
        word = click.style("on ", fg="red") if row["on"] else "off"
        click.echo(f"{word}  {row['name']}{_how(row)}  {row['meaning']}")


def _how(row: dict[str, Any]) -> str:
    """Return where, how often and how long, as far as it is not always and everywhere."""
    parts = {
        "for": row["symbol"],
        "until": row["until"],
        "probability": row["probability"] if row["probability"] not in (None, 1) else None,
        row["size_meaning"]: None if row["size"] is None else f"{row['size']:g}",
    }
    said = ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
    return f" ({said})" if said else ""


def print_json(faults: list[dict[str, Any]]) -> None:
    """Print a JSON list."""
    click.echo(json.dumps(faults, indent=2))


def print_csv(faults: list[dict[str, Any]]) -> None:
    """Print one fault a row."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: row.get(key) for key in COLUMNS} for row in faults)


COLUMNS = ("name", "symbol", "on", "since", "until", "probability", "size", "size_meaning", "meaning")
PRINTERS = {"table": print_table, "json": print_json, "csv": print_csv}
