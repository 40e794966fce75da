from __future__ import annotations

from decimal import Decimal

import pytest
from support.bars import closes

from trading_bot.contract.settings import SmaCross
from trading_bot.market_data.bundled import SYMBOLS
from trading_bot.strategies.protocol import Direction
from trading_bot.strategies.sma_cross import SmaCrossStrategy


def strategy(fast=2, slow=4):
    return SmaCrossStrategy(SmaCross(symbols=("EUR/USD",), fast=fast, slow=slow))


def by_formula(bars, fast, slow):
    """Return (bar, direction) of each crossing, from averages taken anew at every bar."""
    found, before = [], None
    for index in range(slow - 1, len(bars)):
        quick = sum(bars[index - fast + 1 : index + 1]) / fast
        calm = sum(bars[index - slow + 1 : index + 1]) / slow
        if quick == calm:
            continue
        now = Direction.LONG if quick > calm else Direction.FLAT
        if before is not None and now is not before:
            found.append((index, now))
        before = now
    return found


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("fast", "slow"), [(5, 20), (1, 2), (10, 50)])
def test_on_real_bars_it_crosses_where_the_plain_formula_does(symbol, fast, slow):
    bars = closes(symbol)[:2500]
    running = strategy(fast, slow)
    stances = [(index, running.on_bar(close)) for index, close in enumerate(bars)]
    assert [(index, one.direction) for index, one in stances if one] == by_formula(bars, fast, slow)


def test_it_goes_long_where_the_fast_average_crosses_above_and_flat_where_it_crosses_below():
    running = strategy()
    said = [running.on_bar(Decimal(close)) for close in (10, 10, 9, 8, 9, 12, 12, 9, 7)]
    assert [one.direction if one else None for one in said[4:]] == [
        None,
        Direction.LONG,
        None,
        None,
        Direction.FLAT,
    ]
    assert said[5].reason == "sma(2) 10.5 crossed above sma(4) 9.5"


def test_averages_that_only_touch_are_no_crossing():
    running = strategy(1, 2)
    assert [running.on_bar(Decimal(close)) for close in (2, 1, 1, 1)] == [None] * 4
    assert running.direction is Direction.FLAT


def test_the_first_bar_on_which_it_is_warm_is_no_crossing():
    running = strategy()
    assert [running.on_bar(Decimal(close)) for close in (1, 2, 3, 4)] == [None] * 4
    assert running.direction is Direction.LONG


def test_running_sums_stay_exact_over_many_bars():
    running = strategy(5, 20)
    for index in range(100_000):
        running.on_bar(Decimal(1 + index * 7919 % 1000) / 1000)
    running.warm_up([Decimal("0.1")] * 20)
    before = running.direction
    assert running.on_bar(Decimal("0.1")) is None
    assert running.direction is before
