from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from support.accounts import settings

from trading_bot.contract.settings import Session
from trading_bot.domain.clock import SECOND
from trading_bot.domain.sessions import Hours, SessionTable, trading_day

HOURS = Hours({}.__getitem__)
LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")


def at(text, zone=UTC):
    """Return nanoseconds since the epoch of an ISO time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * SECOND


def test_without_a_session_and_with_the_default_one_a_market_is_always_open():
    for session in (None, Session()):
        for hours in range(0, 200, 7):
            assert HOURS.is_open(session, at("2026-11-20T23:59:59") + hours * 3600 * SECOND)


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2026-11-20T09:29:59", False),
        ("2026-11-20T09:30:00", True),
        ("2026-11-20T15:59:59", True),
        ("2026-11-20T16:00:00", False),
        ("2026-11-21T12:00:00", False),  # a Saturday
        ("2026-11-23T12:00:00", True),
    ],
)
def test_a_day_session_opens_and_closes_on_its_weekdays_in_its_own_time_zone(time, is_open):
    session = Session(time_zone="America/New_York", opens="09:30", closes="16:00", weekdays=(1, 2, 3, 4, 5))
    assert HOURS.is_open(session, at(time, NEW_YORK)) is is_open


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("2026-11-22T16:59", False),  # Sunday, before the week opens
        ("2026-11-22T17:00", True),
        ("2026-11-23T03:00", True),
        ("2026-11-23T16:30", False),  # the pause
        ("2026-11-26T17:00", True),  # Thursday's session ...
        ("2026-11-27T15:59", True),  # ... runs into Friday
        ("2026-11-27T16:00", False),
        ("2026-11-27T17:00", False),  # no session opens on Friday
        ("2026-11-28T03:00", False),
    ],
)
def test_a_session_over_midnight_belongs_to_the_weekday_on_which_it_opened(time, is_open):
    session = Session(time_zone="America/New_York", opens="17:00", closes="16:00", weekdays=(7, 1, 2, 3, 4))
    assert HOURS.is_open(session, at(time, NEW_YORK)) is is_open


def test_a_session_that_closes_when_it_opens_lasts_a_day():
    session = Session(opens="17:00", closes="17:00", weekdays=(1,))
    monday = at("2026-11-23T17:00:00")
    assert not HOURS.is_open(session, monday - 1)
    assert HOURS.is_open(session, monday)
    assert HOURS.is_open(session, monday + 24 * 3600 * SECOND - 1)
    assert not HOURS.is_open(session, monday + 24 * 3600 * SECOND)


@pytest.mark.parametrize(("day", "offset"), [("2026-03-27", 0), ("2026-03-30", 1), ("2026-10-26", 0)])
def test_a_session_keeps_its_local_hours_across_the_change_of_summer_time(day, offset):
    session = Session(time_zone="Europe/London", opens="08:00", closes="16:30")
    opens = at(f"{day}T08:00:00") - offset * 3600 * SECOND
    assert not HOURS.is_open(session, opens - 1)
    assert HOURS.is_open(session, opens)


def test_a_session_over_midnight_holds_in_the_night_in_which_the_clock_changes():
    session = Session(time_zone="Europe/London", opens="22:00", closes="06:00", weekdays=(6,))
    opened = at("2026-10-24T22:00:00", LONDON)
    lasts = 9 * 3600 * SECOND  # an hour longer in that night
    assert HOURS.is_open(session, opened + lasts - 1)
    assert not HOURS.is_open(session, opened + lasts)


def test_the_trading_day_is_the_utc_day_unless_moved():
    plain = settings()
    assert trading_day(plain, at("2026-11-22T23:59:59")) == "2026-11-22"
    assert trading_day(plain, at("2026-11-23T00:00:00")) == "2026-11-23"


def test_the_last_nanosecond_of_a_day_is_of_that_day():
    assert trading_day(settings(), at("2026-11-23T00:00:00") - 1) == "2026-11-22"


def test_a_trading_day_that_starts_in_the_evening_carries_the_date_of_its_evening():
    moved = msgspec.structs.replace(settings(), day_starts_at="17:00", day_time_zone="America/New_York")
    assert trading_day(moved, at("2026-11-22T16:59:59", NEW_YORK)) == "2026-11-21"
    assert trading_day(moved, at("2026-11-22T17:00:00", NEW_YORK)) == "2026-11-22"
    assert trading_day(moved, at("2026-11-23T16:59:59", NEW_YORK)) == "2026-11-22"


@pytest.mark.parametrize("starts_at", ["00:00", "01:30", "02:30", "17:00"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"])
def test_trading_days_follow_one_another_without_a_gap_through_a_whole_year(zone, starts_at):
    moved = msgspec.structs.replace(settings(), day_starts_at=starts_at, day_time_zone=zone)
    half_hours = [at("2026-01-01T00:00:00") + 1800 * SECOND * step for step in range(48 * 365)]
    days = [trading_day(moved, time) for time in half_hours]
    assert days == sorted(days)
    first = datetime.fromisoformat(days[0])
    expected = [(first + timedelta(days=day)).date().isoformat() for day in range(len(set(days)))]
    assert list(dict.fromkeys(days)) == expected


def table(*intervals):
    """Return the hours of a calendar that is open in these intervals."""
    opens, closes = zip(*((at(opens), at(closes)) for opens, closes in intervals), strict=True)
    return Hours({"XNYS": SessionTable(calendar="XNYS", opens=opens, closes=closes)}.__getitem__)


@pytest.mark.parametrize(
    ("time", "is_open", "is_known"),
    [
        ("2026-11-25T14:29:59", False, False),  # before the table begins
        ("2026-11-25T14:30:00", True, True),
        ("2026-11-25T21:00:00", False, True),
        ("2026-11-26T15:00:00", False, True),  # Thanksgiving
        ("2026-11-27T17:59:59", True, True),  # the short day after it
        ("2026-11-27T18:00:00", False, False),  # the table ends
    ],
)
def test_a_calendar_is_open_in_the_intervals_of_its_table_and_unknown_beyond_it(time, is_open, is_known):
    hours = table(
        ("2026-11-25T14:30", "2026-11-25T21:00"),
        ("2026-11-27T14:30", "2026-11-27T18:00"),
    )
    session = Session(calendar="XNYS")
    assert hours.is_open(session, at(time)) is is_open
    assert hours.is_known(session, at(time)) is is_known
    assert hours.expires("XNYS") == at("2026-11-27T18:00")
