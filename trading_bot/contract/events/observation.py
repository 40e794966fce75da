"""Measurements, rolled up, and spans."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from trading_bot.contract.events.definition import Event, Retention


class HistogramDelta(msgspec.Struct, frozen=True, kw_only=True):
    """What was added to a histogram in an interval.

    ``buckets`` holds one count a bound of the catalogue's metric plus one for +Inf, not cumulative;
    ``total`` is the sum of what was observed, in the metric's base unit.
    """

    buckets: tuple[int, ...]
    total: float
    exemplar_value: float | None = None
    exemplar_trace_id: str | None = None


class RuntimeSampled(Event, frozen=True, kw_only=True):
    """What the bot measured about itself since the last of these."""

    KIND: ClassVar[str] = "runtime.sampled"
    RETENTION: ClassVar[Retention] = Retention.MEASUREMENT
    REASON: ClassVar[str] = "Tick rates, latencies and depths are measurements: one record every few seconds."

    interval_ns: int
    cpu_seconds: float
    """User and system time of the process since its start."""
    resident_bytes: int
    open_files: int
    threads: int
    loop_lag_ns: int
    """Largest lateness of the heartbeat in the interval."""
    journal_queue: int
    journal_bytes: int
    clock_offset_ns: int | None
    """Venue clock minus this machine's; None when it was not measured."""
    requests: dict[str, int]
    """Requests to the venue in the interval, by operation."""
    counters: dict[str, int]
    """Further increments in the interval, by metric name of the catalogue (no labels)."""
    histograms: dict[str, HistogramDelta]
    """By metric name of the catalogue; only metrics without labels."""
    rate_limit_used_ratio: float | None = None
    """Used share of the venue's rate limit at its last answer; None where it does not say."""


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A finished span, as compact as it can be kept. Times are nanoseconds since the epoch."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    started: int
    ended: int
    attributes: dict[str, str | int | float | bool]
    error_code: str | None = None


class SpansRecorded(Event, frozen=True, kw_only=True):
    """The spans of one decision cycle, or of one piece of work outside a cycle."""

    KIND: ClassVar[str] = "spans.recorded"
    RETENTION: ClassVar[Retention] = Retention.SPAN
    REASON: ClassVar[str] = "One record a cycle; the exporter ships them."

    spans: tuple[Span, ...]
