"""Ships one signal of one tape: page by page, from a durable cursor, with back-off.

Exactness of what was lost: each snapshot of the bot carries the count of all events of each kind. When
the shipper passes one, and has passed fewer records than it says, the rest were pruned unshipped.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from exporter.otlp.cursors import Cursor, load, store
from exporter.otlp.destinations import Destination, Signal
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError
from trading_bot.contract.events.lifecycle import ErrorRecorded, StateSnapshotted
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.telemetry.metrics import JOURNAL_EVENTS
from trading_bot.domain.clock import Clock
from trading_bot.journal import OwnedDatabase, TapePosition, TapeReader

PAGE: Final = 200
"""Events a request at most; a record of spans holds a handful of them."""
LOOK_EVERY: Final = 0.5
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0

KINDS: Final = {Signal.TRACES: SpansRecorded.KIND, Signal.LOGS: ErrorRecorded.KIND}
Report = Callable[[TickertapeError], object]
Convert = Callable[[str, Envelope], Iterator[Any]]


class Stats(msgspec.Struct, kw_only=True):
    """What a shipper has done, and where it stands. Written by its thread, read by a scrape."""

    shipped: int = 0
    dropped: int = 0
    failures: int = 0
    position: int = 0
    end: int = 0
    passed_at: int | None = None
    """Time of the last event that is behind the cursor, nanoseconds since the epoch."""
    failing_since: int | None = None
    message: str = ""

    @property
    def lag_events(self) -> int:
        """Events of the tape that are not behind the cursor yet, whatever their kind."""
        return max(0, self.end - self.position)


class Route(NamedTuple):
    """Where a signal goes."""

    connect: Callable[[], Destination]
    convert: Convert
    """Makes the SDK's items of an event."""


class Shipper:
    """One signal of one tape.

    Args:
        tape: ``journal`` or ``control``.
        path: the tape's file; need not exist yet.
        signal: what is shipped.
        database: holds the cursor.
        route: where to; None: nothing is shipped and the cursor moves on.
        report: records an error, once an outage.
        clock: for the age of what is failing.
    """

    def __init__(
        self,
        tape: str,
        path: Path,
        signal: Signal,
        database: OwnedDatabase,
        route: Route | None,
        *,
        report: Report,
        clock: Clock,
    ) -> None:
        self.tape = tape
        self.signal = signal
        self.stats = Stats()
        self._path = path
        self._database = database
        self._route = route
        self._report = report
        self._clock = clock
        self._stopping = threading.Event()
        self._destination: Destination | None = None
        self._page = PAGE
        self._thread = threading.Thread(target=self._run, name=f"ship-{tape}-{signal}", daemon=True)

    def start(self) -> None:
        """Begin to ship, in a thread."""
        self._thread.start()

    def stop(self, timeout: float = 1.5) -> None:
        """End; what is under way and not confirmed is shipped again by the next run."""
        self._stopping.set()
        if self._destination is not None:
            self._destination.close()
        self._thread.join(timeout)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                moved = self._ship_page()
            except TickertapeError as error:
                moved = None
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - the thread's loop top: it must go on, and say so
                moved = None
                self._failed(_unexpected(error))
            if moved is None:
                self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = FIRST_PAUSE
                if not moved:
                    self._stopping.wait(LOOK_EVERY)

    def _ship_page(self) -> bool | None:
        """Ship one page. True: there may be more; False: the end is reached; None: it did not work."""
        if not self._path.exists():
            return False
        with TapeReader.open(self._path) as reader:
            cursor = self._cursor(reader)
            end = reader.last_seq()
            self.stats.end = end
            wanted = [KINDS[self.signal], StateSnapshotted.KIND]
            page = reader.read(cursor.position.seq, self._page, wanted) if self._ships else []
            is_full = len(page) == self._page
            after = page[-1].seq if is_full else max([end, *(envelope.seq for envelope in page[-1:])])
            if after == cursor.position.seq:
                return False
            sent = self._send(page)
            if sent is None:
                return None
            self._advance(cursor, page, sent, reader.position(after))
            return is_full

    @property
    def _ships(self) -> bool:
        return self._route is not None

    def _cursor(self, reader: TapeReader) -> Cursor:
        """Return where to go on; a tape that was replaced or cut is gone through from its last snapshot."""
        cursor = load(self._database, self.tape, self.signal)
        if cursor is None:
            return Cursor(position=TapePosition(reader.tape_id, "", 0), records=0 if self._ships else None)
        if reader.holds(cursor.position):
            return cursor
        snapshot = reader.last_snapshot()
        position = reader.position(snapshot.seq) if snapshot else TapePosition(reader.tape_id, "", 0)
        return msgspec.structs.replace(cursor, position=position, records=None)

    def _send(self, page: list[Envelope]) -> int | None:
        """Send a page; the number of items that the collector has now, or None if it did not take them."""
        items = [item for envelope in page for item in self._items(envelope)]
        if not items:
            return 0
        if self._destination is None:
            assert self._route is not None
            self._destination = self._route.connect()
        if self._destination.send(items):
            self.stats.failing_since = None
            self._page = PAGE
            return len(items)
        self._page = max(1, self._page // 2)  # one record that a collector refuses must not hold the others
        message = f"the collector did not take {len(items)} {self.signal} records of the {self.tape}"
        self._failed(RetriableError("TEL_011", message, tape=self.tape, signal=self.signal))
        return None

    def _items(self, envelope: Envelope) -> Iterator[Any]:
        return self._route.convert(self.tape, envelope) if self._route is not None else iter(())

    def _advance(self, cursor: Cursor, page: list[Envelope], sent: int, position: TapePosition) -> None:
        records, dropped = self._count(cursor.records, page)
        if dropped:
            message = f"{dropped} records of {self.signal} were pruned from the {self.tape} before they were shipped"
            self._report(NonRetriableError("TEL_012", message, tape=self.tape, signal=self.signal))
        moved = Cursor(
            position=position,
            records=records if self._ships else None,
            shipped=cursor.shipped + sent,
            dropped=cursor.dropped + dropped,
        )
        store(self._database, self.tape, self.signal, moved)
        self._show(moved, page)

    def _count(self, records: int | None, page: list[Envelope]) -> tuple[int | None, int]:
        """Return the records behind the page, and how many of them are not on the tape any more."""
        dropped = 0
        for envelope in page:
            if not isinstance(envelope.payload, StateSnapshotted):
                records = None if records is None else records + 1
                continue
            expected = _counted(envelope.payload, KINDS[self.signal])
            dropped += 0 if records is None else max(0, expected - records)
            records = expected
        return records, dropped

    def _show(self, cursor: Cursor, page: list[Envelope]) -> None:
        self.stats.shipped = cursor.shipped
        self.stats.dropped = cursor.dropped
        self.stats.position = cursor.position.seq
        if page:
            self.stats.passed_at = page[-1].ts

    def _failed(self, error: TickertapeError) -> None:
        self.stats.failures += 1
        self.stats.message = error.message
        if self.stats.failing_since is None:
            self.stats.failing_since = self._clock.now_ns()
            self._report(error)


class _Counts(msgspec.Struct):
    """The part of a snapshot's state that is needed here."""

    counts: dict[str, dict[str, float]] = {}


_counts: Final = msgspec.json.Decoder(_Counts)


def _counted(snapshot: StateSnapshotted, kind: str) -> int:
    counts = _counts.decode(snapshot.state).counts
    return int(counts.get(JOURNAL_EVENTS.name, {}).get(kind, 0))


def _unexpected(error: Exception) -> TickertapeError:
    failed = RetriableError("TEL_011", f"shipping failed: {type(error).__name__}: {error}")
    failed.__cause__ = error
    return failed
