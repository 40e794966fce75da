"""The session tables that are shipped, read when they are first asked for."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.domain.clock import SECOND
from trading_bot.domain.sessions import Hours, SessionTable

FOLDER: Final = Path(__file__).with_name("calendars")


class _File(msgspec.Struct):
    calendar: str
    time_zone: str
    source: str
    intervals: list[str]


@cache
def session_table(calendar: str) -> SessionTable:
    """Return a shipped calendar's table; ``calendar`` is one of ``contract.settings.CALENDARS``."""
    path = FOLDER / f"{calendar.replace('/', '-')}.json"
    written = msgspec.json.decode(path.read_bytes(), type=_File)
    opens, closes = zip(*(interval.split("/") for interval in written.intervals), strict=True)
    return SessionTable(
        calendar=written.calendar,
        opens=tuple(_nanoseconds(time) for time in opens),
        closes=tuple(_nanoseconds(time) for time in closes),
    )


def shipped_hours() -> Hours:
    """Return the hours that go by the shipped tables."""
    return Hours(session_table)


def _nanoseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp()) * SECOND
