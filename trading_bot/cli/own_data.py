"""What `exchange`, `up` and `data import` share: the options of one's own data, and taking it into a home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.errors import OperatorError

Command = TypeVar("Command", bound=Callable[..., Any])

SYMBOL: Final = click.option(
    "--symbol", metavar="BASE/USD", help="What the data is of.  [default: by its name, BTC-USD.csv]"
)
REPAIR: Final = click.option(
    "--repair", is_flag=True, help="Sort, leave out, keep one of several and fill gaps; lists what it did."
)
SESSIONS: Final = click.option(
    "--sessions", is_flag=True, help="The market closes: gaps of an hour to five days are no fault."
)


def data_options(command: Command) -> Command:
    """Add ``--data`` and what goes with it."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path),
        metavar="FILE|FOLDER",
        help="Play your own bars: .csv, .csv.gz or .parquet, or a folder of them.",
    )
    return data(SYMBOL(SESSIONS(REPAIR(command))))


def take_data(
    home: Home, data: Path | None, *, symbol: str | None, sessions: bool, repair: bool, licence: str = ""
) -> list[str]:
    """Check and store one's own data in a home; return what was taken in, in lines for a person.

    A folder is one series in parts when ``symbol`` is given, else a series a file, named after its symbol.

    Raises:
        OperatorError: DATA_001 to DATA_012, what is wrong with it.
        click.UsageError: options that say more about data, without any.
    """
    if data is None:
        if symbol or sessions or repair:
            raise click.UsageError(
                "--symbol, --sessions and --repair say more about --data, which is missing"
            )
        return []
    from trading_bot.market_data import intake  # noqa: PLC0415 - most starts take nothing in

    if not data.exists():
        raise OperatorError("DATA_004", f"{data} does not exist", source=str(data))
    parts = [data] if symbol or not data.is_dir() else intake.tables_of(data)
    lines: list[str] = []
    for path in parts:
        request = intake.Request(
            path=path,
            symbol=intake.checked_symbol(symbol) if symbol else intake.symbol_by_name(path),
            sessions=sessions,
            repair=repair,
            licence=licence or "not stated",
        )
        begun = home.exchange.exists()
        stored, notebook = intake.take_in(request, home.data, SystemClock().now_ns(), begun=begun)
        lines += intake.summary(stored, notebook)
    return lines
