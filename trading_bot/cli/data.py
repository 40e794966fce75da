"""`tickertape data`: which market data there is, whether a file can be used, and taking one into a home."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.own_data import REPAIR, SESSIONS, SYMBOL, take_data

FILE: Final = click.argument("file", type=click.Path(path_type=Path), metavar="FILE|FOLDER")
LISTED: Final = ("symbol", "origin", "bars", "bar", "first", "last", "source", "licence", "repaired")
WIDE: Final = ("source", "licence")
CHECKED: Final = ("kind", "count", "source", "row", "column", "expected", "found", "remedy")


@click.group
@home_option
@click.pass_context
def data(context: click.Context, /, home: Path | None) -> None:
    """Market data: what there is, whether a file can be used, and taking one in.

    Examples: tickertape data list · tickertape data check btc.csv
    """
    context.obj = home


@data.command("list")
@home_option
@output_option
@click.pass_obj
def list_series(outer_home: Path | None, /, home: Path | None, output: str) -> int:
    """Show the bundled series and those stored in the home, with range, source and licence."""
    from trading_bot.market_data.catalogue import catalogue  # noqa: PLC0415 - reads every bundled series

    rows = catalogue(Home(load_settings(home or outer_home).home).data)
    PRINTERS[output](LISTED, rows, {"series": rows})
    return OK


@data.command
@home_option
@output_option
@SYMBOL
@SESSIONS
@FILE
def check(home: Path | None, output: str, symbol: str | None, sessions: bool, file: Path) -> int:  # noqa: ARG001, FBT001 - click's
    """Say all that is wrong with FILE; ends with 1 when something is. Stores nothing."""
    from trading_bot.market_data.catalogue import quality  # noqa: PLC0415 - see list

    report = quality(file, symbol, sessions=sessions)
    if output == "table":
        print_quality(report)
    else:
        PRINTERS[output](CHECKED, report["faults"], report)
    return FAILED if report["faults"] else OK


@data.command("import")
@home_option
@SYMBOL
@SESSIONS
@REPAIR
@click.option("--licence", default="", help="Of the data, for `data list`.")
@FILE
@click.pass_obj
def import_series(outer_home: Path | None, /, home: Path | None, file: Path, **about: Any) -> int:
    """Check FILE and store it in the home, whose exchange plays it from then on."""
    folder = Home(load_settings(home or outer_home).home).create()
    for line in take_data(folder, file, **about):
        click.echo(line)
    return OK


def print_quality(report: dict[str, Any]) -> None:
    """Print what is wrong by kind, with what to do about it."""
    for row in report["series"]:
        wrong = f"{row['faults']:,} faults" if row["faults"] else "nothing is wrong"
        span = f"from {row['first']} to {row['last']}"
        click.echo(f"{row['source']}: {row['rows']:,} rows of {row['bar']} {span}: {wrong}")
    told = None
    for fault in report["faults"]:
        if (fault["source"], fault["kind"]) != told:
            click.echo(f"{fault['kind']}, {fault['count']:,} in all. {fault['remedy']}:")
        told = fault["source"], fault["kind"]
        where = f"{fault['source']}: row {fault['row']}, column {fault['column']}"
        click.echo(f"  {where}: expected {fault['expected']}, found {fault['found']}")


def print_table(columns: tuple[str, ...], rows: list[dict[str, Any]], _whole: dict[str, Any]) -> None:
    """Print a table for people; nothing when there is no row."""
    if not rows:
        return
    from rich.console import Console  # noqa: PLC0415 - rich is loaded only to draw
    from rich.table import Table  # noqa: PLC0415 - same

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in WIDE)
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    Console(highlight=False, markup=False).print(table)


def print_json(_columns: tuple[str, ...], _rows: list[dict[str, Any]], whole: dict[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(whole, indent=2))


def print_csv(columns: tuple[str, ...], rows: list[dict[str, Any]], _whole: dict[str, Any]) -> None:
    """Print a header and one row each."""
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: row[column] for column in columns} for row in rows)


PRINTERS: Final = {"table": print_table, "json": print_json, "csv": print_csv}
