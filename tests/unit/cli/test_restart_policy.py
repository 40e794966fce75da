from __future__ import annotations

import pytest

from trading_bot.cli.supervision.policy import (
    FIRST_DELAY,
    LARGEST_DELAY,
    RESTART_WANTED,
    SECOND,
    STEADY_AFTER,
    Restarts,
    describe_exit,
    on_exit,
    on_ready,
)


def test_a_process_that_dies_again_and_again_waits_twice_as_long_up_to_ten_seconds():
    restarts, delays = Restarts(), []
    for _ in range(8):
        restarts, delay = on_exit(restarts, 1, now=0)
        delays.append(delay / SECOND)
    assert delays == [0.5, 1, 2, 4, 8, 10, 10, 10]
    assert restarts.count == 8


def test_a_process_that_asks_for_a_restart_gets_it_at_once_and_keeps_its_delay():
    restarts, _ = on_exit(Restarts(), 1, now=0)
    restarts, delay = on_exit(restarts, RESTART_WANTED, now=0)
    assert delay == 0
    assert on_exit(restarts, 1, now=0)[1] == 2 * FIRST_DELAY


def test_a_process_that_was_ready_for_thirty_seconds_begins_at_half_a_second_again():
    tired = Restarts(next_delay=LARGEST_DELAY)
    steady = on_ready(tired, now=5 * SECOND)
    assert on_exit(steady, 1, now=5 * SECOND + STEADY_AFTER)[1] == FIRST_DELAY


def test_a_process_that_was_ready_only_shortly_keeps_waiting_long():
    tired = Restarts(next_delay=LARGEST_DELAY)
    shortly = on_ready(tired, now=5 * SECOND)
    assert on_exit(shortly, 1, now=5 * SECOND + STEADY_AFTER - 1)[1] == LARGEST_DELAY


def test_a_process_that_never_became_ready_keeps_waiting_long_however_long_it_lived():
    assert on_exit(Restarts(next_delay=LARGEST_DELAY), 1, now=3600 * SECOND)[1] == LARGEST_DELAY


def test_only_the_first_sight_of_readiness_counts():
    assert on_ready(on_ready(Restarts(), now=1), now=2).ready_since == 1


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [(0, "ended with 0"), (1, "ended with 1"), (75, "asked for a restart"), (-9, "killed by SIGKILL")],
)
def test_the_end_of_a_process_is_told_in_words(exit_code, words):
    assert describe_exit(exit_code, {9: "SIGKILL"}) == words
