"""What this process counts about itself, from any of its threads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Final

from exporter.metrics.families import Points
from exporter.metrics.scrape import Point, zeros
from trading_bot.contract.telemetry.definition import Metric, MetricType, Page
from trading_bot.contract.telemetry.metrics import on_page
from trading_bot.domain.state import Histogram

Ask = Callable[[], Iterable[Point]]
Key = tuple[str, ...]

MOST_SERIES: Final = 2_000
"""Of one family. Labels are closed sets or a few; this is for the case that one is not."""


class Registry:
    """Counts, observes, and asks for gauges when it is read. Counters of few possible series begin at 0."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._counts: dict[str, dict[Key, float]] = {}
        self._histograms: dict[str, dict[Key, Histogram]] = {}
        self._asked: dict[str, Ask] = {}

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Add to a counter."""
        with self._guard:
            series = self._counts.setdefault(metric.name, {})
            if labels in series or len(series) < MOST_SERIES:
                series[labels] = series.get(labels, 0.0) + by

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Put a value into a histogram, in the metric's unit."""
        with self._guard:
            series = self._histograms.setdefault(metric.name, {})
            found = series.get(labels)
            if found is None:
                if len(series) >= MOST_SERIES:
                    return
                found = series[labels] = Histogram(buckets=[0] * (len(metric.bounds) + 1))
            found.buckets[bisect_left(metric.bounds, value)] += 1
            found.total += value

    def ask(self, metric: Metric, collect: Ask) -> None:
        """Have a function say the points of a gauge, or of a counter kept elsewhere, at every scrape.

        The function must be quick, and safe to call from the request thread.
        """
        with self._guard:
            self._asked[metric.name] = collect

    def counted(self, metric: Metric, *labels: str) -> float:
        """Return what a counter stands at."""
        with self._guard:
            return self._counts.get(metric.name, {}).get(labels, 0.0)

    def points(self) -> list[Points]:
        """Return every family of this page that has a point, in the order of the catalogue."""
        page = [Points(metric, self._of(metric)) for metric in on_page(Page.OPS)]
        return [family for family in page if family.points]

    def _of(self, metric: Metric) -> list[Point]:
        ask = self._asked.get(metric.name)
        if ask is not None:
            return list(ask())
        with self._guard:
            if metric.type is MetricType.HISTOGRAM:
                series = self._histograms.get(metric.name, {})
                return [
                    (key, Histogram(buckets=list(found.buckets), total=found.total))
                    for key, found in series.items()
                ]
            counts = dict.fromkeys(zeros(metric), 0.0) if metric.type is MetricType.COUNTER else {}
            return list({**counts, **self._counts.get(metric.name, {})}.items())
