"""A reader's view over real tapes: catching up, rewinding, and tapes that cannot be read."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from support.command import PATIENCE
from support.history import started, tell
from support.tapes import eventually, open_writer

from exporter.follow import BotView
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import Event
from trading_bot.contract.events.lifecycle import BotBeat, Mode, StateSnapshotted
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, snapshot
from trading_bot.domain.state import State
from trading_bot.journal import Beacon, BeaconWriter, OwnedDatabase, Page, TapeWriter


class Ledger:
    """A tape's writer that folds what it appends, as the bot does."""

    def __init__(self, writer: TapeWriter, state: State | None = None) -> None:
        self.writer = writer
        self.state = state or State()

    def append(self, event: Event, *, trace_id: str | None = None) -> Envelope:
        envelope = self.writer.append(event, trace_id=trace_id)
        self.state = evolve(self.state, envelope)
        return envelope

    def snapshot(self) -> None:
        self.append(snapshot(self.state))


@pytest.fixture
def reported() -> list[TickertapeError]:
    return []


@pytest.fixture
def view(home: Home, reported: list[TickertapeError]) -> Iterator[BotView]:
    made = BotView(home, SystemClock(), reported.append)
    yield made
    made.stop()


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with open_writer(home.journal, clock=SystemClock()) as writer:
        yield Ledger(writer)


def reads(view: BotView, ledger: Ledger) -> None:
    """Wait until the view has read all that the ledger appended."""
    eventually(lambda: view.journal.position is not None and view.journal.position.seq == ledger.writer.last)


def codes(reported: list[TickertapeError]) -> list[str]:
    return [error.code for error in reported]


def test_nothing_runs_before_start(home: Home):
    before = set(threading.enumerate())
    view = BotView(home, SystemClock())
    assert set(threading.enumerate()) <= before
    assert not view.caught_up
    view.stop()


def test_a_home_where_no_bot_has_run_is_ready_and_says_so(view: BotView, reported: list[TickertapeError]):
    view.start()
    assert view.journal.wait_until_caught_up(PATIENCE)
    assert view.health().up_reason == "NeverStarted"
    assert view.journal.position is None
    assert reported == []


def test_the_view_is_the_writers_own_state(view: BotView, ledger: Ledger):
    view.start()
    tell(ledger.append, SystemClock())
    reads(view, ledger)
    assert view.read(lambda state, _health, _position: encode_state(state)) == encode_state(ledger.state)
    assert view.lag == 0


def test_a_late_reader_begins_at_the_last_snapshot_and_arrives_at_the_same_state(
    view: BotView, ledger: Ledger
):
    tell(ledger.append, SystemClock())
    ledger.snapshot()
    ledger.append(BotBeat(cycles=8))
    ledger.writer.make_durable().result(60)
    pages: list[Page] = []
    view.on_change(pages.append)
    view.start()
    reads(view, ledger)
    assert [envelope.kind for envelope in pages[0].envelopes] == ["state.snapshotted", "bot.beat"]
    assert view.read(lambda state, _health, _position: encode_state(state)) == encode_state(ledger.state)


def test_a_tape_that_appears_later_is_followed(view: BotView, home: Home):
    view.start()
    assert view.journal.wait_until_caught_up(PATIENCE)
    with open_writer(home.journal, clock=SystemClock()) as writer:
        writer.append(started(previous_run_ended=None))
        eventually(lambda: view.health().up_reason == "Dead")
        assert view.journal.fault is None


def test_snapshots_that_agree_are_not_counted(view: BotView, ledger: Ledger, reported: list[TickertapeError]):
    view.start()
    tell(ledger.append, SystemClock())
    for _ in range(3):
        ledger.snapshot()
        ledger.append(BotBeat(cycles=1))
    reads(view, ledger)
    assert (view.journal.disagreements, reported) == (0, [])


def test_a_snapshot_that_differs_is_counted_named_and_taken_over(
    view: BotView, ledger: Ledger, reported: list[TickertapeError]
):
    view.start()
    tell(ledger.append, SystemClock())
    reads(view, ledger)
    ledger.state.run.cycles = 99
    ledger.snapshot()
    reads(view, ledger)
    eventually(lambda: view.journal.disagreements == 1)
    assert codes(reported) == ["TEL_002"]
    assert reported[0].context["fields"] == "run"
    ledger.snapshot()
    reads(view, ledger)
    assert view.journal.disagreements == 1
    assert view.read(lambda state, _health, _position: state.run.cycles) == 99


def test_a_replaced_tape_is_read_from_its_beginning_and_counted(
    view: BotView, home: Home, ledger: Ledger, reported: list[TickertapeError]
):
    view.start()
    tell(ledger.append, SystemClock())
    reads(view, ledger)
    ledger.writer.close()
    _remove(home.journal)
    with open_writer(home.journal, "run-2", clock=SystemClock()) as writer:
        writer.append(started(previous_run_ended=None))
        eventually(lambda: view.journal.rewinds == 1)
        eventually(lambda: view.read(lambda state, _health, _position: state.seq) == 1)
    assert "TEL_003" in codes(reported)


def test_a_tape_that_lost_its_end_is_read_again_from_the_snapshot_and_counted(
    view: BotView, home: Home, ledger: Ledger, reported: list[TickertapeError]
):
    tell(ledger.append, SystemClock())
    ledger.snapshot()
    ledger.writer.close()
    before = home.path / "before.db"
    shutil.copy(home.journal, before)
    with open_writer(home.journal, "run-2", clock=SystemClock()) as writer:
        later = Ledger(writer, ledger.state)
        later.append(BotBeat(cycles=8))
        view.start()
        reads(view, later)
    _remove(home.journal)  # its write-ahead log holds what is to be lost
    before.rename(home.journal)
    eventually(lambda: view.journal.rewinds == 1)
    position = view.journal.position
    assert position is not None
    assert position.seq == later.writer.last - 1
    assert "TEL_003" in codes(reported)


def test_a_tape_that_vanishes_is_missing_and_its_last_state_is_kept(
    view: BotView, home: Home, ledger: Ledger, reported: list[TickertapeError]
):
    view.start()
    tell(ledger.append, SystemClock())
    reads(view, ledger)
    ledger.writer.close()
    BeaconWriter.open(home.beacon).close()
    aside = home.path / "aside.db"
    home.journal.rename(aside)
    eventually(lambda: view.journal.fault is not None)
    assert view.health().up_reason == "JournalMissing"
    assert view.read(lambda state, _health, _position: state.seq) == ledger.writer.last
    aside.rename(home.journal)
    eventually(lambda: view.journal.fault is None)
    assert codes(reported) == ["JRNL_013"]


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


def _foreign(path: Path) -> None:
    OwnedDatabase.open(path, "CREATE TABLE other (x)", "something else", 1).close()


@pytest.mark.parametrize("spoil", [_garbage, _foreign])
def test_a_tape_that_is_none_is_named_once_and_makes_the_bot_offline(
    view: BotView, home: Home, reported: list[TickertapeError], spoil
):
    spoil(home.journal)
    view.start()
    assert view.journal.wait_until_caught_up(PATIENCE)
    assert (view.health().up, view.health().up_reason) == (False, "JournalCorrupt")
    eventually(lambda: len(reported) == 1)
    assert reported[0].code in {"JRNL_001", "JRNL_002"}


def test_a_damaged_snapshot_stops_the_reader_loudly_and_it_keeps_trying(
    view: BotView, ledger: Ledger, reported: list[TickertapeError]
):
    newer = StateSnapshotted(fold_version=999, state=msgspec.Raw(b"{}"))
    ledger.writer.append(newer)
    ledger.writer.make_durable().result(60)
    view.start()
    assert view.journal.wait_until_caught_up(PATIENCE)
    assert view.health().up_reason == "JournalCorrupt"
    assert codes(reported) == ["JRNL_021"]
    tell(ledger.append, SystemClock())
    ledger.snapshot()
    eventually(lambda: view.journal.fault is None)


def test_lag_is_what_the_beacon_says_is_committed_and_not_folded_yet(
    view: BotView, home: Home, ledger: Ledger
):
    view.start()
    ledger.append(started(previous_run_ended=None))
    reads(view, ledger)
    beacon = BeaconWriter.open(home.beacon)

    def while_the_fold_waits(_state: State, _health: object, _position: object) -> int:
        for number in range(50):
            ledger.writer.append(BotBeat(cycles=number))
        ledger.writer.make_durable().result(60)
        position = ledger.writer.position
        beacon.write(Beacon(pid=1, run_id="run-1", ts=time.time_ns(), position=position, mode=Mode.RUNNING))
        return view.lag

    assert view.read(while_the_fold_waits) == 50
    eventually(lambda: view.lag == 0)
    beacon.close()


def _remove(tape: Path) -> None:
    for name in (tape.name, f"{tape.name}-wal", f"{tape.name}-shm"):
        tape.with_name(name).unlink(missing_ok=True)
