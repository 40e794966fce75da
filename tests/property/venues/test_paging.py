"""All executions of an account, at exchanges that answer in different ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trading_bot.contract.errors import RetriableError
from trading_bot.venues.paging import all_fills

DAY = 86_400_000


class Account:
    """Trades as ccxt gives them: a page, oldest first; from a start time, from an id, or the newest."""

    def __init__(self, exchange: str, times: list[int], *, answers_for: int | None = None) -> None:
        self.id = exchange
        self.trades = [{"id": str(index + 1), "timestamp": time} for index, time in enumerate(sorted(times))]
        self._answers_for = answers_for

    async def fetch_my_trades(
        self, _symbol: str, since: int | None, limit: int, params: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        if params:
            return [trade for trade in self.trades if int(trade["id"]) >= params["fromId"]][:limit]
        if since is None:
            return self.trades[-limit:]
        end = since + self._answers_for if self._answers_for else self.trades[-1]["timestamp"]
        return [trade for trade in self.trades if since <= trade["timestamp"] <= end][:limit]


def ids(account: Account, since_ms: int, page_size: int) -> list[str]:
    trades = asyncio.run(all_fills(account, "EUR/USD", since_ms * 1_000_000, page_size))
    return [trade["id"] for trade in trades if trade["timestamp"] >= since_ms]


@given(
    st.sampled_from(["binance", "another"]),
    st.lists(st.integers(1, 40), max_size=60),
    st.integers(0, 45),
)
@example("another", [1, 1, 2, 2], 1)  # the newest page begins in the middle of the first millisecond
def test_none_is_missing_and_none_comes_twice(exchange: str, times: list[int], since: int) -> None:
    # No millisecond holds more than a page: then no exchange could lead through it by time.
    page_size = max(times.count(time) for time in times) + 1 if times else 2
    account = Account(exchange, times)
    expected = [trade["id"] for trade in account.trades if trade["timestamp"] >= since]
    assert ids(account, since, page_size) == expected


def test_an_exchange_that_answers_for_a_day_at_most_hides_nothing() -> None:
    times = [1, 2, 3, 9 * DAY, 9 * DAY, 9 * DAY + 1, 9 * DAY + 2]
    assert len(ids(Account("binance", times, answers_for=DAY), 2, 2)) == 6


def test_a_way_that_leads_nowhere_is_an_error_not_a_shorter_list() -> None:
    times = [1, 2, 3, 9 * DAY, 9 * DAY + 1]
    with pytest.raises(RetriableError) as raised:
        ids(Account("another", times, answers_for=DAY), 1, 2)
    assert raised.value.code == "VENUE_007"
