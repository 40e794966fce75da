"""The first minutes of a new user: the demo's bars must give something to look at."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trading_bot.contract.settings import SmaCross
from trading_bot.exchange.listing import DEFAULTS
from trading_bot.market_data.bundled import load
from trading_bot.strategies.protocol import Direction
from trading_bot.strategies.registry import build

BARS = 15
DEFAULT_SETTINGS = {"trend": SmaCross(symbols=tuple(DEFAULTS))}


def first_signal(symbol):
    """Return (bar after the start, stance) of the first signal that the default strategy gives."""
    strategy, series, start = (
        build(DEFAULT_SETTINGS)["trend", symbol],
        load(symbol),
        DEFAULTS[symbol].first_bar,
    )
    strategy.warm_up([close(series, start - back) for back in range(strategy.history + 1, 0, -1)])
    for bar in range(BARS):
        stance = strategy.on_bar(close(series, start + bar))
        if stance is not None:
            return bar + 1, stance
    return None


def close(series, index):
    return Decimal(str(series.bar_at(index).close))


@pytest.mark.parametrize("symbol", DEFAULTS)
def test_with_default_offset_and_settings_the_first_signal_is_a_buy_and_comes_by_bar_15(symbol):
    found = first_signal(symbol)
    assert found is not None
    bar, stance = found
    assert bar <= BARS
    assert stance.direction is Direction.LONG


def test_the_first_signals_do_not_all_come_at_once():
    assert len({first_signal(symbol)[0] for symbol in DEFAULTS}) > 1
