"""Whatever the state holds, the summary is whole JSON within its budget."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from support.events import any_events, tape
from support.lives import lives

from exporter.ops.representations.state import represent_state
from exporter.ops.representations.summary import LIMIT_BYTES, BotSummary, represent_summary
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.domain.fold import evolve
from trading_bot.domain.health import Liveness, TapeFault, assess
from trading_bot.domain.state import State

TEXTS = st.text(max_size=30) | st.builds(
    lambda text, times: text * times, st.text(max_size=9), st.integers(0, 3000)
)
ERRORS = st.builds(
    lambda text, ts: ErrorRecorded(error=NonRetriableError("VENUE_001", text).semantic(ts)),
    TEXTS,
    st.integers(0, 2**60),
)


@given(
    life=lives(),
    events=st.lists(any_events(), max_size=8),
    errors=st.lists(ERRORS, max_size=4),
    liveness=st.sampled_from(Liveness),
    fault=st.sampled_from(TapeFault) | st.none(),
    journal_error=TEXTS | st.none(),
    later=st.integers(0, 2**50),
)
def test_the_summary_is_within_its_budget_whatever_happened(
    life, events, errors, liveness, fault, journal_error, later
):
    state = State()
    for envelope in tape([*life, *events, *errors]):
        state = evolve(state, envelope)
    now = max(state.ts, 0) + later
    health = assess(state, now, liveness, journal_error=journal_error, tape_fault=fault)
    encoded = msgspec.json.encode(represent_summary(state, health, now))
    assert len(encoded) <= LIMIT_BYTES
    body = msgspec.json.decode(encoded, type=BotSummary)
    assert body.position_count is not None or "position_count" in body.unknown
    assert msgspec.json.encode(represent_state(state, health, now, 200))
