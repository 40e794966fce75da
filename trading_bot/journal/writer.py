"""The one writer of a tape."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final, Self

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, OperatorError, TickertapeError, describe
from trading_bot.contract.events import Event
from trading_bot.contract.events.observation import HistogramDelta
from trading_bot.domain.clock import Clock
from trading_bot.journal.latency import LatencyHistogram
from trading_bot.journal.locks import Lock
from trading_bot.journal.pending import Group, Pending
from trading_bot.journal.retention import Pruned, Pruning, RetentionPolicy
from trading_bot.journal.schema import TapePosition
from trading_bot.journal.tape_file import TapeFile

RETRY_SECONDS: Final = 1.0
QUEUE_BYTES: Final = 64 * 1024 * 1024
CHECKPOINT_PAGES: Final = 1_000
CHECKPOINT_AT_ONCE_PAGES: Final = 16_000
QUIET_SECONDS: Final = 0.02
"""Nobody has appended for this long: a checkpoint disturbs nobody."""

Listener = Callable[[Sequence[Envelope]], None]


class TapeWriter:
    """Appends events to a tape. Appending never touches the disk; a thread commits small groups.

    While commits fail, ``fault`` says why, everything stays queued in its order, and the thread tries
    again every second. The tape's lock is held from :meth:`open` to :meth:`close`.

    Attributes:
        tape_id: identity of the tape.
        committed: last sequence number that is on the tape; survives kill -9.
        fault: why commits fail at present, or None.
        listener_error: the last exception of a commit listener, or None; they stop nothing.
    """

    def __init__(self, tape: TapeFile, lock: Lock, pending: Pending, interval: float) -> None:
        self.tape_id = tape.tape_id()
        self.committed = pending.last
        self.fault: TickertapeError | None = None
        self.listener_error: Exception | None = None
        self._tape = tape
        self._lock = lock
        self._pending = pending
        self._interval = interval
        self._listeners: list[Listener] = []
        self._latency = LatencyHistogram()
        self._prunings: list[tuple[Pruning, Iterator[None], Future[Pruned]]] = []
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name=f"tape-{tape.path.stem}", daemon=True)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        bot: str,
        run_id: str,
        clock: Clock,
        commit_interval: float = 0.005,
        queue_bytes: int = QUEUE_BYTES,
    ) -> TapeWriter:
        """Take the tape's lock, open or create the tape, start the writer's thread.

        Args:
            path: the tape.
            bot: name of the bot, part of each envelope.
            run_id: identity of this run of the process; a new one each start.
            clock: gives each event its time.
            commit_interval: seconds over which events are gathered into one commit.
            queue_bytes: bytes in memory above which measurements are dropped while commits fail.

        Raises:
            TickertapeError: JRNL_001 to JRNL_010, each as its title says.
        """
        place = Path(path)
        lock = Lock.acquire(place)
        try:
            tape = TapeFile.open(place)
            pending = Pending(bot=bot, run_id=run_id, clock=clock, last=tape.last(), bound=queue_bytes)
            writer = cls(tape, lock, pending, commit_interval)
        except BaseException:
            lock.release()
            raise
        writer._thread.start()
        return writer

    @property
    def path(self) -> Path:
        """Where the tape is."""
        return self._tape.path

    @property
    def last(self) -> int:
        """Last assigned sequence number, committed or queued; 0 before the first."""
        return self._pending.last

    @property
    def position(self) -> TapePosition:
        """The last committed position of this run."""
        return TapePosition(self.tape_id, self._pending.run_id, self.committed)

    @property
    def queued(self) -> int:
        """Events that are appended and not yet committed."""
        return len(self._pending)

    @property
    def dropped(self) -> dict[str, int]:
        """Measurements, spans and snapshots dropped since open because the queue was full, by kind."""
        return dict(self._pending.dropped)

    def append(self, event: Event, *, trace_id: str | None = None, span_id: str | None = None) -> Envelope:
        """Give the event its sequence number and time, and queue it.

        Raises:
            NonRetriableError: JRNL_012 after close or in a forked child, JRNL_020 for a NaN.
        """
        if not self._lock.held:
            self._require_lock()
        return self._pending.append(event, trace_id, span_id)

    def make_durable(self) -> Future[int]:
        """Ask that all events appended so far survive a power loss; asyncio wraps it by ``wrap_future``.

        The result is the last sequence number covered. It fails with ``fault`` while commits fail: the
        events stay queued and are written later, so what depends on them must not be done.
        """
        self._require_lock()
        if self.fault is not None:
            failed: Future[int] = Future()
            failed.set_exception(self.fault)
            return failed
        return self._pending.ask()

    def flush(self) -> None:
        """Have what is queued committed now, without waiting for it."""
        self._require_lock()
        self._pending.flush()

    def on_commit(self, listener: Listener) -> None:
        """Call ``listener`` with the events of each commit, in order, on the writer's thread."""
        self._listeners.append(listener)

    def prune(self, policy: RetentionPolicy, now_ns: int) -> Future[Pruned]:
        """Take off what is past its time, in short steps between commits. Facts and the last two snapshots stay."""
        self._require_lock()
        pruning, answer = Pruning(self._tape, policy, now_ns), Future[Pruned]()
        self._prunings.append((pruning, pruning.steps(), answer))
        self.flush()
        return answer

    def size(self) -> int:
        """Return the bytes that the tape takes on disk."""
        return self._tape.size()

    def drain_latency(self) -> HistogramDelta:
        """Return how long commits took since the last call, in seconds, for ``runtime.sampled``."""
        return self._latency.drain()

    def close(self, timeout: float = 5.0) -> None:
        """Write what is queued, durably, close the tape and give back its lock; may be called twice.

        Raises:
            TickertapeError: what kept the queue from being written within ``timeout`` seconds; its
                events are lost.
        """
        if (
            not self._lock.held
        ):  # closed before, or a forked child, whose copy of the queue may be locked for ever
            return
        self._deadline = time.monotonic() + timeout
        self._pending.close()
        self._thread.join(timeout + RETRY_SECONDS)
        self._lock.release()
        if self._pending and self.fault is not None:
            raise self.fault

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_lock(self) -> None:
        if not self._lock.held:
            raise NonRetriableError(
                "JRNL_012", f"{self.path} is not open in this process", path=str(self.path)
            )

    # What follows runs on the writer's thread.

    def _run(self) -> None:
        while not self._finished():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - the thread's loop must outlive whatever happens
                self._fail(error)
            if self.fault is not None:
                self._pending.rest(RETRY_SECONDS)
        for _, _, answer in self._prunings:
            answer.cancel()
        with contextlib.suppress(TickertapeError):
            self._tape.close()

    def _turn(self) -> None:
        group = self._pending.next_group(self._interval, self._patience())
        if group is not None:
            self._commit(group)
        self._prune_a_step()
        if self._tape.wal_pages >= (CHECKPOINT_PAGES if group is None else CHECKPOINT_AT_ONCE_PAGES):
            self._tape.checkpoint()

    def _finished(self) -> bool:
        return self._pending.closing and (not self._pending or time.monotonic() > self._deadline)

    def _patience(self) -> float:
        if self._prunings:
            return 0.0
        return QUIET_SECONDS if self._tape.wal_pages >= CHECKPOINT_PAGES else RETRY_SECONDS

    def _commit(self, group: Group) -> None:
        started = time.perf_counter()
        self._tape.commit(group)
        self._latency.observe(time.perf_counter() - started)
        self.fault = None
        if group.entries:
            self.committed = group.entries[-1][0].seq
        self._pending.confirm(group)
        self._tape.announce()
        self._tell(group)

    def _tell(self, group: Group) -> None:
        envelopes = [envelope for envelope, _ in group.entries]
        for listener in self._listeners if envelopes else ():
            try:
                listener(envelopes)
            except Exception as error:  # noqa: BLE001 - a listener must not stop the tape
                self.listener_error = error

    def _fail(self, error: Exception) -> None:
        if isinstance(error, TickertapeError):
            self.fault = error
        else:
            self.fault = OperatorError(
                "JRNL_009", f"writing {self.path} failed: {describe(error)}", path=str(self.path)
            )
            self.fault.__cause__ = error
        self._pending.fail(self.fault)

    def _prune_a_step(self) -> None:
        if not self._prunings:
            return
        pruning, steps, answer = self._prunings[0]
        try:
            next(steps)
        except StopIteration:
            self._prunings.pop(0)
            answer.set_result(pruning.result)
        except Exception as error:  # noqa: BLE001 - whatever it is, the tape goes on and the asker hears of it
            self._prunings.pop(0)
            answer.set_exception(error)
