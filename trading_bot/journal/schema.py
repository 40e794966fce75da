"""How a tape looks on disk.

``events`` holds one row an event; its payload is JSON, so any SQLite shell can read a tape. ``runs``
says which run of the process wrote which sequence numbers, also where events have been pruned.
``tape`` has one row.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.journal.connections import Layout

SNAPSHOT_KIND: Final = "state.snapshotted"

LAYOUT: Final = Layout(
    application="tickertape tape",
    version=1,
    schema="""
        CREATE TABLE tape (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            tape_id TEXT NOT NULL,
            barriers INTEGER NOT NULL
        );
        INSERT INTO tape VALUES (1, lower(hex(randomblob(16))), 0);
        CREATE TABLE runs (
            run INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE,
            bot TEXT NOT NULL,
            first_seq INTEGER NOT NULL,
            started INTEGER NOT NULL
        );
        CREATE TABLE events (
            seq INTEGER PRIMARY KEY,
            ts INTEGER NOT NULL,
            run INTEGER NOT NULL,
            kind TEXT NOT NULL,
            version INTEGER NOT NULL,
            trace_id TEXT,
            span_id TEXT,
            payload BLOB NOT NULL
        );
        CREATE INDEX events_by_kind ON events (kind);
        CREATE INDEX events_by_trace ON events (trace_id) WHERE trace_id IS NOT NULL;
    """,
)


class TapePosition(msgspec.Struct, frozen=True):
    """A place on a tape: just after the event ``seq``, which the run ``run_id`` wrote.

    ``seq`` 0 is the beginning; ``run_id`` is empty then.
    """

    tape_id: str
    run_id: str
    seq: int
