"""Tapes -> state: what every reader in this package shows comes from here.

A thread of its own follows each tape and folds it under a lock, which a reader holds only while it
renders. Nothing starts in a constructor: a server that forks calls ``start()`` afterwards, in the
process that serves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError, describe
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.domain.clock import Clock
from trading_bot.domain.fold import evolve
from trading_bot.domain.health import Health, Liveness, TapeFault, assess
from trading_bot.domain.snapshots import FOLD_VERSION, encode_state, restore
from trading_bot.domain.state import State
from trading_bot.journal import BeaconReading, BeaconStatus, Follower, Page, TapePosition, read_beacon

T = TypeVar("T")
Report = Callable[[TickertapeError], object]
"""Takes an error that following met; the process records it by its own path."""

MISSING: Final = "JRNL_013"
WAIT_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 1.0
RETRY_SECONDS_MOST: Final = 10.0


def unreported(_error: TickertapeError) -> None:
    """Report nothing: for a reader that has nowhere to record."""


class FollowedTape:
    """One tape and the state folded from it.

    Args:
        path: the tape; need not exist yet.
        report: gets each error once when it begins, not once a retry.

    Attributes:
        fault: why the tape cannot be read at present, or None; the state stays as it was then.
        rewinds: how often the tape was replaced or went back behind what had been read.
        disagreements: snapshots met on the way that differ from the fold.
        folds_failed: pages that could not be folded; after each, following starts anew with back-off.
    """

    def __init__(self, path: Path, report: Report = unreported) -> None:
        self.path = path
        self.fault: TickertapeError | None = None
        self.rewinds = 0
        self.disagreements = 0
        self.folds_failed = 0
        self._report = report
        self._state = State()
        self._position: TapePosition | None = None
        self._guard = threading.Lock()
        self._caught_up = threading.Event()
        self._stopping = threading.Event()
        self._listeners: list[Callable[[Page], None]] = []
        self._follower: Follower | None = None
        self._rewinds_before = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=f"follow-{self.path.stem}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close the tape; may be called twice."""
        self._stopping.set()
        follower = self._follower
        if follower is not None:
            follower.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def caught_up(self) -> bool:
        """Whether it has reached, once, what was last when it opened the tape, or found it unreadable."""
        return self._caught_up.is_set()

    def wait_until_caught_up(self, timeout: float) -> bool:
        """Wait for :attr:`caught_up`, at most ``timeout`` seconds."""
        return self._caught_up.wait(timeout)

    @property
    def behind(self) -> int:
        """Committed events at the last look that are not folded yet."""
        follower, folded = self._follower, self._position
        if follower is None or follower.position is None:
            return 0
        given_out = follower.position.seq - (folded.seq if folded is not None else 0)
        return follower.behind + max(0, given_out)

    @property
    def position(self) -> TapePosition | None:
        """After the last event folded; None before the first page."""
        return self._position

    @property
    def tape_fault(self) -> TapeFault | None:
        """The fault as health knows it."""
        fault = self.fault
        if fault is None:
            return None
        return TapeFault.MISSING if fault.code == MISSING else TapeFault.CORRUPT

    def read(self, function: Callable[[State, TapePosition | None], T]) -> T:
        """Return ``function(state, position)``, called under the lock.

        The state changes as soon as the function has returned: it must not keep any part of it.
        """
        with self._guard:
            return function(self._state, self._position)

    def on_change(self, listener: Callable[[Page], None]) -> None:
        """Call ``listener`` with each page once it is folded, on the follower's thread, without the lock."""
        self._listeners.append(listener)

    # What follows runs on the follower's thread.

    def _run(self) -> None:
        pause = RETRY_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001 - the thread's loop: counted, reported, begun anew
                self.folds_failed += 1
                self._set_fault(_as_named(error, self.path))
                self._caught_up.set()
            if time.monotonic() - began > 2 * RETRY_SECONDS_MOST:
                pause = RETRY_SECONDS
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, RETRY_SECONDS_MOST)

    def _follow(self) -> None:
        with Follower(self.path) as follower:
            self._follower = follower
            self._rewinds_before = self.rewinds
            try:
                while not self._stopping.is_set():
                    self._take(follower, follower.next_page(WAIT_SECONDS))
            finally:
                self._follower = None

    def _take(self, follower: Follower, page: Page | None) -> None:
        if page is not None:
            self._fold(page)
            self._count_rewinds(follower)
        self._set_fault(follower.fault)
        if follower.caught_up or follower.fault is not None:
            self._caught_up.set()
        if page is not None:
            for listener in self._listeners:
                listener(page)

    def _fold(self, page: Page) -> None:
        envelopes = page.envelopes
        state = self._state
        if page.restarted:
            begins = bool(envelopes) and isinstance(envelopes[0].payload, StateSnapshotted)
            state = restore(envelopes[0]) if begins else State()
            envelopes = envelopes[1:] if begins else envelopes
        audited = [index for index, envelope in enumerate(envelopes) if _is_comparable(envelope)]
        start = 0
        for index in audited:
            state = self._evolve(state, envelopes[start:index])
            state = self._audit(state, envelopes[index])
            start = index + 1
        state = self._evolve(state, envelopes[start:])
        with self._guard:
            self._state, self._position = state, page.position

    def _evolve(self, state: State, envelopes: list[Envelope]) -> State:
        with self._guard:
            for envelope in envelopes:
                state = evolve(state, envelope)
        return state

    def _audit(self, state: State, envelope: Envelope) -> State:
        """Hold the own fold against the writer's; where they differ the writer's counts from here on.

        Every other reader that starts later begins with that snapshot, so all show the same.
        """
        snapshot = envelope.payload
        assert isinstance(snapshot, StateSnapshotted)
        if encode_state(state) == bytes(snapshot.state):
            return self._evolve(state, [envelope])
        self.disagreements += 1
        differing = _differing_fields(state, snapshot)
        message = f"the fold of {self.path.name} differs from the snapshot at {envelope.seq} in {differing}"
        self._report(NonRetriableError("TEL_002", message, seq=envelope.seq, fields=differing))
        return restore(envelope)

    def _count_rewinds(self, follower: Follower) -> None:
        rewinds = self._rewinds_before + follower.rewinds
        if rewinds == self.rewinds:
            return
        self.rewinds = rewinds
        position = self._position
        message = f"{self.path.name} was replaced or went back; read again from its last snapshot"
        self._report(RetriableError("TEL_003", message, seq=position.seq if position else 0))

    def _set_fault(self, fault: TickertapeError | None) -> None:
        before, self.fault = self.fault, fault
        if fault is None or (before is not None and before.code == fault.code):
            return
        if fault.code != MISSING or self._position is not None:
            self._report(fault)  # a tape that has never been there is no error, one that is gone is


class BotView:
    """The bot as a reader sees it: state, health and position, from journal and beacon.

    Args:
        home: the bot's home folder.
        clock: for the bot's silence.
        report: gets the errors that following met.

    Attributes:
        journal: the followed journal, with its fault, rewinds and fold disagreements.
    """

    def __init__(self, home: Home, clock: Clock, report: Report = unreported) -> None:
        self.home = home
        self.journal = FollowedTape(home.journal, report)
        self._clock = clock
        self._beacon = home.beacon  # a path takes longer to build than the beacon to read

    def start(self) -> None:
        """Begin to follow the journal; call it in the process that serves, after any fork."""
        self.journal.start()

    def stop(self) -> None:
        """End following."""
        self.journal.stop()

    @property
    def caught_up(self) -> bool:
        """Whether there is something to serve: see :attr:`FollowedTape.caught_up`."""
        return self.journal.caught_up

    @property
    def lag(self) -> int:
        """Events that the bot has committed and this reader has not folded."""
        beacon = read_beacon(self._beacon, self._clock.now_ns()).beacon
        position = self.journal.position
        if beacon is None or position is None or beacon.position.tape_id != position.tape_id:
            return self.journal.behind
        return max(self.journal.behind, beacon.position.seq - position.seq)

    def health(self) -> Health:
        """Return the judgement of this moment."""
        return self.read(lambda _state, health, _position: health)

    def read(self, function: Callable[[State, Health, TapePosition | None], T]) -> T:
        """Return ``function(state, health, position)``, called under the lock.

        The function must be short, since it holds up the fold, and must not keep any part of the state.
        """
        now = self._clock.now_ns()
        reading = read_beacon(self._beacon, now)
        fault = self.journal.tape_fault

        def under_lock(state: State, position: TapePosition | None) -> T:
            return function(state, _judge(state, now, reading, fault), position)

        return self.journal.read(under_lock)

    def on_change(self, listener: Callable[[Page], None]) -> None:
        """Call ``listener`` with each page of the journal once it is folded, on the follower's thread."""
        self.journal.on_change(listener)


LIVENESS: Final = {
    BeaconStatus.ALIVE: Liveness.ALIVE,
    BeaconStatus.FROZEN: Liveness.FROZEN,
    BeaconStatus.DEAD: Liveness.DEAD,
    BeaconStatus.ABSENT: Liveness.ABSENT,
}


def _judge(state: State, now_ns: int, reading: BeaconReading, fault: TapeFault | None) -> Health:
    # A beacon that cannot be read leaves the heartbeat on the tape to judge by, and nothing without one.
    unreadable = Liveness.ALIVE if state.run.beat_at is not None else Liveness.DEAD
    return assess(
        state,
        now_ns,
        LIVENESS.get(reading.status, unreadable),
        beat_at=reading.beacon.ts if reading.beacon else None,
        journal_error=reading.beacon.journal_error if reading.beacon else None,
        tape_fault=fault,
    )


def _is_comparable(envelope: Envelope) -> bool:
    event = envelope.payload
    return isinstance(event, StateSnapshotted) and event.fold_version == FOLD_VERSION


def _differing_fields(state: State, snapshot: StateSnapshotted) -> str:
    own = msgspec.json.decode(encode_state(state))
    theirs = msgspec.json.decode(snapshot.state)
    names = [name for name in {**own, **theirs} if own.get(name) != theirs.get(name)]
    return ", ".join(names) or "the order of entries"


def _as_named(error: Exception, path: Path) -> TickertapeError:
    if isinstance(error, TickertapeError):
        return error
    named = NonRetriableError("JRNL_021", f"cannot fold {path.name}: {describe(error)}", path=str(path))
    named.__cause__ = error
    return named
