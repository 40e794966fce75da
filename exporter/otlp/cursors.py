"""How far each signal of each tape has been shipped, in ``exporter.db``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from trading_bot.journal import OwnedDatabase, TapePosition, TapeReader

SCHEMA: Final = """
    CREATE TABLE cursors (
        tape TEXT NOT NULL,
        signal TEXT NOT NULL,
        tape_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        records INTEGER,
        shipped INTEGER NOT NULL,
        dropped INTEGER NOT NULL,
        PRIMARY KEY (tape, signal)
    );
"""
APPLICATION: Final = "tickertape exporter"
VERSION: Final = 1
RUNS_LOOKED_AT: Final = 1_000


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """A place on a tape, and what lies behind it.

    ``records`` counts the signal's records on the tape up to here, shipped or not; None while that is
    not known. ``shipped`` and ``dropped`` count items (spans, log records) since the cursor was made.
    """

    position: TapePosition
    records: int | None
    shipped: int = 0
    dropped: int = 0


def open_cursors(path: Path) -> OwnedDatabase:
    """Open the exporter's database; a second exporter is refused (JRNL_003)."""
    return OwnedDatabase.open(path, SCHEMA, APPLICATION, VERSION)


def load(database: OwnedDatabase, tape: str, signal: str) -> Cursor | None:
    """Return the cursor, None where nothing was shipped yet."""
    query = (
        "SELECT tape_id, run_id, seq, records, shipped, dropped FROM cursors WHERE tape = ? AND signal = ?"
    )
    rows = database.execute(query, (tape, signal))
    if not rows:
        return None
    tape_id, run_id, seq, records, shipped, dropped = rows[0]
    return Cursor(
        position=TapePosition(tape_id, run_id, seq), records=records, shipped=shipped, dropped=dropped
    )


def store(database: OwnedDatabase, tape: str, signal: str, cursor: Cursor) -> None:
    """Write the cursor down; a kill -9 afterwards does not lose it."""
    place = cursor.position
    row = (
        tape,
        signal,
        place.tape_id,
        place.run_id,
        place.seq,
        cursor.records,
        cursor.shipped,
        cursor.dropped,
    )
    database.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def beginning(reader: TapeReader, *, records: int | None) -> Cursor:
    """Return the cursor before a tape's first event."""
    return Cursor(position=TapePosition(reader.tape_id, "", 0), records=records)


def held(reader: TapeReader, cursor: Cursor) -> Cursor:
    """Return the cursor if the tape still holds it, else the last place up to which all was passed.

    After a power loss the tape may end before the cursor, and have grown past it again under another
    run: what the cursor's run left on the tape was passed, what came afterwards was not. Where nothing is
    left of that run, or another tape lies there, everything is gone through again: twice is better than
    never.
    """
    if reader.holds(cursor.position):
        return cursor
    seq = _end_of_run(reader, cursor.position)
    position = reader.position(seq) if seq else TapePosition(reader.tape_id, "", 0)
    return msgspec.structs.replace(cursor, position=position, records=None)


def _end_of_run(reader: TapeReader, position: TapePosition) -> int:
    if reader.tape_id != position.tape_id:
        return 0
    following = reader.last_seq() + 1
    for run in reader.runs(RUNS_LOOKED_AT):
        if run.run_id == position.run_id:
            return min(position.seq, following - 1)
        following = run.first_seq
    return 0
