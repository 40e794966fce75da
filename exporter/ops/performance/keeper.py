"""The thread that keeps the series: reads the tape once from its beginning, then what comes."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from exporter.ops.performance.series import FACTS, HOUR_NS, Series, Tally
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError, describe
from trading_bot.contract.events.market import QuoteConflated
from trading_bot.domain.clock import Clock
from trading_bot.journal import TapePosition, TapeReader

LOOK_SECONDS: Final = 1.0
REST_SECONDS: Final = 0.002
FACTS_A_LOOK: Final = 500
QUOTES_A_LOOK: Final = 1_000


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a request sees: samples of equity by time, tallies by hour, and how far the tape was read."""

    samples: dict[int, Decimal]
    tallies: dict[int, Tally]
    seq: int
    read_until: int | None
    began_at: int | None
    is_complete: bool
    fault: str | None


class PerformanceKeeper:
    """Keeps the results of a journal by hour, in a thread of its own, a few hundred rows at a time.

    Args:
        path: the journal.
        clock: for the hours.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._ending = threading.Event()
        self._series = Series()
        self._position: TapePosition | None = None
        self._hour = 0
        self._kept = Kept(
            samples={}, tallies={}, seq=0, read_until=None, began_at=None, is_complete=False, fault=None
        )

    def start(self) -> None:
        """Begin, in a thread."""
        threading.Thread(target=self._run, name="performance", daemon=True).start()

    def stop(self) -> None:
        """End soon."""
        self._ending.set()

    def kept(self) -> Kept:
        """Return what is kept now."""
        return self._kept

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with TapeReader.open(self._path) as reader:
                    while not self._ending.is_set() and not reader.replaced():
                        self.look(reader)
                        self._ending.wait(LOOK_SECONDS)
            except Exception as error:  # noqa: BLE001 - the thread's loop: said, and begun anew
                fault = error.code if isinstance(error, TickertapeError) else describe(error)
                self._kept = msgspec.structs.replace(self._kept, fault=fault)
                self._ending.wait(LOOK_SECONDS)

    def look(self, reader: TapeReader) -> None:
        """Take everything that is new on the tape."""
        if self._position is not None and not reader.holds(self._position):
            self._series, self._hour = Series(), 0  # the tape was replaced, or went back
        last, before = reader.last_seq(), self._hour
        has_news = False
        for envelope in self._facts(reader, last):
            self._pass_hours(reader, envelope.ts)
            self._series.take(envelope)
            has_news = True
        self._pass_hours(reader, self._clock.now_ns())
        self._series.seq = last
        self._position = reader.position(last) if last else None
        if has_news or self._hour != before or not self._kept.is_complete or self._kept.fault is not None:
            self._publish(reader, last)

    def _publish(self, reader: TapeReader, last: int) -> None:
        self._series.forget()
        samples, tallies = self._series.copy()
        self._kept = Kept(
            samples=samples,
            tallies=tallies,
            seq=last,
            read_until=reader.time_of(last) if last else None,
            began_at=self._series.began_at,
            is_complete=True,
            fault=None,
        )

    def _facts(self, reader: TapeReader, last: int) -> Iterator[Envelope]:
        """Yield the new facts in order, in pages small enough to let requests in between."""
        parts = [self._of_kind(reader, kind, last) for kind in FACTS]
        yield from heapq.merge(*parts, key=lambda envelope: envelope.seq)

    def _of_kind(self, reader: TapeReader, kind: str, last: int) -> Iterator[Envelope]:
        after = self._series.seq
        while page := reader.read(after, FACTS_A_LOOK, (kind,)):
            for envelope in page:
                if envelope.seq > last:
                    return
                yield envelope
            after = page[-1].seq
            self._ending.wait(REST_SECONDS)

    def _pass_hours(self, reader: TapeReader, now: int) -> None:
        """Take a sample of equity at every hour that has passed, at the quotes of that moment."""
        if self._series.began_at is None:
            return
        hour = self._hour or self._series.began_at // HOUR_NS * HOUR_NS + HOUR_NS
        if not self._hour:
            self._sample_at(reader, self._series.began_at)
        while hour <= now and not self._ending.is_set():
            self._sample_at(reader, hour)
            hour += HOUR_NS
        self._hour = hour

    def _sample_at(self, reader: TapeReader, at: int) -> None:
        """Value what is held at the last quotes before ``at``; nothing where they were pruned."""
        end = reader.seq_at(at)
        newest: dict[str, Envelope] = {}
        for envelope in reader.read_back(end + 1, QUOTES_A_LOOK, (QuoteConflated.KIND,)):
            assert isinstance(envelope.payload, QuoteConflated)
            if at - envelope.ts < HOUR_NS:
                newest[envelope.payload.symbol] = envelope
        for envelope in newest.values():
            self._series.take(envelope)
        if newest:
            with suppress(TickertapeError):
                self._series.sample(at)
