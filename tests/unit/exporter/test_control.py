"""What waits for the bot's answer, and what it answered, on the metrics page."""

from __future__ import annotations

from support.events import envelope
from support.history import rich_state
from support.scrapes import render, samples, scrape_of, value

from trading_bot.contract.events.lifecycle import (
    CommandAnswered,
    ConditionChanged,
    ConditionName,
    ConditionStatus,
    SettingsRolledBack,
)
from trading_bot.domain.clock import SECOND
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import Issued


def issued(name: str, command_id: str, issued_at: int, seconds: int = 60) -> Issued:
    return Issued(
        command_id=command_id, name=name, issued_at=issued_at, expires_at=issued_at + seconds * SECOND
    )


def test_a_command_waits_until_it_is_answered_or_expired():
    state, clock = rich_state()
    now = clock.now_ns()
    own = {"commands": (issued("ApplySettings", "a", now), issued("PauseTrading", "b", now - SECOND, 1))}
    page = render(scrape_of(state, clock, own=own), clock)
    assert value(page, "tradingbot_control_commands_pending") == 1
    assert value(page, "tradingbot_settings_pending") == 1
    answered = CommandAnswered(command_id="a", name="ApplySettings", outcome="rejected", message="stale")
    state = evolve(state, envelope(answered, state.seq + 1))
    page = render(scrape_of(state, clock, own=own), clock)
    assert value(page, "tradingbot_control_commands_pending") == 0
    assert value(page, "tradingbot_settings_pending") == 0


def test_a_command_that_changes_no_settings_makes_none_pending():
    state, clock = rich_state()
    own = {"commands": (issued("PauseTrading", "b", clock.now_ns()),)}
    page = render(scrape_of(state, clock, own=own), clock)
    assert value(page, "tradingbot_control_commands_pending") == 1
    assert value(page, "tradingbot_settings_pending") == 0


def test_without_a_control_tape_nothing_is_said_of_what_waits():
    state, clock = rich_state()
    page = render(scrape_of(state, clock, own={"control_position": None}), clock)
    assert value(page, "tradingbot_control_commands_pending") is None
    assert value(page, "tradingbot_settings_pending") is None


def test_answers_are_counted_by_name_and_outcome_from_0_on():
    state, clock = rich_state()
    for outcome, name in (("acknowledged", "PauseTrading"), ("rejected", "Explode")):
        event = CommandAnswered(command_id=name, name=name, outcome=outcome, message="")
        state = evolve(state, envelope(event, state.seq + 1))
    page = render(scrape_of(state, clock), clock)
    counted = {
        (dict(labels)["name"], dict(labels)["outcome"]): count
        for (metric, labels), count in samples(page).items()
        if metric == "tradingbot_control_commands_total"
    }
    assert counted["PauseTrading", "acknowledged"] == 1
    assert counted["unknown", "rejected"] == 1
    assert counted["RestartBot", "expired"] == 0


def test_drift_and_returns_are_shown():
    state, clock = rich_state()
    page = render(scrape_of(state, clock), clock)
    assert value(page, "tradingbot_settings_rollbacks_total") == 0
    drifted = ConditionChanged(
        condition=ConditionName.CONFIG_APPLIED, status=ConditionStatus.FALSE, reason="Drift", message=""
    )
    back = SettingsRolledBack(
        generation=4, restored_generation=2, hash="0", settings={}, actor="bot", reason="worse"
    )
    for event in (drifted, back):
        state = evolve(state, envelope(event, state.seq + 1))
    page = render(scrape_of(state, clock), clock)
    assert value(page, "tradingbot_settings_drift") == 1
    assert value(page, "tradingbot_settings_rollbacks_total") == 1
