"""Events that are appended and not yet committed: the queue between a process and its writer's thread."""

from __future__ import annotations

import threading
from collections import Counter, deque
from concurrent.futures import Future
from itertools import islice
from typing import Final

import msgspec

from trading_bot.contract.codec import Envelope, seal
from trading_bot.contract.errors import NonRetriableError, TickertapeError
from trading_bot.contract.events import Event, Retention
from trading_bot.domain.clock import Clock

GROUP_LIMIT: Final = 1_000
ROW_OVERHEAD_BYTES: Final = 400
"""What an entry costs in memory besides its payload, roughly."""

Entry = tuple[Envelope, bytes]


class Group(msgspec.Struct, frozen=True):
    """What is to be committed next, in order. ``entries`` may be empty when only a barrier is asked for."""

    entries: list[Entry]
    durable: bool


class Pending:
    """The queue. Assigns sequence numbers; keeps order; facts are never dropped.

    Args:
        last: the last sequence number that is on the tape.
        bound: bytes in memory above which measurements, spans and snapshots are dropped and counted.
    """

    def __init__(self, *, bot: str, run_id: str, clock: Clock, last: int, bound: int) -> None:
        self.last = last
        self.dropped: Counter[str] = Counter()
        self.closing = False
        self._bot = bot
        self.run_id = run_id
        self._clock = clock
        self._bound = bound
        self._bytes = 0
        self._queue: deque[Entry] = deque()
        self._waiters: list[tuple[int, Future[int]]] = []
        self._asked = False
        self._idle = False
        self._changed = threading.Condition(threading.Lock())

    def __len__(self) -> int:
        return len(self._queue)

    def append(self, event: Event, trace_id: str | None, span_id: str | None) -> Envelope:
        """Give the event its place and time, and queue it."""
        event, payload = seal(event)
        with self._changed:
            if self.closing:
                raise NonRetriableError(
                    "JRNL_012", f"{event.KIND} came after the tape was closed", kind=event.KIND
                )
            self.last = seq = self.last + 1
            envelope = Envelope(
                seq=seq,
                ts=self._clock.now_ns(),
                run_id=self.run_id,
                bot=self._bot,
                kind=event.KIND,
                version=event.VERSION,
                trace_id=trace_id,
                span_id=span_id,
                payload=event,
            )
            if self._bytes > self._bound and event.RETENTION is not Retention.FACT:
                self.dropped[event.KIND] += 1
                return envelope
            self._queue.append((envelope, payload))
            self._bytes += len(payload) + ROW_OVERHEAD_BYTES
            if self._idle:
                self._idle = False
                self._changed.notify()
        return envelope

    def ask(self) -> Future[int]:
        """Ask for a durable commit of everything appended so far."""
        answer: Future[int] = Future()
        with self._changed:
            if self.closing:
                raise NonRetriableError("JRNL_012", "the tape is closed")
            self._waiters.append((self.last, answer))
            self._wake()
        return answer

    def flush(self) -> None:
        """Have what is queued committed now instead of at the end of the interval."""
        with self._changed:
            self._wake()

    def close(self) -> None:
        """Take nothing more."""
        with self._changed:
            self.closing = True
            self._wake()

    def next_group(self, interval: float, patience: float) -> Group | None:
        """Wait for something to commit.

        Args:
            interval: seconds to gather a group after its first event, unless somebody asks.
            patience: seconds to wait for a first event before answering None.
        """
        with self._changed:
            if not self._due():
                self._idle = True
                self._changed.wait_for(self._due, patience)
                self._idle = False
            if not self._queue and not self._waiters:
                self._asked = False
                return None
            if not self._asked and len(self._queue) < GROUP_LIMIT:
                self._changed.wait(interval)
            self._asked = False
            entries = list(islice(self._queue, GROUP_LIMIT))
            return Group(entries, self._reaches_a_waiter(entries))

    def rest(self, seconds: float) -> None:
        """Wait before trying again; only closing cuts it short."""
        with self._changed:
            self._changed.wait_for(lambda: self.closing, seconds)

    def confirm(self, group: Group) -> None:
        """Forget a group that is on disk, and tell those whose events are all durable."""
        with self._changed:
            for _ in group.entries:
                _, payload = self._queue.popleft()
                self._bytes -= len(payload) + ROW_OVERHEAD_BYTES
            first = self._queue[0][0].seq if self._queue else self.last + 1
            done = [waiter for waiter in self._waiters if group.durable and waiter[0] < first]
            self._waiters = [waiter for waiter in self._waiters if waiter not in done]
            self._asked = bool(self._waiters) or self.closing
        for seq, answer in done:
            if answer.set_running_or_notify_cancel():
                answer.set_result(seq)

    def fail(self, fault: TickertapeError) -> None:
        """Tell everybody who waits that it did not work; the events stay queued."""
        with self._changed:
            failed, self._waiters = self._waiters, []
        for _, answer in failed:
            if answer.set_running_or_notify_cancel():
                answer.set_exception(fault)

    def _reaches_a_waiter(self, entries: list[Entry]) -> bool:
        """Only the group that completes what somebody waits for has to wait for the disk."""
        if len(entries) == len(self._queue):
            return bool(self._waiters) or self.closing
        return any(seq <= entries[-1][0].seq for seq, _ in self._waiters)

    def _due(self) -> bool:
        return bool(self._queue or self._waiters or self.closing)

    def _wake(self) -> None:
        self._asked = True
        self._idle = False
        self._changed.notify()
