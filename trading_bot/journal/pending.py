"""Events that are appended and not yet committed: the queue between a process and its writer's thread."""

from __future__ import annotations

import threading
import time
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
        self._now_ns = clock.now_ns
        self._bound = bound
        self._bytes = 0
        self._queue: deque[Entry] = deque()
        self._waiters: list[tuple[int, Future[int]]] = []
        self._asked = False
        self._idle = False
        self._sleeping = False
        self._guard = threading.Lock()
        # A lock as the signal to the writer's thread: a Condition costs the one who appends four times as much.
        self._signal = threading.Lock()
        self._signal.acquire()

    def __len__(self) -> int:
        return len(self._queue)

    def append(self, event: Event, trace_id: str | None, span_id: str | None) -> Envelope:
        """Give the event its place and time, and queue it."""
        event, payload = seal(event)
        kind = event.KIND
        with self._guard:
            if self.closing:
                raise NonRetriableError("JRNL_012", f"{kind} came after the tape was closed", kind=kind)
            self.last = seq = self.last + 1
            now, version = self._now_ns(), event.VERSION
            envelope = Envelope(seq, now, self.run_id, self._bot, kind, version, trace_id, span_id, event)
            if self._bytes > self._bound and event.RETENTION is not Retention.FACT:
                self.dropped[kind] += 1
                return envelope
            self._queue.append((envelope, payload))
            self._bytes += len(payload) + ROW_OVERHEAD_BYTES
            if self._idle:
                self._wake()
        return envelope

    def ask(self) -> Future[int]:
        """Ask for a durable commit of everything appended so far."""
        answer: Future[int] = Future()
        with self._guard:
            if self.closing:
                raise NonRetriableError("JRNL_012", "the tape is closed")
            self._waiters.append((self.last, answer))
            self._hurry()
        return answer

    def flush(self) -> None:
        """Have what is queued committed now instead of at the end of the interval."""
        with self._guard:
            self._hurry()

    def close(self) -> None:
        """Take nothing more."""
        with self._guard:
            self.closing = True
            self._hurry()

    def next_group(self, interval: float, patience: float) -> Group | None:
        """Wait for something to commit.

        Args:
            interval: seconds to gather a group after its first event, unless somebody asks.
            patience: seconds to wait for a first event before answering None.
        """
        with self._guard:
            if not self._due():
                self._idle = True
                self._sleep(patience)
                self._idle = False
            if not self._queue and not self._waiters:
                self._asked = False
                return None
            if not self._asked and len(self._queue) < GROUP_LIMIT:
                self._sleep(interval)
            self._asked = False
            entries = list(islice(self._queue, GROUP_LIMIT))
            return Group(entries, self._reaches_a_waiter(entries))

    def rest(self, seconds: float) -> None:
        """Wait before trying again; only closing cuts it short."""
        with self._guard:
            end = time.monotonic() + seconds
            while not self.closing and (remaining := end - time.monotonic()) > 0:
                self._sleep(remaining)

    def confirm(self, group: Group) -> None:
        """Forget a group that is on disk, and tell those whose events are all durable."""
        with self._guard:
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
        with self._guard:
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

    def _hurry(self) -> None:
        self._asked = True
        self._wake()

    def _wake(self) -> None:
        """Wake the writer's thread; the caller holds the guard."""
        self._idle = False
        if self._sleeping:
            self._sleeping = False
            self._signal.release()

    def _sleep(self, seconds: float) -> None:
        """Let the guard go until :meth:`_wake`, for some time at most; on the writer's thread only."""
        self._sleeping = True
        self._guard.release()
        try:
            woken = self._signal.acquire(timeout=seconds)
        finally:
            self._guard.acquire()
        if self._sleeping:
            self._sleeping = False
        elif not woken:
            self._signal.acquire()  # woken just after the time was over
