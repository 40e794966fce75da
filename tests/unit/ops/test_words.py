from __future__ import annotations

import pytest
from support.history import PAIR, rich_state

from exporter.ops.representations.words import named, warnings
from trading_bot.domain.clock import SECOND
from trading_bot.domain.health import Liveness, assess


def said(age_seconds: float = 0.5, liveness: Liveness = Liveness.ALIVE, **facts: str) -> str:
    state, clock = rich_state()
    now = clock.now_ns() + round(age_seconds * SECOND)
    beat = now if liveness is Liveness.ALIVE else None
    return "\n".join(warnings(state, assess(state, now, liveness, beat_at=beat, **facts), now))


def test_a_dead_bot_is_said_to_be_offline_and_since_when():
    text = said(10, Liveness.DEAD)
    assert "Bot offline (Dead)" in text
    assert "2023-11-14T22:13:" in text
    assert "Stale data" not in text


@pytest.mark.parametrize(("age", "stale"), [(299, False), (301, True)])
def test_data_older_than_300_seconds_is_always_called_stale(age, stale):
    assert ("Stale data" in said(age)) is stale
    assert ("Stale data" in said(age, Liveness.DEAD)) is stale


def test_an_old_price_of_an_open_position_is_named():
    text = said(310)
    assert f"Stale prices: more than 300 s old for {PAIR}" in text


def test_a_journal_that_cannot_be_written_is_said():
    assert "cannot record (JournalUnwritable)" in said(journal_error="JRNL_004")


def test_warnings_do_not_change_while_nothing_happens():
    assert said(400, Liveness.DEAD) == said(500, Liveness.DEAD)


def test_unknown_orders_mismatches_and_blocked_symbols_are_said():
    text = said()
    assert f"Outcome unknown of 1 order(s) on {PAIR}" in text
    assert "differ in 1 place(s)" in text
    assert "No new risk is taken on AAPL/USD" in text


def test_of_many_symbols_a_few_are_named_and_of_long_ones_none():
    assert named([f"S{number}" for number in range(9)]) == "S0, S1, S2, S3, S4 and 4 more"
    assert named(["x" * 500]) == "1 symbol(s)"
