"""Tables on disk, read piece by piece: CSV by the standard library, Parquet by a library loaded only for it."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import methodcaller
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.columns import COLUMNS, HEADERLESS_WIDTH, find_columns, is_number
from trading_bot.market_data.pieces import ROWS_AT_ONCE, Piece

DELIMITERS: Final = ",;\t|"
# Lines that stand before the header in files of some sources.
PREAMBLES: Final = ("#", "http:", "https:")


def read_pieces(path: Path, base: str = "") -> Iterator[Piece]:
    """Yield a table's rows in pieces; never holds more than one.

    Args:
        path: ``.csv``, ``.csv.gz`` or ``.parquet``.
        base: the symbol's base asset.

    Raises:
        OperatorError: DATA_004 for a file that cannot be read, DATA_007 for its columns, DATA_010 when
            the library that reads Parquet is not installed.
    """
    read = READERS.get(suffix(path))
    if read is None:
        known = ", ".join(READERS)
        message = f"{path}: expected a file that ends with {known}, found {path.suffix or 'no ending'}"
        raise OperatorError("DATA_004", message, source=str(path))
    try:
        yield from read(path, base)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise OperatorError("DATA_004", f"{path} cannot be read: {error}", source=str(path)) from error


def suffix(path: Path) -> str:
    """Return the ending that says how a file is read: ``.csv``, ``.csv.gz``, ``.parquet``, or another."""
    name = path.name.lower()
    return next((ending for ending in READERS if name.endswith(ending)), path.suffix.lower())


def _csv(path: Path, base: str) -> Iterator[Piece]:
    with path.open(encoding="utf-8-sig") as file:
        yield from csv_pieces(file, path.name, base)


def _packed_csv(path: Path, base: str) -> Iterator[Piece]:
    with gzip.open(path, "rt", encoding="utf-8-sig") as file:
        yield from csv_pieces(file, path.name, base)


def csv_pieces(file: io.TextIOBase | Iterator[str], source: str, base: str) -> Iterator[Piece]:
    """Yield the rows of a CSV whose delimiter follows from its first line."""
    lines = iter(file)
    number, first = 1, next(lines, "")
    while first.lower().startswith(PREAMBLES):
        number, first = number + 1, next(lines, "")
    if not first.strip():
        raise OperatorError("DATA_004", f"{source} is empty: expected a header and rows", source=source)
    delimiter = max(DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    if len(header) == HEADERLESS_WIDTH and all(map(is_number, header)):
        yield from _pieces(chain([first], lines), tuple(range(len(COLUMNS))), delimiter, number)
    else:
        yield from _pieces(lines, find_columns(header, source, base), delimiter, number + 1)


def _pieces(lines: Iterator[str], places: tuple[int, ...], delimiter: str, first_row: int) -> Iterator[Piece]:
    while batch := list(islice(lines, ROWS_AT_ONCE)):
        text = "".join(batch)
        if '"' in text:  # a quoted cell may go over lines: from here on by the book
            yield from _quoted(chain(batch, lines), places, delimiter, first_row)
            return
        yield Piece(first_row, _split(batch, text, places, delimiter))
        first_row += len(batch)


def _split(batch: list[str], text: str, places: tuple[int, ...], delimiter: str) -> tuple[Sequence[Any], ...]:
    """Return the columns of lines without quotes: numbers where all cells are, else texts.

    All lines at once, by the JSON decoder or else by one split: both several times as fast as csv and float.
    """
    widths = set(map(methodcaller("count", delimiter), batch))
    width = widths.pop() + 1
    if widths or max(places) >= width:
        return _ragged([line.split(delimiter) if line.strip() else [] for line in batch], places)
    end = len(batch) * width
    cells = _numbers(text.removesuffix("\n").replace("\n", delimiter), delimiter, end)
    return tuple(cells[place:end:width] for place in places)


def _numbers(text: str, delimiter: str, count: int) -> Sequence[Any]:
    """Return all cells of lines, as numbers where JSON takes every one for a number, else as texts."""
    if delimiter == "," and "e" not in text:  # also no true, which float would take for 1
        with contextlib.suppress(msgspec.DecodeError):
            numbers: list[Any] = msgspec.json.decode(f"[{text}]")
            if len(numbers) == count:
                return numbers
    return text.split(delimiter)


def _quoted(lines: Iterator[str], places: tuple[int, ...], delimiter: str, first_row: int) -> Iterator[Piece]:
    rows = csv.reader(lines, delimiter=delimiter)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        yield Piece(first_row, _ragged(batch, places))
        first_row += len(batch)


def _ragged(rows: list[list[str]], places: tuple[int, ...]) -> tuple[Sequence[Any], ...]:
    return tuple([_cell(row, place) for row in rows] for place in places)


def _cell(row: list[str], place: int) -> str | None:
    return row[place] if place < len(row) else None


def _parquet(path: Path, base: str) -> Iterator[Piece]:
    from trading_bot.market_data.parquet import parquet_pieces  # noqa: PLC0415 - loads a library of its own

    yield from parquet_pieces(path, base)


READERS: Final[dict[str, Callable[[Path, str], Iterator[Piece]]]] = {
    ".csv": _csv,
    ".csv.gz": _packed_csv,
    ".parquet": _parquet,
}
