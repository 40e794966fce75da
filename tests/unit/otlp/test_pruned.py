"""Counting what was pruned before it was shipped."""

from __future__ import annotations

from support.history import Recorder
from support.recording import recorded

from exporter.otlp.pruned import count_behind
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.snapshots import snapshot

KIND = SpansRecorded.KIND


def tape(*story: str) -> list[Envelope]:
    """Return the spans and snapshots of a tape: ``tape("span", "snapshot")``."""
    recorder = Recorder(ManualClock())
    for number, what in enumerate(story):
        recorder(recorded(number, 1) if what == "span" else snapshot(recorder.state))
    return recorder.envelopes


def test_nothing_is_missing_where_every_record_was_passed():
    assert count_behind(0, tape("span", "span", "snapshot", "span"), KIND) == (3, 0)


def test_records_that_a_snapshot_counts_and_nobody_passed_are_missing():
    events = tape("span", "span", "span", "snapshot", "span")
    left = [events[2], events[3], events[4]]
    assert count_behind(0, left, KIND) == (4, 2)
    assert count_behind(1, left, KIND) == (4, 1)


def test_without_a_known_count_the_first_snapshot_gives_it_and_nothing_is_missing():
    events = tape("span", "span", "snapshot", "span", "snapshot")
    assert count_behind(None, events[1:4], KIND) == (3, 0)
    assert count_behind(None, events[3:4], KIND) == (None, 0)


def test_a_record_passed_twice_is_no_negative_loss():
    assert count_behind(5, tape("span", "snapshot"), KIND) == (1, 0)
