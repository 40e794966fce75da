"""Which column is which, and what a time may look like."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.columns import Times, find_columns


@pytest.mark.parametrize(
    ("header", "places"),
    [
        ("time,open,high,low,close,volume", (0, 1, 2, 3, 4, 5)),
        ("Volume,Close,Low,High,Open,Timestamp", (5, 4, 3, 2, 1, 0)),
        ("Open time,Open,High,Low,Close,Volume,Close time,Quote volume", (0, 1, 2, 3, 4, 5)),
        ("Date,Open,High,Low,Close,Adj Close,Volume", (0, 1, 2, 3, 4, 6)),
        ("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD", (0, 3, 4, 5, 6, 7)),
        ("t,o,h,l,c,v", (0, 1, 2, 3, 4, 5)),
        (' "GMT time" ,Open,High,Low,Close,VOL', (0, 1, 2, 3, 4, 5)),
    ],
)
def test_common_spellings_are_found_in_any_order(header: str, places):
    assert find_columns(header.split(","), "file.csv", "BTC") == places


@pytest.mark.parametrize(
    ("header", "column", "words"),
    [
        ("time,open,high,low,close", "volume", "0 in each row"),
        ("open,high,low,close,volume", "time", "found none among open, high"),
        ("time,open,Open,high,low,close,volume", "open", "found 2 of that name"),
    ],
)
def test_a_column_that_is_missing_or_stands_twice_is_named(header: str, column, words):
    with pytest.raises(OperatorError) as caught:
        find_columns(header.split(","), "file.csv")
    assert caught.value.code == "DATA_007"
    assert f"file.csv: row 1, column {column}: expected" in caught.value.message
    assert words in caught.value.message


SECOND = 1_700_000_040


@pytest.mark.parametrize(
    "cell",
    [
        str(SECOND),
        str(SECOND * 10**3),
        str(SECOND * 10**6),
        str(SECOND * 10**9),
        f"{SECOND}.0",
        SECOND,
        float(SECOND),
        "2023-11-14T22:14:00Z",
        "2023-11-14 22:14:00",
        "2023-11-14T23:14:00+01:00",
        " 2023-11-14T22:14:00.000000Z ",
        datetime(2023, 11, 14, 22, 14, tzinfo=UTC),
        datetime(2023, 11, 14, 23, 14, tzinfo=timezone(timedelta(hours=1))),
        datetime(2023, 11, 14, 22, 14),  # noqa: DTZ001 - without a zone it is UTC
    ],
)
def test_every_common_way_to_write_a_time_means_the_same(cell):
    assert Times().read([cell]) == [SECOND * 10**9]


@pytest.mark.parametrize("cell", ["yesterday", "", "14/11/2023", "-5", "nan", "1.5"])
def test_what_is_no_time_is_none(cell):
    with pytest.raises(ValueError, match=r".*"):
        Times().read([cell])


def test_the_unit_of_the_first_time_holds_for_the_table():
    times = Times()
    assert times.read([str(SECOND)]) == [SECOND * 10**9]
    with pytest.raises(ValueError, match=r".*"):
        times.read([str(SECOND * 10**9)])
