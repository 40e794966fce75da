"""The shipped session tables, held against the package that they come from."""

from __future__ import annotations

import pytest
from support import oracles

from trading_bot.boot.sessions import FOLDER, session_table, shipped_hours
from trading_bot.contract.settings import CALENDARS, Session
from trading_bot.domain.clock import SECOND

pytestmark = [
    # The package uses what pandas has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pandas.errors.Pandas4Warning"),
    pytest.mark.xdist_group("pandas"),  # one worker loads it
]


def test_every_calendar_of_the_settings_has_a_table_and_no_table_is_left_over():
    assert {session_table(name).calendar for name in CALENDARS} == set(CALENDARS)
    assert len(list(FOLDER.glob("*.json"))) == len(CALENDARS)


@pytest.mark.parametrize("name", CALENDARS)
def test_a_table_is_in_order_and_never_overlaps(name):
    table = session_table(name)
    times = [time for pair in zip(table.opens, table.closes, strict=True) for time in pair]
    assert times == sorted(set(times))


@pytest.mark.parametrize("name", CALENDARS)
def test_a_table_says_what_the_package_says_at_every_hour_of_a_year(name):
    table, hours, session = session_table(name), shipped_hours(), Session(calendar=name)
    ends = oracles.pandas.Timestamp(table.expires, tz="UTC")
    calendar = oracles.exchange_calendars.get_calendar(name, start="2026-01-01")
    schedule = calendar.schedule[
        calendar.schedule["close"] <= min(ends, oracles.pandas.Timestamp("2027-01-01", tz="UTC"))
    ]
    hourly = oracles.pandas.date_range(
        schedule["open"].iloc[0], schedule["close"].iloc[-1], freq="67min", inclusive="left"
    )
    differ = [
        minute
        for minute in hourly
        if hours.is_open(session, minute.value) is not calendar.is_open_on_minute(minute)
    ]
    assert not differ


def test_the_day_after_thanksgiving_is_short_in_new_york():
    hours, session = shipped_hours(), Session(calendar="XNYS")
    one = oracles.pandas.Timestamp("2026-11-27T17:59:59Z").value
    assert hours.is_open(session, one)
    assert not hours.is_open(session, one + SECOND)
    assert hours.is_known(session, one + SECOND)
