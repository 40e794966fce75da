from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.tapes import fact, measurement, open_writer, read_all

from trading_bot.contract.codec import Envelope
from trading_bot.domain.clock import ManualClock

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
                assert writer.make_durable().result(10) == len(appended)
                assert read_all(path) == appended
            elif step == "reopen":
                writer.close()
                writer = open_writer(path, f"run-{number}", clock)
                assert writer.last == len(appended)
            else:
                clock.advance(0.5)
        writer.close()
        assert read_all(path) == appended
