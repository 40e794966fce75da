"""Trading sessions and trading days: when a market is open, and which day it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from trading_bot.contract.settings import Session, Settings
from trading_bot.domain.clock import SECOND


def is_session_open(session: Session | None, now_ns: int) -> bool:
    """Whether a session is open at ``now_ns``; without a session a market is always open.

    A session that closes before it opens, or when it opens, runs over midnight and belongs to the weekday
    it opened on.
    """
    if session is None:
        return True
    local = _local(now_ns, session.time_zone)
    minute = local.hour * 60 + local.minute
    opens, closes = _minutes(session.opens), _minutes(session.closes)
    if opens < closes:
        return local.isoweekday() in session.weekdays and opens <= minute < closes
    if minute >= opens:
        return local.isoweekday() in session.weekdays
    yesterday = (local - timedelta(days=1)).isoweekday()
    return minute < closes and yesterday in session.weekdays


def trading_day(settings: Settings, now_ns: int) -> str:
    """Return the ISO date of the trading day at ``now_ns``: the date on which the day began, locally.

    Days follow one another also in the night in which an hour comes twice: a day begins at the first.
    """
    local = _local(now_ns, settings.day_time_zone)
    hour, minute = divmod(_minutes(settings.day_starts_at), 60)
    begins = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    has_begun = now_ns // SECOND >= begins.timestamp()
    return (local if has_begun else local - timedelta(days=1)).date().isoformat()


def _local(now_ns: int, time_zone: str) -> datetime:
    zone = UTC if time_zone == "UTC" else ZoneInfo(time_zone)
    return datetime.fromtimestamp(now_ns // SECOND, tz=zone)  # a float would round up into tomorrow


def _minutes(clock_time: str) -> int:
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)
