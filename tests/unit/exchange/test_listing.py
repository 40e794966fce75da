"""Where the replay begins."""

from __future__ import annotations

import pytest

from trading_bot.contract.errors import OperatorError
from trading_bot.exchange.bars import Replay
from trading_bot.exchange.listing import DEFAULTS, listings
from trading_bot.market_data.bundled import SYMBOLS, load

FAST, SLOW = 5, 20


def closes(symbol: str, bars: range) -> list[int]:
    replay = Replay(DEFAULTS[symbol], load(symbol))
    return [replay.play(bar).close for bar in bars]


def crosses_above(symbol: str, bar: int) -> bool:
    """Whether the fast average is above the slow one at the close of ``bar``, and was not a bar before."""
    before, after = (closes(symbol, range(last - SLOW + 1, last + 1)) for last in (bar - 1, bar))
    return sum(before[-FAST:]) / FAST <= sum(before) / SLOW and sum(after[-FAST:]) / FAST > sum(after) / SLOW


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_first_upward_crossing_comes_within_bars_6_to_12(symbol):
    assert any(crosses_above(symbol, bar) for bar in range(6, 12))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_500_real_bars_come_before_the_start(symbol):
    assert Replay(DEFAULTS[symbol], load(symbol)).history_starts_at() <= -500


@pytest.mark.parametrize(("symbol", "most"), [("EUR/USD", 0.01), ("GOOGL/USD", 0.10), ("IBM/USD", 0.10)])
def test_the_first_300_bars_hold_no_crash(symbol, most):
    peak, worst = 0, 0.0
    for close in closes(symbol, range(300)):
        peak = max(peak, close)
        worst = max(worst, 1 - close / peak)
    assert worst < most


def test_the_first_bar_can_be_chosen_for_a_symbol():
    chosen = {listed.instrument.symbol: listed.first_bar for listed in listings({"EUR/USD": 700})}
    assert chosen["EUR/USD"] == 700
    assert chosen["IBM/USD"] == DEFAULTS["IBM/USD"].first_bar


def test_a_first_bar_of_a_symbol_that_is_not_listed_is_refused():
    with pytest.raises(OperatorError) as caught:
        listings({"XYZ/USD": 700})
    assert caught.value.code == "DATA_003"
