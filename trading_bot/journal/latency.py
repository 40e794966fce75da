"""A small histogram of how long commits take."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Final

import msgspec

from trading_bot.contract.events.observation import HistogramDelta

COMMIT_BOUNDS: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)
"""Upper bounds of the buckets, in seconds."""


class CommitLatency(msgspec.Struct, frozen=True, kw_only=True):
    """How long commits took since the last drain, in seconds, by whether they waited for the disk."""

    grouped: HistogramDelta
    durable: HistogramDelta


class LatencyHistogram:
    """Counts durations into buckets; one thread observes, another drains."""

    def __init__(self, bounds: tuple[float, ...] = COMMIT_BOUNDS) -> None:
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
