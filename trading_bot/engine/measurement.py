"""What the bot measures about itself, rolled up into one record every few seconds."""

from __future__ import annotations

import os
import resource
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from trading_bot.contract.events.observation import HistogramDelta, RuntimeSampled
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.journal import TapeWriter

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Buckets:
    """A histogram of the catalogue, filled between two samples."""

    def __init__(self, metric: Metric) -> None:
        self._bounds = metric.bounds
        self._exemplar: tuple[float, str] | None = None
        self._clear()

    def observe(self, value: float, trace_id: str | None = None) -> None:
        """Add one observation, in the metric's unit; with a trace it becomes the exemplar."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value
        self._seen = True
        if trace_id is not None:
            self._exemplar = (value, trace_id)

    def drain(self) -> HistogramDelta | None:
        """Return what was added since the last call, or None if nothing was."""
        if not self._seen:
            return None
        value, trace_id = self._exemplar or (None, None)
        delta = HistogramDelta(
            buckets=tuple(self._counts), total=self._total, exemplar_value=value, exemplar_trace_id=trace_id
        )
        self._clear()
        return delta

    def _clear(self) -> None:
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0
        self._seen = False
        self._exemplar = None


class Meter:
    """Collects measurements between two samples.

    Attributes:
        decisions: durations of decision cycles, seconds.
        counters: increments by metric of the catalogue without labels.
        clock_offset_ns: the venue's clock minus this machine's, as last measured.
    """

    def __init__(
        self,
        writer: TapeWriter,
        requests: dict[str, int],
        clock: Clock,
        rate_limit_used: Callable[[], float | None] = lambda: None,
        repeated: Callable[[], int] = lambda: 0,
    ) -> None:
        self.decisions = Buckets(metrics.DECISION_DURATION)
        self.counters: Counter[str] = Counter()
        self.clock_offset_ns: int | None = None
        self._wall_ahead_ns = 0
        self._writer = writer
        self._requests = requests
        self._rate_limit_used = rate_limit_used
        self._repeated = repeated
        self._repeated_before = 0
        self._requests_before: dict[str, int] = {}
        self._dropped_before = 0
        self._clock = clock
        self._sampled_at = clock.monotonic_ns()
        self._lag_ns = 0

    def late_by(self, lag_ns: int) -> None:
        """Note how late the heartbeat came."""
        self._lag_ns = max(self._lag_ns, lag_ns)

    def take_clock(self, offset_ns: int) -> None:
        """Take a measurement of the venue's clock."""
        self.clock_offset_ns = offset_ns
        self._wall_ahead_ns = self._clock.now_ns() - self._clock.monotonic_ns()

    def clock_agrees(self, limit_ms: float) -> bool:
        """Whether the wall clock agreed with the venue's when it was last measured, and was not set since."""
        moved = self._clock.now_ns() - self._clock.monotonic_ns() - self._wall_ahead_ns
        return (
            self.clock_offset_ns is not None and max(abs(self.clock_offset_ns), abs(moved)) / 1e6 <= limit_ms
        )

    def due(self, interval_seconds: float) -> bool:
        """Whether the next sample is due."""
        return self._clock.monotonic_ns() - self._sampled_at >= interval_seconds * SECOND

    def sample(self) -> RuntimeSampled:
        """Return the record of the time since the last one, and begin anew."""
        now = self._clock.monotonic_ns()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        record = RuntimeSampled(
            interval_ns=now - self._sampled_at,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            resident_bytes=_resident_bytes(),
            open_files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
            threads=threading.active_count(),
            loop_lag_ns=self._lag_ns,
            journal_queue=self._writer.queued,
            journal_bytes=self._writer.size(),
            clock_offset_ns=self.clock_offset_ns,
            requests=self._new_requests(),
            counters=self._new_counters(),
            histograms=self._new_histograms(),
            rate_limit_used_ratio=self._rate_limit_used(),
        )
        self._sampled_at, self._lag_ns = now, 0
        return record

    def _new_requests(self) -> dict[str, int]:
        before, self._requests_before = self._requests_before, dict(self._requests)
        deltas = {name: count - before.get(name, 0) for name, count in self._requests_before.items()}
        return {name: delta for name, delta in deltas.items() if delta}

    def _new_counters(self) -> dict[str, int]:
        dropped = sum(self._writer.dropped.values())
        self.counters[metrics.JOURNAL_DROPPED.name] += dropped - self._dropped_before
        self._dropped_before = dropped
        repeated = self._repeated()
        self.counters[metrics.VENUE_RETRIES.name] += repeated - self._repeated_before
        self._repeated_before = repeated
        counted, self.counters = self.counters, Counter()
        return {name: count for name, count in counted.items() if count}

    def _new_histograms(self) -> dict[str, HistogramDelta]:
        deltas = {
            metrics.DECISION_DURATION.name: self.decisions.drain(),
            metrics.JOURNAL_COMMIT.name: self._writer.drain_latency(),
        }
        return {name: delta for name, delta in deltas.items() if delta is not None and any(delta.buckets)}


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
