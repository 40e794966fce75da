from __future__ import annotations

from decimal import Decimal

import pytest

from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.engine.book_watch import BookWatch
from trading_bot.venues.protocol import Bar, Quote

PAIR = "EUR/USD"


class Market:
    """One symbol's quotes and bars of a second, in a time that is moved by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.watch = BookWatch(self.clock, SECOND)

    def quote(self, bid="1.10", ask="1.12"):
        now = self.clock.now_ns()
        quote = Quote(symbol=PAIR, bid=Decimal(bid), ask=Decimal(ask), venue_time=None, received_at=now)
        self.watch.take(quote)

    def bar(self, close):
        self.clock.advance(1)
        price = Decimal(close)
        opened = self.clock.now_ns() - SECOND
        self.watch.compare(
            Bar(
                symbol=PAIR,
                open_time=opened,
                open=price,
                high=price,
                low=price,
                close=price,
                volume=Decimal(1),
            )
        )


@pytest.fixture
def market():
    market = Market()
    market.quote()
    return market


def test_two_bars_that_close_outside_a_quote_which_stood_still_freeze_it(market):
    market.bar("1.20")
    assert market.watch.frozen() == []
    market.quote()  # the same once more
    market.bar("1.21")
    assert market.watch.frozen() == [PAIR]


def test_the_first_changed_quote_ends_it(market):
    market.bar("1.20")
    market.bar("1.20")
    market.quote("1.19", "1.21")
    assert market.watch.frozen() == []


def test_a_market_that_comes_by_a_frozen_quote_does_not_thaw_it(market):
    for close in ("1.20", "1.20", "1.11", "1.11", "1.11"):
        market.bar(close)
    assert market.watch.frozen() == [PAIR]


@pytest.mark.parametrize("close", ["1.10", "1.11", "1.12"])
def test_a_bar_that_closes_within_the_quote_speaks_for_it(market, close):
    market.bar("1.20")
    market.bar(close)
    market.bar("1.20")
    assert market.watch.frozen() == []


def test_a_quote_that_changed_while_the_bar_lasted_is_no_witness_against_it(market):
    for step in range(5):
        market.quote("1.10", f"1.12{step}")
        market.bar("1.20")
    assert market.watch.frozen() == []


def test_a_bar_before_the_first_quote_says_nothing():
    market = Market()
    market.bar("1.20")
    market.bar("1.20")
    assert market.watch.frozen() == []
