from __future__ import annotations

import statistics
from decimal import Decimal

import pytest
from support.bars import closes

from trading_bot.contract.settings import MeanReversion
from trading_bot.market_data.bundled import SYMBOLS
from trading_bot.strategies.mean_reversion import MeanReversionStrategy
from trading_bot.strategies.protocol import Direction

FLAT_THEN_A_FALL = [Decimal(close) for close in (100, 101, 100, 101, 100, 101, 100, 101, 100, 90)]


def settings(**fields):
    return MeanReversion(symbols=("EUR/USD",), **{"window": 10, **fields})


def by_formula(bars, window, entry_z, exit_z):
    """Return (bar, direction) of each change, from mean and deviation taken anew at every bar."""
    found, held = [], None
    for index in range(window - 1, len(bars)):
        last = bars[index - window + 1 : index + 1]
        deviation = statistics.pstdev(last)
        if not deviation:
            continue
        z = (bars[index] - statistics.mean(last)) / deviation
        wanted = Direction.LONG if z <= -entry_z else Direction.FLAT if z >= -exit_z else held
        if wanted is not held and not (held is None and wanted is Direction.FLAT):
            found.append((index, wanted))
        held = wanted
    return found


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_on_real_bars_it_changes_where_the_plain_formula_does(symbol):
    bars = closes(symbol)[:1200]
    running = MeanReversionStrategy(settings(window=20))
    stances = [(index, running.on_bar(close)) for index, close in enumerate(bars)]
    expected = by_formula(bars, 20, Decimal("2.0"), Decimal("0.0"))
    assert [(index, one.direction) for index, one in stances if one] == expected
    assert len(expected) > 10


def test_it_goes_long_far_below_the_average_and_flat_when_the_price_is_back():
    running = MeanReversionStrategy(settings())
    said = [running.on_bar(close) for close in FLAT_THEN_A_FALL]
    assert said[:-1] == [None] * 9
    assert said[-1].direction is Direction.LONG
    assert said[-1].reason == "z(10) -2.97 is at or below -2.0"
    assert running.on_bar(Decimal(95)) is None
    assert running.on_bar(Decimal(101)).direction is Direction.FLAT


def test_thresholds_in_force_with_the_next_decision_keep_the_window():
    running = MeanReversionStrategy(settings(entry_z=Decimal("2.99")))
    running.warm_up(FLAT_THEN_A_FALL[:-1])
    running.adapt(settings(entry_z=Decimal("2.9")))
    assert running.on_bar(FLAT_THEN_A_FALL[-1]).direction is Direction.LONG


def test_prices_of_many_digits_do_not_wear_the_sums_out():
    running = MeanReversionStrategy(settings())
    noise = [Decimal("0.00001234") * (1 + index * 7919 % 977) for index in range(20_000)]
    running.warm_up(noise)
    fresh = MeanReversionStrategy(settings())
    fresh.warm_up(noise[-10:])
    assert (running._sum, running._squares) == (fresh._sum, fresh._squares)
