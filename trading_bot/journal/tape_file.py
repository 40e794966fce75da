"""One tape's file as its writer sees it: groups in, checkpoints, deletions. Used by the writer's thread only."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

import apsw

from trading_bot.contract.errors import OperatorError
from trading_bot.journal.connections import open_owner, rolled_back_on_error
from trading_bot.journal.failures import translated
from trading_bot.journal.pending import Group
from trading_bot.journal.schema import LAYOUT

INSERT_EVENT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_RUN: Final = "INSERT INTO runs (run_id, bot, first_seq, started) VALUES (?, ?, ?, ?) RETURNING run"
RAISE_BARRIER: Final = "UPDATE tape SET barriers = barriers + 1"


class TapeFile:
    """The open file of a tape; the caller holds its lock."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self.connection = connection
        self.wal_pages = 0
        self._wal = f"{path}-wal"
        self._run: int | None = None
        self._full = False
        self._inode = path.stat().st_ino
        self._next_look = 0.0
        connection.set_wal_hook(self._count_pages)

    @classmethod
    def open(cls, path: Path) -> TapeFile:
        """Open or create the file. SQLite's own checkpoints are off: they would stall an append.

        Raises:
            TickertapeError: as :func:`trading_bot.journal.connections.open_owner`.
        """
        return cls(path, open_owner(path, LAYOUT, autocheckpoint=0))

    def tape_id(self) -> str:
        """Return the tape's identity, made with the file."""
        with translated(self.path, self.connection):
            return str(self.connection.execute("SELECT tape_id FROM tape").get)

    def last(self) -> int:
        """Return the last sequence number on the tape, 0 when it is empty."""
        with translated(self.path, self.connection):
            return int(self.connection.execute("SELECT max(seq) FROM events").get or 0)

    def commit(self, group: Group) -> None:
        """Write a group: all of it or nothing.

        Raises:
            TickertapeError: nothing of the group is on the tape.
        """
        self._look_for_removal()
        with translated(self.path, self.connection):
            self._set_full(group.durable)
            self.connection.execute("BEGIN IMMEDIATE")
            with rolled_back_on_error(self.connection):
                run = self._insert(group)
                self.connection.execute("COMMIT")
        self._run = run

    def announce(self) -> None:
        """Wake the readers: they watch the times of the ``-wal``, since its bytes change before a commit is seen."""
        with contextlib.suppress(OSError):
            os.utime(self._wal)

    def checkpoint(self) -> None:
        """Move what is in the ``-wal`` into the database, as far as no reader is in the way."""
        with translated(self.path, self.connection):
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self.wal_pages = 0

    def size(self) -> int:
        """Return the bytes on disk: database and ``-wal``."""
        return sum(_size(place) for place in (self.path, Path(self._wal)))

    def close(self) -> None:
        """Checkpoint and close."""
        with translated(self.path, self.connection):
            try:
                self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            finally:
                self.connection.close()

    def _insert(self, group: Group) -> int | None:
        if not group.entries:
            # A commit that changes nothing would not wait for the disk either.
            self.connection.execute(RAISE_BARRIER)
            return self._run
        first = group.entries[0][0]
        run = self._run
        if run is None:
            opened = (first.run_id, first.bot, first.seq, first.ts)
            run = int(self.connection.execute(INSERT_RUN, opened).get)
        self.connection.executemany(
            INSERT_EVENT,
            [(e.seq, e.ts, run, e.kind, e.version, e.trace_id, e.span_id, data) for e, data in group.entries],
        )
        return run

    def _set_full(self, full: bool) -> None:  # noqa: FBT001 - the setting itself
        # SQLite takes this setting only between transactions.
        if full is not self._full:
            self.connection.pragma("synchronous", "full" if full else "normal")
            self._full = full

    def _look_for_removal(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        found = self.path.stat().st_ino if self.path.exists() else None
        if found != self._inode:
            raise OperatorError("JRNL_011", f"{self.path} was removed or replaced", path=str(self.path))
        self._next_look = now + 1.0

    def _count_pages(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self.wal_pages = pages
        return apsw.SQLITE_OK


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
