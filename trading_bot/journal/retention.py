"""What is taken off a tape after its time: measurements, spans and older snapshots. Facts never are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from trading_bot.contract.events import EVENTS, Retention
from trading_bot.journal.failures import translated
from trading_bot.journal.schema import SNAPSHOT_KIND
from trading_bot.journal.tape_file import TapeFile

ROWS_A_STEP: Final = 200
SNAPSHOTS_KEPT: Final = 2
HOUR_NS: Final = 3_600 * 1_000_000_000


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long what is no fact stays: ages in nanoseconds, the spans' payloads also in bytes."""

    measurement_ns: int = 7 * 24 * HOUR_NS
    span_ns: int = 48 * HOUR_NS
    span_bytes: int = 1024**3


class Pruned(msgspec.Struct, kw_only=True):
    """What a pruning took away. ``before`` is the sequence number below which events may be missing."""

    before: int = 0
    measurements: int = 0
    spans: int = 0
    snapshots: int = 0


class Pruning:
    """One pruning, in steps short enough to stand between two commits."""

    def __init__(self, tape: TapeFile, policy: RetentionPolicy, now_ns: int) -> None:
        self.result = Pruned()
        self._tape = tape
        self._policy = policy
        self._now = now_ns

    def steps(self) -> Iterator[None]:
        """Prune; each step is one short transaction or one short read."""
        boundary = self._oldest_kept_snapshot()
        # A cold start folds from a kept snapshot on, so no measurement after it may go.
        yield from self._remove(Retention.MEASUREMENT, boundary, self._now - self._policy.measurement_ns)
        yield from self._remove(Retention.SNAPSHOT, boundary, self._now)
        yield from self._remove(Retention.SPAN, self._tape.last(), self._now - self._policy.span_ns)
        for kind in _kinds(Retention.SPAN):
            yield from self._remove_beyond_size(kind)

    def _oldest_kept_snapshot(self) -> int:
        query = "SELECT seq FROM events WHERE kind = ? ORDER BY seq DESC LIMIT ?"
        kept = [seq for (seq,) in self._rows(query, (SNAPSHOT_KIND, SNAPSHOTS_KEPT))]
        return int(kept[-1]) if kept else 0

    def _remove(self, retention: Retention, boundary: int, older_than: int) -> Iterator[None]:
        query = "SELECT seq, ts FROM events WHERE kind = ? AND seq < ? ORDER BY seq LIMIT ?"
        for kind in _kinds(retention):
            while True:
                rows = self._rows(query, (kind, boundary, ROWS_A_STEP))
                gone = [seq for seq, ts in rows if ts < older_than]
                self._delete(retention, gone)
                yield
                if len(gone) < ROWS_A_STEP:
                    break

    def _remove_beyond_size(self, kind: str) -> Iterator[None]:
        query = "SELECT seq, length(payload) FROM events WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
        room, seq = self._policy.span_bytes, self._tape.last() + 1
        while rows := self._rows(query, (kind, seq, ROWS_A_STEP)):
            gone = []
            for seq, length in rows:
                room -= length
                if room < 0:
                    gone.append(seq)
            self._delete(Retention.SPAN, gone)
            yield

    def _rows(self, query: str, parameters: tuple[object, ...]) -> list[tuple[int, ...]]:
        with translated(self._tape.path, self._tape.connection):
            return list(self._tape.connection.execute(query, parameters))

    def _delete(self, retention: Retention, gone: list[int]) -> None:
        if not gone:
            return
        with translated(self._tape.path, self._tape.connection), self._tape.connection:
            self._tape.connection.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq in gone])
        self.result.before = max(self.result.before, max(gone) + 1)
        counted = f"{retention.value}s"
        setattr(self.result, counted, getattr(self.result, counted) + len(gone))


def _kinds(retention: Retention) -> list[str]:
    return [kind for kind, event in EVENTS.items() if event.RETENTION is retention]
