"""Reads a tape without disturbing its writer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, Self

import apsw
import msgspec

from trading_bot.contract.codec import Envelope, decode_payload
from trading_bot.contract.errors import RetriableError
from trading_bot.journal.connections import check_pages, open_reader
from trading_bot.journal.failures import translated
from trading_bot.journal.schema import LAYOUT, SNAPSHOT_KIND, TapePosition

EVENT: Final = "SELECT seq, ts, run, kind, version, trace_id, span_id, payload FROM events WHERE"
OPEN_ATTEMPTS: Final = 5


class Run(msgspec.Struct, frozen=True):
    """One run of the writing process: the events from ``first_seq`` up to the next run's are its."""

    run_id: str
    bot: str
    first_seq: int
    started: int


NO_RUN: Final = Run("", "", 0, 0)


class TapeReader:
    """Reads a tape. Every call is one short read; nothing is held between calls. Not for several threads."""

    def __init__(self, path: Path, connection: apsw.Connection, inode: int) -> None:
        self.path = path
        self._connection = connection
        self._inode = inode
        self._runs: dict[int, Run] = {}
        self.tape_id = str(self._rows("SELECT tape_id FROM tape")[0][0])

    @classmethod
    def open(cls, path: Path | str) -> TapeReader:
        """Open a tape for reading.

        Raises:
            TickertapeError: JRNL_013 when there is no tape yet, JRNL_001, JRNL_002 or JRNL_005 to
                JRNL_010 when it cannot be read.
        """
        place = Path(path)
        for _ in range(OPEN_ATTEMPTS):
            before = _inode(place)
            connection = open_reader(place, LAYOUT)
            # The file could have been replaced in between: then the inode would be another file's.
            if before is not None and before == _inode(place):
                return _reader(cls, place, connection, before)
            connection.close()
        raise RetriableError("JRNL_013", f"{place} keeps being replaced", path=str(place))

    def last(self) -> TapePosition | None:
        """Return the position after the last event, None on an empty tape."""
        seq = self.last_seq()
        return self.position(seq) if seq else None

    def last_seq(self) -> int:
        """Return the last sequence number, 0 on an empty tape."""
        return int(self._rows("SELECT max(seq) FROM events")[0][0] or 0)

    def position(self, seq: int) -> TapePosition:
        """Return the position after ``seq``, whose event may be pruned."""
        return TapePosition(self.tape_id, self.run_at(seq) if seq else "", seq)

    def holds(self, position: TapePosition) -> bool:
        """Tell whether a position taken earlier is still one of this tape.

        It is not when it lies past the end or when another run wrote that event: after a power loss.
        """
        if position.tape_id != self.tape_id or position.seq > self.last_seq():
            return False
        return position.seq == 0 or self.run_at(position.seq) == position.run_id

    def run_at(self, seq: int) -> str:
        """Return the id of the run that wrote ``seq``, empty when there is none."""
        query = "SELECT run_id FROM runs WHERE first_seq <= ? ORDER BY run DESC LIMIT 1"
        rows = self._rows(query, (seq,))
        return str(rows[0][0]) if rows else ""

    def runs(self, limit: int = 100) -> list[Run]:
        """Return the last runs, newest first."""
        query = "SELECT run_id, bot, first_seq, started FROM runs ORDER BY run DESC LIMIT ?"
        return [Run(*row) for row in self._rows(query, (limit,))]

    def read(self, after: int, limit: int, kinds: Collection[str] | None = None) -> list[Envelope]:
        """Return up to ``limit`` events with a sequence number above ``after``, in order.

        Args:
            after: sequence number.
            limit: at most so many events.
            kinds: only these kinds; None for all. Others are not decoded.

        Raises:
            TickertapeError: JRNL_001 or JRNL_009 when the file fails, JRNL_021 for an event that this
                program does not know.
        """
        if kinds is None:
            rows = self._rows(f"{EVENT} seq > ? ORDER BY seq LIMIT ?", (after, limit))
        else:
            marks = ", ".join("?" * len(kinds))
            query = f"{EVENT} seq > ? AND kind IN ({marks}) ORDER BY seq LIMIT ?"
            rows = self._rows(query, (after, *kinds, limit))
        return self._envelopes(rows)

    def read_back(self, before: int, limit: int, kinds: Collection[str] | None = None) -> list[Envelope]:
        """Return the last ``limit`` events with a sequence number below ``before``, in order.

        Raises:
            TickertapeError: as :meth:`read`.
        """
        marks = "" if kinds is None else f" AND kind IN ({', '.join('?' * len(kinds))})"
        query = f"{EVENT} seq < ?{marks} ORDER BY seq DESC LIMIT ?"
        return self._envelopes(self._rows(query, (before, *(kinds or ()), limit))[::-1])

    def count(self, kind: str, after: int, before: int, most: int) -> int:
        """Return how many events of a kind lie between two sequence numbers, at most ``most``; by index."""
        query = "SELECT 1 FROM events WHERE kind = ? AND seq > ? AND seq < ? LIMIT ?"
        counting = f"SELECT count(*) FROM ({query})"  # noqa: S608 - two constants
        return int(self._rows(counting, (kind, after, before, most))[0][0])

    def seq_at(self, ts: int) -> int:
        """Return the last sequence number that was appended at ``ts`` (nanoseconds) or before; 0 when none was.

        A search by halves over the sequence: some thirty looks, whatever the tape's length.
        """
        low, high = 0, self.last_seq()
        while low < high:
            middle = (low + high + 1) // 2
            # Where events have been pruned the one before counts.
            rows = self._rows(
                "SELECT seq, ts FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (middle,)
            )
            if not rows or rows[0][1] <= ts:
                low = middle
            else:
                high = min(middle - 1, rows[0][0] - 1)
        return low

    def event(self, seq: int) -> Envelope | None:
        """Return one event, None when it is not on the tape."""
        rows = self._rows(f"{EVENT} seq = ?", (seq,))
        return self._envelopes(rows)[0] if rows else None

    def time_of(self, seq: int) -> int | None:
        """Return when an event was appended, nanoseconds since the epoch; None when it is not on the tape."""
        rows = self._rows("SELECT ts FROM events WHERE seq = ?", (seq,))
        return int(rows[0][0]) if rows else None

    def of_trace(self, trace_id: str, limit: int) -> list[Envelope]:
        """Return up to ``limit`` events that carry a trace id, in order."""
        rows = self._rows(f"{EVENT} trace_id = ? ORDER BY seq LIMIT ?", (trace_id, limit))
        return self._envelopes(rows)

    def last_of(self, kind: str) -> Envelope | None:
        """Return the last event of a kind, None when there is none."""
        query = f"{EVENT} kind = ? ORDER BY seq DESC LIMIT 1"
        rows = self._rows(query, (kind,))
        return self._envelopes(rows)[0] if rows else None

    def last_snapshot(self) -> Envelope | None:
        """Return the last ``state.snapshotted``, None when there is none."""
        return self.last_of(SNAPSHOT_KIND)

    def check_pages(self) -> None:
        """Check that all pages of the file fit together; reads all of it.

        Raises:
            OperatorError: JRNL_001.
        """
        check_pages(self._connection, self.path)

    def replaced(self) -> bool:
        """Tell whether the file under this path is gone or another one now."""
        return _inode(self.path) != self._inode

    def close(self) -> None:
        """Close the file; leaves its ``-wal`` alone."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        # All rows at once: a statement that is not finished would hold a transaction open.
        with translated(self.path, self._connection):
            return self._connection.execute(query, parameters).fetchall()

    def _envelopes(self, rows: list[tuple[Any, ...]]) -> list[Envelope]:
        envelopes, runs, number, run = [], self._runs, None, NO_RUN
        for seq, ts, wrote, kind, version, trace_id, span_id, data in rows:
            if wrote != number:
                number, run = wrote, runs.get(wrote) or self._load_run(wrote)
            event = decode_payload(kind, version, data)
            envelopes.append(Envelope(seq, ts, run.run_id, run.bot, kind, version, trace_id, span_id, event))
        return envelopes

    def _load_run(self, number: int) -> Run:
        query = "SELECT run_id, bot, first_seq, started FROM runs WHERE run = ?"
        run = self._runs[number] = Run(*self._rows(query, (number,))[0])
        return run


def _reader(cls: type[TapeReader], path: Path, connection: apsw.Connection, inode: int) -> TapeReader:
    try:
        return cls(path, connection, inode)
    except BaseException:
        connection.close()
        raise


def _inode(path: Path) -> int | None:
    with contextlib.suppress(OSError):
        return os.stat(path).st_ino  # noqa: PTH116 - asked on every look, and this is half the time
    return None
