"""Where shipping goes on after restarts, power losses and replaced tapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tapes import fact, open_writer

from exporter.otlp.cursors import Cursor, beginning, held, load, open_cursors, store
from trading_bot.journal import OwnedDatabase, TapePosition, TapeReader


@pytest.fixture
def database(tmp_path: Path) -> Iterator[OwnedDatabase]:
    with open_cursors(tmp_path / "exporter.db") as opened:
        yield opened


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[TapeReader]:
    """A tape on which run-1 left the events 1 to 5 and run-2 the events 6 to 9."""
    path = tmp_path / "journal.db"
    for run_id, count in (("run-1", 5), ("run-2", 4)):
        with open_writer(path, run_id) as writer:
            for number in range(count):
                writer.append(fact(number))
    with TapeReader.open(path) as opened:
        yield opened


def at(tape_id: str, run_id: str, seq: int) -> Cursor:
    return Cursor(position=TapePosition(tape_id, run_id, seq), records=3, shipped=7, dropped=1)


def test_what_was_stored_is_loaded_by_tape_and_signal(database: OwnedDatabase):
    cursor = at("tape", "run-1", 4)
    store(database, "journal", "traces", at("tape", "run-1", 2))
    store(database, "journal", "traces", cursor)
    assert load(database, "journal", "traces") == cursor
    assert load(database, "journal", "logs") is None
    assert load(database, "control", "traces") is None


def test_a_cursor_that_the_tape_holds_stays(reader: TapeReader):
    cursor = at(reader.tape_id, "run-2", 8)
    assert held(reader, cursor) is cursor


@pytest.mark.parametrize(
    ("run_id", "seq", "goes_on_behind"),
    [
        ("run-1", 7, 5),  # run-1 had written up to 7, lost 6 and 7, and run-2 wrote others there
        ("run-2", 12, 9),  # the end of the tape was lost
        ("run-9", 8, 0),  # nothing is left of the run
    ],
)
def test_after_a_power_loss_it_goes_on_behind_what_is_left_of_its_run(
    reader: TapeReader, run_id: str, seq: int, goes_on_behind: int
):
    moved = held(reader, at(reader.tape_id, run_id, seq))
    assert moved.position.seq == goes_on_behind
    assert reader.holds(moved.position)
    assert (moved.records, moved.shipped, moved.dropped) == (None, 7, 1)


def test_another_tape_is_gone_through_from_its_beginning(reader: TapeReader):
    assert held(reader, at("another", "run-1", 3)).position == beginning(reader, records=0).position
