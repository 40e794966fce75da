"""Time as an argument."""

from __future__ import annotations

from typing import Final, Protocol

SECOND: Final = 1_000_000_000
"""Nanoseconds."""


class Clock(Protocol):
    """Where time comes from."""

    def now_ns(self) -> int:
        """Return wall time, nanoseconds since the epoch, UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Return a time that never goes back, nanoseconds, for durations within one process."""
        ...


class ManualClock:
    """A clock that stands still until it is moved. Wall and monotonic time move together."""

    def __init__(self, now_ns: int = 1_700_000_000 * SECOND) -> None:
        self._now = now_ns
        self._started = now_ns

    def now_ns(self) -> int:
        """Return the time that was set."""
        return self._now

    def monotonic_ns(self) -> int:
        """Return the time since this clock was made."""
        return self._now - self._started

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now += round(seconds * SECOND)
