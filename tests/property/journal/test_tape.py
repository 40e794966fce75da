from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.tapes import fact, measurement, open_writer, read_all

from trading_bot.contract.codec import Envelope
from trading_bot.domain.clock import ManualClock
from trading_bot.journal import TapeReader

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fact"), st.integers(0, 2_000)),
        st.tuples(st.just("measurement"), st.integers(0, 2_000)),
        st.sampled_from([("flush", 0), ("durable", 0), ("reopen", 0), ("later", 0)]),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=40)
@given(steps=STEPS)
def test_whatever_is_appended_flushed_and_reopened_is_read_back_equal(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, clock = Path(folder) / "journal.db", ManualClock()
        appended: list[Envelope] = []
        writer = open_writer(path, "run-0", clock)
        for number, (step, size) in enumerate(steps, start=1):
            if step == "fact":
                appended.append(writer.append(fact(number, padding=size), trace_id=f"{size:032x}"))
            elif step == "measurement":
                appended.append(writer.append(measurement(size)))
            elif step == "flush":
                writer.flush()
            elif step == "durable":
                assert writer.make_durable().result(60) == len(appended)
                assert read_all(path) == appended
            elif step == "reopen":
                writer.close()
                writer = open_writer(path, f"run-{number}", clock)
                assert writer.last == len(appended)
            else:
                clock.advance(0.5)
        writer.close()
        assert read_all(path) == appended


@settings(deadline=None, max_examples=20)
@given(
    story=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=40),
    look=st.integers(-2, 130),
)
def test_a_place_is_found_by_its_time_and_a_tape_is_read_backwards(story, look):
    with tempfile.TemporaryDirectory() as folder:
        _look_back(Path(folder) / "journal.db", story, look)


def _look_back(path: Path, story: list[tuple[int, bool]], look: int) -> None:
    clock = ManualClock(1_000)
    with open_writer(path, clock=clock) as writer:
        for number, (wait, is_fact) in enumerate(story):
            clock.advance(wait / 1e9)
            writer.append(fact(number) if is_fact else measurement(number))
        writer.make_durable().result(60)
    with TapeReader.open(path) as reader:
        every = reader.read(0, 1_000)
        at = 1_000 + look
        assert reader.seq_at(at) == max((one.seq for one in every if one.ts <= at), default=0)
        kind = fact(0).KIND
        facts = [one.seq for one in every if one.kind == kind]
        assert [one.seq for one in reader.read_back(len(every) + 1, 5, (kind,))] == facts[-5:]
        assert [one.seq for one in reader.read_back(4, 2)] == [one.seq for one in every if one.seq < 4][-2:]
        assert reader.count(kind, 0, len(every) + 1, 7) == min(len(facts), 7)
