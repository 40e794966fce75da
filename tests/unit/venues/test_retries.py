from __future__ import annotations

import asyncio

import pytest

from trading_bot.contract.errors import OperatorError, RetriableError
from trading_bot.domain.clock import ManualClock
from trading_bot.venues.retries import CAPACITY, MOST_ATTEMPTS, RetryBudget, repeated


class Shop:
    """Answers after so many failures; everything asked is counted."""

    def __init__(self, *failures):
        self.clock = ManualClock()
        self.budget = RetryBudget(self.clock)
        self.failures = list(failures)
        self.asked = 0

    @repeated
    async def balance(self):
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return 7


def failed(status=500):
    return RetriableError("VENUE_001", "the server failed", status=status)


def cut_off():
    return RetriableError("VENUE_007", "half an answer", status=200)


def test_a_reading_that_the_venue_failed_to_answer_is_asked_again():
    shop = Shop(failed(), cut_off())
    assert asyncio.run(shop.balance()) == 7
    assert (shop.asked, shop.budget.spent) == (3, 2)


def test_after_a_few_attempts_the_failure_goes_up():
    shop = Shop(*[failed() for _ in range(9)])
    with pytest.raises(RetriableError, match="failed"):
        asyncio.run(shop.balance())
    assert shop.asked == MOST_ATTEMPTS


@pytest.mark.parametrize(
    "error",
    [
        RetriableError("VENUE_001", "connection refused", status=None),
        RetriableError("VENUE_003", "too many requests", status=429),
        RetriableError("VENUE_006", "maintenance", status=503),
        OperatorError("VENUE_002", "wrong key", status=401),
    ],
)
def test_what_does_not_pass_in_a_moment_goes_up_at_once(error):
    shop = Shop(error)
    with pytest.raises(type(error)):
        asyncio.run(shop.balance())
    assert shop.asked == 1


def test_the_budget_ends_and_comes_back_with_time():
    budget = RetryBudget(clock := ManualClock())
    assert [budget.spend() for _ in range(CAPACITY + 5)] == [True] * CAPACITY + [False] * 5
    clock.advance(10)
    assert [budget.spend() for _ in range(6)] == [True] * 5 + [False]


def test_without_a_budget_a_failure_goes_up_at_once():
    shop = Shop(failed())
    while shop.budget.spend():
        pass
    with pytest.raises(RetriableError):
        asyncio.run(shop.balance())
    assert shop.asked == 1
