"""What every metric declares about itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class MetricType(StrEnum):
    """Prometheus types."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Kept(StrEnum):
    """Whether a series stays on the page when the bot is dead, frozen or cannot write its journal."""

    ALWAYS = "always"
    """Timestamps, ages, counters, and what the exporter knows by itself."""
    WHILE_ALIVE = "while alive"
    """State: a dead value is not shown as a live one."""


class Page(StrEnum):
    """Which process serves a family at its ``/metrics``."""

    EXPORTER = "exporter"
    OPS = "ops"


class Label(msgspec.Struct, frozen=True):
    """A label; ``values`` is its closed set, or None where settings or the venue decide (symbols, assets)."""

    name: str
    meaning: str
    values: tuple[str, ...] | None = None


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One metric family. Every family also has the label ``bot``; ``labels`` are the others, in order."""

    name: str
    type: MetricType
    unit: str
    meaning: str
    kept: Kept
    labels: tuple[Label, ...] = ()
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without +Inf."""
    page: Page = Page.EXPORTER
