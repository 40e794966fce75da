from __future__ import annotations

import socket
import time

import pytest
from limits import parse
from support.command import wait_until

from exporter.ops.access.counts import Counts
from exporter.ops.access.rates import Rates
from trading_bot.contract.errors import OperatorError, RetriableError, TickertapeError


def unreported(error: TickertapeError) -> None:
    raise error


@pytest.fixture(autouse=True)
def within_one_minute() -> None:
    """Rates are counted by the minute of the clock: begin in one that is not over at once."""
    left = 60 - time.time() % 60
    if left < 3:
        time.sleep(left)


def refused(rates: Rates, who: str, times: int) -> int:
    errors = []
    for _ in range(times):
        try:
            rates.admit(who)
        except RetriableError as error:
            errors.append(error)
    assert {error.code for error in errors} <= {"API_006"}
    assert all(1 <= error.context["retry_after_seconds"] <= 60 for error in errors)
    return len(errors)


def test_each_has_a_rate_of_their_own():
    rates = Rates("3/minute", None, unreported)
    assert refused(rates, "ada", 5) == 2
    assert refused(rates, "eve", 3) == 0


def test_an_endpoint_may_have_a_lower_one_which_leaves_the_others_alone():
    rates = Rates("100/minute", None, unreported)
    own = parse("1/minute")
    rates.admit("ada", own, "auth.token")
    with pytest.raises(RetriableError):
        rates.admit("ada", own, "auth.token")
    rates.admit("ada", own, "auth.refresh")
    rates.admit("ada")


def test_without_its_redis_a_process_counts_by_itself_and_says_so_once():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        reported: list[TickertapeError] = []
        rates = Rates("3/minute", f"redis://127.0.0.1:{nobody.getsockname()[1]}/0", reported.append)
        assert refused(rates, "ada", 5) == 2
    assert [error.code for error in reported] == ["API_007"]


def test_a_storage_that_is_none_is_refused_at_the_start():
    with pytest.raises(OperatorError) as caught:
        Rates("3/minute", "nonsense://x:password@y", unreported)
    assert caught.value.code == "BOT_002"
    assert "password" not in caught.value.message


def test_the_next_window_begins_anew_and_forgets_the_last():
    rates = Rates("2/second", None, unreported)
    assert refused(rates, "ada", 50) > 0
    assert wait_until(lambda: refused(rates, "ada", 1) == 0)


def test_callers_without_end_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("exporter.ops.access.counts.MOST_KEPT", 10)
    counts, rate = Counts(), parse("5/day")
    assert all(counts.hit(rate, f"address {number}") for number in range(100))
    assert not [counts.hit(rate, "address 1") for _ in range(5)][-1]
    assert counts.get_window_stats(rate, "address 50").remaining == 5
