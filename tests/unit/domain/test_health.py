from __future__ import annotations

import itertools

import msgspec
import pytest
from support.accounts import account, running
from support.events import START, envelope, full_example

from trading_bot.contract.events.lifecycle import (
    BotBeat,
    BotStarted,
    BotStopped,
    ConditionChanged,
    ConditionName,
    ConditionStatus,
    Mode,
)
from trading_bot.contract.telemetry import labels
from trading_bot.domain.clock import SECOND
from trading_bot.domain.fold import evolve
from trading_bot.domain.health import (
    BOT_CONDITIONS,
    SILENT_AFTER_NS,
    HealthStatus,
    Liveness,
    TapeFault,
    assess,
)
from trading_bot.domain.state import State


def condition(name, status=ConditionStatus.TRUE):
    return ConditionChanged(condition=name, status=status, reason="Test", message=f"{name} {status}")


def healthy(*events):
    started = full_example(BotStarted)
    return account(started, *(condition(name) for name in BOT_CONDITIONS), BotBeat(cycles=1), *events)


def judged(state, liveness=Liveness.ALIVE, seconds=0, **facts):
    beat = state.run.beat_at or START
    return assess(state, beat + round(seconds * SECOND), liveness, **facts)


def statuses(health):
    return {(condition.status, condition.reason) for condition in health.conditions}


def test_all_conditions_true_and_running_is_healthy():
    health = judged(healthy())
    assert (health.up, health.up_reason, health.live, health.status) == (
        True,
        "Alive",
        True,
        HealthStatus.HEALTHY,
    )
    assert statuses(health) == {("True", "Test")}
    assert health.silent_for_ns == 0


def test_nothing_known_is_never_healthy():
    for liveness in Liveness:
        health = judged(State(), liveness)
        assert health.status is not HealthStatus.HEALTHY
        assert {status for status, _ in statuses(health)} == {"Unknown"}


@pytest.mark.parametrize("name", BOT_CONDITIONS)
@pytest.mark.parametrize("status", [ConditionStatus.FALSE, ConditionStatus.UNKNOWN])
def test_one_condition_that_is_not_true_is_degraded_and_named(name, status):
    health = judged(healthy(condition(name, status)))
    assert (health.status, health.live) == (HealthStatus.DEGRADED, True)
    assert health.reason.startswith(f"{name} is {status}: {name} {status}")


def test_a_condition_that_was_never_reported_is_unknown_and_degraded():
    state = account(full_example(BotStarted), BotBeat(cycles=1), condition(ConditionName.FEED_FRESH))
    health = judged(state)
    assert health.status is HealthStatus.DEGRADED
    assert statuses(health) == {("True", "Test"), ("Unknown", "NotReported")}


def test_the_exporters_own_condition_does_not_count():
    broken = condition(ConditionName.TELEMETRY_FLOWING, ConditionStatus.FALSE)
    assert judged(healthy(broken)).status is HealthStatus.HEALTHY


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.RUNNING])
def test_a_mode_other_than_running_is_degraded_and_says_why(mode):
    health = judged(healthy(running(Mode.RUNNING, mode)))
    assert health.status is HealthStatus.DEGRADED
    assert health.reason == f"mode is {mode}: for a test"


@pytest.mark.parametrize(
    ("liveness", "reason"),
    [(Liveness.DEAD, "Dead"), (Liveness.ABSENT, "Dead"), (Liveness.FROZEN, "Frozen")],
)
def test_a_dead_or_frozen_bot_is_offline_and_its_conditions_are_unknown(liveness, reason):
    health = judged(healthy(), liveness, seconds=60)
    assert (health.up, health.up_reason, health.live) == (False, reason, False)
    assert health.status is HealthStatus.OFFLINE
    assert statuses(health) == {("Unknown", "BotSilent")}
    assert health.silent_for_ns == 60 * SECOND


def test_a_bot_that_stopped_cleanly_says_how():
    stopped = BotStopped(reason="asked to stop", exit_code=0)
    assert "(it stopped: asked to stop)" in judged(healthy(stopped), Liveness.DEAD).reason


def test_a_bot_that_never_started_is_told_from_one_that_died():
    for liveness in (Liveness.DEAD, Liveness.ABSENT):
        assert judged(State(), liveness).up_reason == "NeverStarted"
        assert judged(healthy(), liveness).up_reason == "Dead"


def test_a_beacon_that_is_alive_does_not_help_when_no_heartbeat_moves():
    at_the_edge = SILENT_AFTER_NS / SECOND
    assert judged(healthy(), seconds=at_the_edge).up_reason == "Alive"
    silent = judged(healthy(), seconds=at_the_edge + 0.001)
    assert (silent.up, silent.up_reason, silent.status) == (False, "Frozen", HealthStatus.OFFLINE)


def test_the_beacons_heartbeat_counts_where_the_journals_is_older():
    state = healthy()
    late = state.run.beat_at + 60 * SECOND
    health = judged(state, seconds=60, beat_at=late)
    assert (health.up_reason, health.silent_for_ns) == ("Alive", 0)


def test_a_journal_that_cannot_be_written_is_up_and_degraded_and_only_that_condition_is_false():
    health = judged(healthy(), seconds=60, beat_at=None, journal_error="no space left")
    assert (health.up, health.up_reason, health.live) == (True, "JournalUnwritable", False)
    assert health.status is HealthStatus.DEGRADED
    assert health.reason == "the journal cannot be written: no space left"
    for one in health.conditions:
        if one.name is ConditionName.JOURNAL_WRITABLE:
            assert (one.status, one.message) == (ConditionStatus.FALSE, "no space left")
        else:
            assert (one.status, one.reason) == (ConditionStatus.UNKNOWN, "JournalUnwritable")


def test_a_dead_bot_stays_dead_whatever_its_last_journal_error_was():
    assert judged(healthy(), Liveness.DEAD, journal_error="no space left").up_reason == "Dead"
    assert judged(healthy(), Liveness.FROZEN, journal_error="no space left").up_reason == "Frozen"


@pytest.mark.parametrize(
    ("fault", "liveness", "reason"),
    [
        (TapeFault.MISSING, Liveness.ALIVE, "JournalMissing"),
        (TapeFault.MISSING, Liveness.FROZEN, "JournalMissing"),
        (TapeFault.MISSING, Liveness.DEAD, "JournalMissing"),
        (TapeFault.MISSING, Liveness.ABSENT, "NeverStarted"),
        *((TapeFault.CORRUPT, liveness, "JournalCorrupt") for liveness in Liveness),
    ],
)
def test_a_tape_that_cannot_be_read_is_offline_with_its_reason(fault, liveness, reason):
    health = judged(State(), liveness, tape_fault=fault)
    assert (health.up, health.up_reason, health.status) == (False, reason, HealthStatus.OFFLINE)


@pytest.mark.parametrize("known", [True, False], ids=["known", "nothing known"])
def test_every_combination_has_a_reason_of_the_catalogue_and_never_contradicts_itself(known):
    state = healthy() if known else State()
    combinations = itertools.product(
        Liveness, (None, *TapeFault), (None, "broken"), (0, 2, 4, 400), (None, START)
    )
    for liveness, fault, error, seconds, beat_at in combinations:
        health = judged(state, liveness, seconds, beat_at=beat_at, journal_error=error, tape_fault=fault)
        assert health.up_reason in labels.UP_REASONS
        assert (health.status is HealthStatus.OFFLINE) == (not health.up)
        assert health.live == (health.up_reason == "Alive") == (health.up and error is None)
        assert [one.name for one in health.conditions] == list(BOT_CONDITIONS)
        assert health.reason
        if health.status is HealthStatus.HEALTHY:
            assert all(one.status is ConditionStatus.TRUE for one in health.conditions)


def test_a_condition_keeps_its_time_while_only_its_message_changes():
    state = healthy()
    first = state.conditions[ConditionName.FEED_FRESH].since
    changed = msgspec.structs.replace(condition(ConditionName.FEED_FRESH), message="another word")
    evolve(state, envelope(changed, state.seq + 1))
    assert state.conditions[ConditionName.FEED_FRESH].since == first
    assert state.conditions[ConditionName.FEED_FRESH].message == "another word"
    evolve(state, envelope(condition(ConditionName.FEED_FRESH, ConditionStatus.FALSE), state.seq + 1))
    assert state.conditions[ConditionName.FEED_FRESH].since == state.ts
