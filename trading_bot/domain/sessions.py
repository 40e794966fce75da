"""Trading sessions and trading days: when a market is open, and which day it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from trading_bot.contract.settings import Session, Settings
from trading_bot.domain.clock import SECOND


class SessionTable(msgspec.Struct, frozen=True, kw_only=True):
    """The trading hours of a calendar. ``opens`` and ``closes`` are nanoseconds since the epoch, in order.

    ``closes`` ends with the table: what comes after is not known.
    """

    calendar: str
    opens: tuple[int, ...]
    closes: tuple[int, ...]

    @property
    def expires(self) -> int:
        """Up to when it is known what is open, nanoseconds since the epoch."""
        return self.closes[-1]


class Hours:
    """Whether markets are open: a session by its hours or by its calendar's table; none means always.

    Args:
        table: gives a calendar's table.
    """

    def __init__(self, table: Callable[[str], SessionTable]) -> None:
        self._table = table

    def is_open(self, session: Session | None, now_ns: int) -> bool:
        """Whether a session is open at ``now_ns``. Beyond a table's end nothing is open: see :meth:`is_known`."""
        if session is None:
            return True
        if session.calendar is None:
            return is_within_hours(session, now_ns)
        table = self._table(session.calendar)
        last = bisect_right(table.opens, now_ns) - 1
        return last >= 0 and now_ns < table.closes[last]

    def is_known(self, session: Session | None, now_ns: int) -> bool:
        """Whether it is known at all what is open at ``now_ns``."""
        if session is None or session.calendar is None:
            return True
        table = self._table(session.calendar)
        return table.opens[0] <= now_ns < table.expires

    def expires(self, calendar: str) -> int:
        """Return up to when a calendar's table reaches, nanoseconds since the epoch."""
        return self._table(calendar).expires


def is_within_hours(session: Session, now_ns: int) -> bool:
    """Whether a session that is given by hours is open at ``now_ns``.

    A session that closes before it opens, or when it opens, runs over midnight and belongs to the weekday
    it opened on.
    """
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
