"""A small histogram of how long commits take."""

from __future__ import annotations

import threading
from bisect import bisect_left

from trading_bot.contract.events.observation import HistogramDelta
from trading_bot.contract.telemetry.metrics import JOURNAL_COMMIT


class LatencyHistogram:
    """Counts durations into buckets; one thread observes, another drains.

    Args:
        bounds: upper bounds of the buckets, in seconds.
    """

    def __init__(self, bounds: tuple[float, ...] = JOURNAL_COMMIT.bounds) -> None:
        self._bounds = bounds
        self._guard = threading.Lock()
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        bucket = bisect_left(self._bounds, seconds)
        with self._guard:
            self._counts[bucket] += 1
            self._total += seconds

    def drain(self) -> HistogramDelta:
        """Return what was counted since the last drain, and begin anew."""
        with self._guard:
            counts, total = self._counts, self._total
            self._counts, self._total = [0] * (len(self._bounds) + 1), 0.0
        return HistogramDelta(buckets=tuple(counts), total=total)
