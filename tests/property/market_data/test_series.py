"""A series has no end and no jump."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trading_bot.market_data.bundled import SYMBOLS, load
from trading_bot.market_data.series import Series

SERIES = {symbol: load(symbol) for symbol in SYMBOLS}
ANY = st.sampled_from(SYMBOLS).map(SERIES.__getitem__)
INDEXES = st.integers(-100_000, 100_000)


@given(ANY, INDEXES)
def test_the_same_index_gives_the_same_bar_for_ever(series: Series, index: int):
    again = Series(symbol=series.symbol, bars=series.bars)
    assert series.bar_at(index) == again.bar_at(index)


@given(ANY, INDEXES)
def test_every_bar_is_one_of_the_data_or_its_reverse(series: Series, index: int):
    bar = series.bar_at(index)
    assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    assert bar in series.bars or bar.reversed() in series.bars


@given(ANY, st.integers(-20, 20))
def test_at_either_end_of_the_data_the_next_bar_opens_where_the_last_closed(series: Series, turn: int):
    index = turn * len(series.bars)
    assert series.bar_at(index).open == series.bar_at(index - 1).close


@given(ANY, INDEXES)
def test_every_step_from_close_to_open_is_a_real_one_or_its_inverse(series: Series, index: int):
    step = (series.bar_at(index).close, series.bar_at(index + 1).open)
    length = len(series.bars)
    if index % length != length - 1:
        place = index % (2 * length)
        at = place if place < length else 2 * length - 2 - place
        real = (series.bars[at].close, series.bars[at + 1].open)
        assert step in {real, real[::-1]}
