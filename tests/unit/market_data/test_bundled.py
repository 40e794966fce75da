"""The bars that travel with the code."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.bundled import SYMBOLS, load, parse

HEADER = "time,open,high,low,close,volume\n"
GOOD = "1000,10,12,9,11,100\n"


@pytest.mark.parametrize(
    ("symbol", "bars"),
    [("EUR/USD", 6225), ("GOOGL/USD", 2335), ("AAPL/USD", 3270), ("IBM/USD", 3270), ("MSFT/USD", 3270)],
)
def test_every_bundled_series_is_there_in_full(symbol, bars):
    assert len(load(symbol).bars) == bars


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_bundled_series_jumps_as_an_unadjusted_split_would(symbol):
    closes = [bar.close for bar in load(symbol).bars]
    falls = [after / before for before, after in pairwise(closes)]
    # AAPL did fall by 52 % on 2000-09-29; a two-for-one split that was left in would show as 0.5 +- its day
    real_crash = {"AAPL/USD": 1}.get(symbol, 0)
    assert sum(fall < 0.7 for fall in falls) == real_crash


def test_prices_are_in_shares_of_the_last_day():
    first = load("AAPL/USD").bars[0]
    assert first.close == pytest.approx(130.31 / 4)
    assert first.volume == 4 * 9_616_100


def test_a_symbol_without_data_is_refused_with_those_that_have_some():
    with pytest.raises(OperatorError) as caught:
        load("XYZ/USD")
    assert caught.value.code == "DATA_003"
    assert "EUR/USD" in caught.value.message


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("2000,0,12,9,11,100", "DATA_001", "open"),
        ("2000,-1,12,9,11,100", "DATA_001", "open"),
        ("2000,10,nan,9,11,100", "DATA_001", "high"),
        ("2000,10,inf,9,11,100", "DATA_001", "high"),
        ("2000,10,8,9,8.5,100", "DATA_001", "high"),
        ("2000,10,12,9,13,100", "DATA_001", "close"),
        ("2000,8,12,9,11,100", "DATA_001", "open"),
        ("2000,10,12,9,11,-1", "DATA_001", "volume"),
        ("2000,10,12,9,eleven,100", "DATA_001", "close"),
        ("2000,10,12", "DATA_001", "low"),
        ("nan,10,12,9,11,100", "DATA_001", "time"),
        ("1000,10,12,9,11,100", "DATA_002", "time"),
        ("999,10,12,9,11,100", "DATA_002", "time"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_row_and_column(row, code, column):
    with pytest.raises(OperatorError) as caught:
        parse(io.StringIO(HEADER + GOOD + row + "\n"), "file.csv")
    assert caught.value.code == code
    assert caught.value.context == {"source": "file.csv", "row": 3, "column": column}
    assert f"row 3, column {column}" in caught.value.message


@pytest.mark.parametrize("text", ["", "time,price\n", HEADER])
def test_a_table_that_is_none_is_refused(text):
    with pytest.raises(OperatorError) as caught:
        parse(io.StringIO(text), "file.csv")
    assert caught.value.code == "DATA_004"
