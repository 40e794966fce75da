"""How far each signal of each tape has been shipped, in ``exporter.db``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from trading_bot.journal import OwnedDatabase, TapePosition

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
