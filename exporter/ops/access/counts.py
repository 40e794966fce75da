"""Requests counted in this process' memory.

limits' own memory storage starts a thread every ten milliseconds to forget what is over, which took a
quarter of a request's time. Fixed windows need none: a new window forgets the one before.
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from limits import RateLimitItem

MOST_KEPT: Final = 100_000
"""Counts of one rate in one window. Beyond, those with a count go on, and new ones are not counted."""


class WindowStats(NamedTuple):
    """As limits' strategies tell it; the time is in seconds since the epoch."""

    reset_time: float
    remaining: int


class Window:
    """The counts of one rate in the window that is open."""

    __slots__ = ("counts", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.counts: dict[tuple[str, ...], int] = {}


class Counts:
    """Counts in fixed windows, with the two methods of limits' strategies that are used. For one thread."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}

    def hit(self, rate: RateLimitItem, *who: str) -> bool:
        """Count once, and say whether it was within the rate."""
        window = self._window(rate)
        count = window.counts.get(who, 0) + 1
        if count > 1 or len(window.counts) < MOST_KEPT:
            window.counts[who] = count
        return count <= rate.amount

    def get_window_stats(self, rate: RateLimitItem, *who: str) -> WindowStats:
        """Say when the window ends and how much of it is left."""
        window = self._window(rate)
        remaining = max(0, rate.amount - window.counts.get(who, 0))
        return WindowStats((window.number + 1) * float(rate.get_expiry()), remaining)

    def _window(self, rate: RateLimitItem) -> Window:
        number = int(time.time() // rate.get_expiry())
        name = rate.key_for()
        window = self._windows.get(name)
        if window is None or window.number != number:
            window = self._windows[name] = Window(number)
        return window
