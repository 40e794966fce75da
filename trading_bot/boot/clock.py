"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The wall clock and the monotonic clock of this machine, in nanoseconds; the functions themselves."""

    now_ns = staticmethod(time.time_ns)
    """Return nanoseconds since the epoch, UTC."""
    monotonic_ns = staticmethod(time.monotonic_ns)
    """Return nanoseconds of a clock that never goes back; only differences mean something."""
