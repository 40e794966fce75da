"""Ships one signal of one tape: page by page, from a durable cursor, with back-off."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from exporter.otlp.cursors import Cursor, beginning, held, load, store
from exporter.otlp.destinations import Destination, Signal
from exporter.otlp.pruned import count_behind
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError, describe
from trading_bot.contract.events.lifecycle import ErrorRecorded, StateSnapshotted
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.journal import OwnedDatabase, TapePosition, TapeReader

PAGE: Final = 200
"""Events a request at most; a record of spans holds a handful of them."""
DOUBTED_AFTER: Final = 3
"""An event that failed alone so many times in a row may itself be what the collector does not take."""

KINDS: Final = {Signal.TRACES: SpansRecorded.KIND, Signal.LOGS: ErrorRecorded.KIND}
Report = Callable[[TickertapeError], object]
Convert = Callable[[str, Envelope], Iterator[Any]]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often it is tried, in seconds: at the end of the tape, and while the collector is away."""

    look: float = 0.5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    store: float = 15.0
    """At least so often a cursor is stored that moves over nothing to ship."""


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


class Source(NamedTuple):
    """What is shipped: one signal of one tape."""

    tape: str
    """``journal`` or ``control``."""
    path: Path
    """The tape's file; need not exist yet."""
    signal: Signal


class Route(NamedTuple):
    """Where a signal goes."""

    connect: Callable[[], Destination]
    convert: Convert
    """Makes the SDK's items of an event."""


class Shipper:
    """One signal of one tape.

    Args:
        source: what is shipped.
        database: holds the cursor.
        route: where to; None: nothing is shipped and the cursor moves on.
        report: records an error, once an outage.
        clock: for the age of what is failing.
        pace: how often it is tried.
    """

    def __init__(
        self,
        source: Source,
        database: OwnedDatabase,
        route: Route | None,
        *,
        report: Report,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self.tape, self._path, self.signal = source
        self.stats = Stats()
        self._database = database
        self._route = route
        self._report = report
        self._clock = clock
        self._pace = pace
        self._stopping = threading.Event()
        self._destination: Destination | None = None
        self._reader: TapeReader | None = None
        self._cursor: Cursor | None = None
        self._stored_at = 0
        self._page = PAGE
        self._failed_alone = 0
        self._thread = threading.Thread(target=self._run, name=f"ship-{self.tape}-{self.signal}", daemon=True)

    def start(self) -> None:
        """Begin to ship, in a thread. The counts of earlier runs are known at once.

        Raises:
            TickertapeError: the cursor cannot be read.
        """
        self._cursor = load(self._database, self.tape, self.signal)
        if self._cursor is not None:
            self._show(self._cursor)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; what is under way and not confirmed is shipped again by the next run."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._destination is not None:
            self._destination.close()

    def join(self, timeout: float) -> None:
        """Wait for the end. A send that hangs is not waited for any longer: the thread is a daemon."""
        if self._thread.is_alive():
            self._thread.join(max(0.0, timeout))

    def _run(self) -> None:
        try:
            self._ship()
        finally:
            self._drop_reader()

    def _ship(self) -> None:
        pause = self._pace.first_pause
        while not self._stopping.is_set():
            try:
                more = self._ship_page()
            except Exception as error:  # noqa: BLE001 - the thread's loop top: it must go on, and say so
                if self._stopping.is_set():
                    return
                self._drop_reader()
                self._failed(_named(error))
                self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                pause = min(pause * 2, self._pace.longest_pause)
            else:
                pause = self._pace.first_pause
                if not more or self._page == PAGE:  # smaller ones only feel their way around a failure
                    self.stats.failing_since = None
                if not more:
                    self._stopping.wait(self._pace.look)
        if self._cursor is not None:
            with suppress(TickertapeError):  # the database may be closed already; it is gone through again
                store(self._database, self.tape, self.signal, self._cursor)

    def _ship_page(self) -> bool:
        """Ship one page; return whether there may be more.

        Raises:
            TickertapeError: TEL_011, the collector did not take it; else what is wrong with tape or cursors.
        """
        reader = self._open()
        if reader is None:
            return False
        cursor = self._held(reader)
        end = self.stats.end = reader.last_seq()
        page = reader.read(cursor.position.seq, self._page, self._kinds) if self._route else []
        is_full = len(page) == self._page
        after = page[-1].seq if is_full else max([end, *(envelope.seq for envelope in page[-1:])])
        if after != cursor.position.seq:
            items = self._items(page)
            why = self._send(items)
            if why is None:
                self._advance(cursor, page, len(items), reader.position(after))
            elif not self._pass_over(reader, cursor, page):
                raise self._not_taken(items, why)
        self._stamp(reader)
        return is_full

    def _open(self) -> TapeReader | None:
        """Return the tape, None while there is none. One that cannot be read is the follower's to report."""
        if self._reader is not None and self._reader.replaced():
            self._drop_reader()
        if self._reader is None:
            with suppress(TickertapeError):
                self._reader = TapeReader.open(self._path)
        return self._reader

    def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    @property
    def _kinds(self) -> list[str]:
        return [KINDS[self.signal], StateSnapshotted.KIND]

    def _held(self, reader: TapeReader) -> Cursor:
        """Return where to go on. It is kept in memory too: while it cannot be stored, nothing is sent twice."""
        if self._cursor is None:
            return beginning(reader, records=0 if self._route else None)
        cursor = held(reader, self._cursor)
        if cursor is not self._cursor:
            message = (
                f"{self._path.name} was replaced or went back; shipping goes on behind {cursor.position.seq}"
            )
            self._report(RetriableError("TEL_003", message, seq=cursor.position.seq))
            self._cursor = cursor
        return cursor

    def _items(self, page: list[Envelope]) -> list[Any]:
        convert = self._route.convert if self._route is not None else _nothing
        return [item for envelope in page for item in convert(self.tape, envelope)]

    def _send(self, items: list[Any]) -> str | None:
        """Send a page's items; None if the collector has them now, else why not."""
        if not items:
            return None
        if self._destination is None:
            assert self._route is not None
            self._destination = self._route.connect()
        why = self._destination.send(items)
        if why is None:
            self._page, self._failed_alone = min(2 * self._page, PAGE), 0
        return why

    def _not_taken(self, items: list[Any], why: str) -> TickertapeError:
        """Return the error, and try a smaller page next: one too large, or one bad record, holds up no other."""
        self._failed_alone += self._page == 1
        self._page = max(1, self._page // 2)
        message = f"the collector did not take {len(items)} {self.signal} records of the {self.tape}: {why}"
        return RetriableError("TEL_011", message, tape=self.tape, signal=self.signal)

    def _pass_over(self, reader: TapeReader, cursor: Cursor, page: list[Envelope]) -> bool:
        """Pass over an event that the collector refuses while it takes the one after it.

        That other one is shipped once more in its turn: twice is better than never.
        """
        if self._page > 1 or self._failed_alone < DOUBTED_AFTER:
            return False
        doubted, following = page[0], reader.read(page[0].seq, 1, [KINDS[self.signal]])
        if not following or self._send(self._items(following)) is not None:
            return False
        items = self._items(page)
        why = self._send(items)
        if why is None:  # it was the collector after all
            self._advance(cursor, page, len(items), reader.position(doubted.seq))
            return True
        message = f"the collector refuses event {doubted.seq} of the {self.tape} and takes others: {why}"
        self._report(NonRetriableError("TEL_013", message, tape=self.tape, seq=doubted.seq))
        skipped = msgspec.structs.replace(cursor, dropped=cursor.dropped + len(items))
        self._advance(skipped, page, 0, reader.position(doubted.seq))
        return True

    def _advance(self, cursor: Cursor, page: list[Envelope], sent: int, position: TapePosition) -> None:
        records, pruned = count_behind(cursor.records, page, KINDS[self.signal])
        if pruned:
            message = (
                f"{pruned} records of {self.signal} were pruned from the {self.tape} before they were shipped"
            )
            self._report(NonRetriableError("TEL_012", message, tape=self.tape, signal=self.signal))
        self._cursor = Cursor(
            position=position,
            records=records if self._route else None,
            shipped=cursor.shipped + sent,
            dropped=cursor.dropped + pruned,
        )
        self._show(self._cursor)
        # What lies behind a cursor that was not stored is gone through again: for nothing, if it is nothing.
        if page or self._clock.monotonic_ns() - self._stored_at > self._pace.store * SECOND:
            self._stored_at = self._clock.monotonic_ns()
            store(self._database, self.tape, self.signal, self._cursor)

    def _show(self, cursor: Cursor) -> None:
        self.stats.shipped = cursor.shipped
        self.stats.dropped = cursor.dropped
        self.stats.position = cursor.position.seq

    def _stamp(self, reader: TapeReader) -> None:
        passed_at = reader.time_of(self.stats.position)
        if passed_at is not None:
            self.stats.passed_at = passed_at

    def _failed(self, error: TickertapeError) -> None:
        self.stats.failures += 1
        self.stats.message = error.message
        if self.stats.failing_since is None:
            self.stats.failing_since = self._clock.now_ns()
            self._report(error)


def _nothing(_tape: str, _envelope: Envelope) -> Iterator[Any]:
    return iter(())


def _named(error: Exception) -> TickertapeError:
    if isinstance(error, TickertapeError):
        return error
    failed = RetriableError("TEL_011", f"shipping failed: {describe(error)}")
    failed.__cause__ = error
    return failed
