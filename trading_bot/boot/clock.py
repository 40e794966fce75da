"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The wall clock and the monotonic clock of this machine, in nanoseconds."""

    def now_ns(self) -> int:
        """Return nanoseconds since the epoch, UTC."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return nanoseconds of a clock that never goes back; only differences mean something."""
        return time.monotonic_ns()
