"""Make the session tables again from ``exchange_calendars``.

Writes ``trading_bot/boot/calendars/<name>.json``: the trading hours of each calendar as intervals in UTC,
holidays and short days included, lunch breaks cut out, up to where the package knows them (about a year
ahead). A table ends; run this once a quarter.

Run: ``.venv/bin/python scripts/regenerate_sessions.py`` (needs the development environment)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import exchange_calendars

from trading_bot.contract.settings import CALENDARS

DESTINATION = Path(__file__).parents[1] / "trading_bot" / "boot" / "calendars"
FIRST_DAY = "2026-01-01"
WRITTEN = "%Y-%m-%dT%H:%MZ"


def main() -> int:
    """Write one file a calendar and say how far each reaches."""
    for name in CALENDARS:
        calendar = exchange_calendars.get_calendar(name, start=FIRST_DAY)
        intervals = list(joined(trading_hours(calendar.schedule)))
        table = {
            "calendar": name,
            "time_zone": str(calendar.tz),
            "source": f"exchange_calendars {version('exchange_calendars')} (Apache-2.0)",
            "intervals": [f"{opens:{WRITTEN}}/{closes:{WRITTEN}}" for opens, closes in intervals],
        }
        (DESTINATION / file_name(name)).write_text(json.dumps(table, indent=1) + "\n")
        print(f"{name}: {len(intervals)} sessions until {intervals[-1][1]:%Y-%m-%d}")
    return 0


def trading_hours(schedule: Any) -> Iterable[tuple[Any, Any]]:
    """Yield (opens, closes) in order, a day with a break as two."""
    for day in schedule.itertuples():
        if day.break_start == day.break_start:  # not NaT
            yield day.open, day.break_start
            yield day.break_end, day.close
        else:
            yield day.open, day.close


def joined(intervals: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, Any]]:
    """Yield the intervals, those that follow one another without a pause as one."""
    pending = None
    for opens, closes in intervals:
        if pending is not None and pending[1] == opens:
            pending = (pending[0], closes)
            continue
        if pending is not None:
            yield pending
        pending = (opens, closes)
    if pending is not None:
        yield pending


def file_name(calendar: str) -> str:
    """Return the file of a calendar: a slash is no part of a name."""
    return f"{calendar.replace('/', '-')}.json"


if __name__ == "__main__":
    raise SystemExit(main())
