"""One's own data, from a file or a folder of files to a checked series on disk.

A table is read once, in pieces; memory holds a few of them, however many rows there are.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.faults import REPAIRS, Fault, Kind
from trading_bot.market_data.repair import Runs, mended
from trading_bot.market_data.rows import Reader, Rows, impossible
from trading_bot.market_data.stored import FEWEST_BARS, Description, Draft, describe, pages, path_of
from trading_bot.market_data.succession import Rules, Succession, length, shown, usual_step
from trading_bot.market_data.tables import READERS, read_pieces, suffix

QUOTE: Final = "USD"
EXAMPLES_A_KIND: Final = 5
MOST_LEFT_OUT: Final = 0.1
"""Share of a table's rows: with more of them left out, it is another table than the one that was meant."""
RENAMED: Final = {"XBT": "BTC", "BCC": "BCH", "BCHSV": "BSV"}
"""Assets that the exchange client knows under another name, and so would not find."""
LEAVES_OUT: Final = (Kind.UNREADABLE, Kind.IMPOSSIBLE, Kind.OFF_GRID, Kind.DUPLICATE)

Judged = tuple[int, Rows, list[Fault]]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be taken in. ``path`` is a file, or a folder whose files are the parts of one series."""

    path: Path
    symbol: str
    sessions: bool = False
    repair: bool = False
    licence: str = "not stated"

    @property
    def base(self) -> str:
        """The base asset."""
        return self.symbol.partition("/")[0]


class Notebook:
    """Counts what is wrong or was changed, and keeps the first few of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: list[Fault] = []

    def note(self, fault: Fault) -> None:
        """Take down one."""
        self.counts[fault.kind.value] += 1
        if self.counts[fault.kind.value] <= EXAMPLES_A_KIND:
            self.examples.append(fault)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a table is. ``faults`` are how many of each kind; ``examples`` the first few of each."""

    symbol: str
    source: str
    rows: int
    step_ns: int
    first_ns: int | None
    last_ns: int | None
    faults: dict[str, int]
    examples: list[Fault]


def tables_of(path: Path) -> list[Path]:
    """Return the tables of a file or a folder, by name.

    Raises:
        OperatorError: DATA_004 when there is none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(table for table in path.iterdir() if suffix(table) in READERS)
    if not found:
        message = f"{path}: expected files that end with {', '.join(READERS)}, found none"
        raise OperatorError("DATA_004", message, source=str(path))
    return found


def checked_symbol(symbol: str) -> str:
    """Return a symbol that can be traded here.

    Raises:
        OperatorError: DATA_009 otherwise.
    """
    match = re.fullmatch(r"([A-Z0-9]{1,20})/([A-Z]{3,10})", symbol.upper())
    if match is None:
        raise _wrong_symbol(symbol, "BASE/QUOTE, for example BTC/USD", symbol)
    base, quote = match.groups()
    if quote != QUOTE:
        raise _wrong_symbol(symbol, f"the quote {QUOTE}, the account's currency", quote)
    if base in RENAMED:
        raise _wrong_symbol(symbol, f"{RENAMED[base]}, as the exchange client calls it", base)
    return f"{base}/{quote}"


def symbol_by_name(path: Path) -> str:
    """Return the symbol that a file or folder is named after: ``BTC-USD.csv`` is BTC/USD.

    Raises:
        OperatorError: DATA_009 when it is named otherwise.
    """
    stem = path.name.removesuffix(suffix(path)) if not path.is_dir() else path.name
    match = re.fullmatch(rf"([A-Za-z0-9]+?)[-_]?({QUOTE})", stem, re.IGNORECASE)
    if match is None:
        message = (
            f"{path}: expected --symbol BASE/{QUOTE}, or a name such as BTC-{QUOTE}.csv; found {path.name}"
        )
        raise OperatorError("DATA_009", message, source=str(path))
    return checked_symbol(f"{match[1]}/{match[2]}")


def _wrong_symbol(symbol: str, expected: str, found: str) -> OperatorError:
    return OperatorError("DATA_009", f"symbol {symbol}: expected {expected}, found {found}", symbol=symbol)


def survey(request: Request) -> Report:
    """Look at everything and change nothing.

    Raises:
        OperatorError: DATA_004, DATA_007 or DATA_010, the tables cannot be read at all.
    """
    tables = tables_of(request.path)
    rules, notebook = _rules(request, tables), Notebook()
    rows_seen, first, last = 0, None, None
    for _, rows, faults in _judged(request, tables, rules):
        for fault in faults:
            notebook.note(fault)
        rows_seen += len(rows.times)
        if rows.times:
            first = min(rows.times) if first is None else min(first, *rows.times)
            last = max(rows.times) if last is None else max(last, *rows.times)
    return Report(
        symbol=request.symbol,
        source=str(request.path),
        rows=rows_seen,
        step_ns=rules.step_ns,
        first_ns=first,
        last_ns=last,
        faults=dict(notebook.counts),
        examples=notebook.examples,
    )


def take_in(
    request: Request, folder: Path, now_ns: int, *, begun: bool
) -> tuple[Description, Notebook | None]:
    """Check a table and store it in ``folder``; what is stored from the same files already is left as it is.

    Args:
        request: what to take in.
        folder: where series are stored; made where it is missing.
        now_ns: wall time.
        begun: whether an exchange plays here already.

    Returns:
        What is stored, and what was repaired on the way; None when it was stored before.

    Raises:
        OperatorError: DATA_001, DATA_002 or DATA_006 for the first thing wrong, with row and column;
            DATA_004, DATA_007 or DATA_010 for a table that cannot be read; DATA_011 when ``begun`` and it
            plays other data; DATA_012 when too much would have to be repaired.
    """
    tables = tables_of(request.path)
    place, digest = path_of(folder, request.symbol), _digest(request, tables)
    if place.exists() and (stored := describe(place)).sha256 == digest:
        return stored, None
    if begun:
        message = (
            f"{folder.parent} already plays other data than {request.path}; its books and tape belong to that"
        )
        raise OperatorError("DATA_011", message, path=str(folder.parent), source=str(request.path))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    rules, notebook, draft = _rules(request, tables), Notebook(), Draft(place)
    try:
        for rows in _accepted(request, tables, rules, notebook, folder):
            draft.write(rows)
        description = _description(request, rules, draft, digest, now_ns, dict(notebook.counts))
        draft.finish(description)
    finally:
        draft.discard()
    return description, notebook


def _accepted(
    request: Request, tables: list[Path], rules: Rules, notebook: Notebook, folder: Path
) -> Iterator[Rows]:
    if request.repair:
        yield from _repaired(request, tables, rules, notebook, folder)
        return
    for _, rows, faults in _judged(request, tables, rules):
        if faults:
            raise min(faults, key=lambda fault: fault.row).error()
        yield rows


def _repaired(
    request: Request, tables: list[Path], rules: Rules, notebook: Notebook, folder: Path
) -> Iterator[Rows]:
    names = [table.name for table in tables]
    total = 0
    with Runs(folder) as runs:
        for table, rows, faults in _judged(request, tables, rules):
            for fault in faults:
                if fault.kind in {Kind.UNREADABLE, Kind.IMPOSSIBLE, Kind.UNSORTED}:
                    notebook.note(fault)
            total += len(rows.times)
            bad = {fault.row for fault in faults if fault.kind is Kind.IMPOSSIBLE}
            runs.add(table, rows.without(bad))
        yield from pages(mended(runs.merged(), rules, names, notebook.note))
    left_out = sum(notebook.counts[kind.value] for kind in LEAVES_OUT)
    if left_out > total * MOST_LEFT_OUT:
        message = (
            f"{request.path}: --repair would leave out {left_out:,} of {total:,} rows, more than a tenth"
        )
        raise OperatorError("DATA_012", message, source=str(request.path), rows=total, left_out=left_out)


def _judged(request: Request, tables: list[Path], rules: Rules) -> Iterator[Judged]:
    """Yield, piece by piece, the number of the table, the rows that can be read, and all that is wrong."""
    succession = Succession(rules, "")
    for number, table in enumerate(tables):
        reader = Reader(table.name)
        succession.source = table.name
        for piece in read_pieces(table, request.base):
            rows, faults = reader.read(piece)
            wrong = list(impossible(rows, table.name))
            sound = rows.without({fault.row for fault in wrong})
            yield number, rows, [*faults, *wrong, *succession.faults(sound)]


def _rules(request: Request, tables: list[Path]) -> Rules:
    """Return what is expected, by the first rows.

    Raises:
        OperatorError: DATA_004 when there are too few rows.
    """
    piece = next(read_pieces(tables[0], request.base), None)
    if piece is None:
        raise OperatorError("DATA_004", f"{tables[0]}: expected rows, found none", source=str(tables[0]))
    rows, faults = Reader(tables[0].name).read(piece)
    step = usual_step(rows.times)
    if step is None:
        if faults:
            raise faults[0].error()
        message = f"{tables[0]}: expected at least {FEWEST_BARS} rows, found {len(rows.times)}"
        raise OperatorError("DATA_004", message, source=str(tables[0]))
    return Rules(step_ns=step, sessions=request.sessions)


def _description(
    request: Request, rules: Rules, draft: Draft, digest: str, now_ns: int, repaired: dict[str, int]
) -> Description:
    if draft.bars < FEWEST_BARS:
        message = f"{request.path}: expected at least {FEWEST_BARS} rows, found {draft.bars}"
        raise OperatorError("DATA_004", message, source=str(request.path))
    return Description(
        symbol=request.symbol,
        bars=draft.bars,
        step_ns=rules.step_ns,
        first_ns=draft.first_ns,
        last_ns=draft.last_ns,
        lowest=draft.lowest,
        highest=draft.highest,
        has_volume=draft.has_volume,
        source=str(request.path),
        licence=request.licence,
        sha256=digest,
        imported_ns=now_ns,
        repaired=repaired,
    )


def _digest(request: Request, tables: list[Path]) -> str:
    whole = hashlib.sha256(f"{request.sessions} {request.repair}".encode())
    for table in tables:
        try:
            with table.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            message = f"{table} cannot be read: {error.strerror}"
            raise OperatorError("DATA_004", message, source=str(table)) from error
    return whole.hexdigest()


def summary(stored: Description, notebook: Notebook | None) -> list[str]:
    """Return what is stored and what was repaired, in lines for a person."""
    span = f"from {shown(stored.first_ns)} to {shown(stored.last_ns)}"
    origin = f"from {stored.source}{'' if notebook else ' (stored before)'}"
    lines = [f"{stored.symbol}: {stored.bars:,} bars of {length(stored.step_ns)} {span}, {origin}"]
    if not stored.has_volume:
        lines.append(f"{stored.symbol}: every volume is 0, so each bar is played with the exchange's own")
    if notebook:
        lines += repairs(notebook)
    return lines


def repairs(notebook: Notebook) -> list[str]:
    """Return what was repaired: each kind with its count, and its first few rows."""
    lines: list[str] = []
    for kind, count in notebook.counts.items():
        lines.append(f"repaired: {kind} {count:,} times, {REPAIRS[Kind(kind)]}; for example")
        lines += [f"  {fault.message}" for fault in notebook.examples if fault.kind == kind]
    return lines
