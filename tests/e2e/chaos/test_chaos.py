"""A short chaos run: random faults and kills, with the audit of the long one (``make chaos``)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.chaos import SETTINGS, Chaos
from support.trading import Floor

SECONDS, SECONDS_LONG = 12, 600

pytestmark = pytest.mark.timeout(1500)


def test_after_random_faults_and_kills_books_agree_nothing_is_sent_twice_and_no_limit_is_passed(
    floor: Callable[..., Floor], count: Callable[[str, int, str], None], long_run: bool, seed: int
):
    report = Chaos(floor(**SETTINGS), seed).run(SECONDS_LONG if long_run else SECONDS)
    for line in report.lines():
        print(line)
    assert report.compared >= 1
    played, killed = sum(report.faults.values()), sum(report.kills.values())
    told = f"{played} faults, {killed} kills, books agree {report.compared} times"
    count("chaos, seconds", round(report.seconds), told)
