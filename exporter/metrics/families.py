"""Runs the collectors over a scrape and makes Prometheus families of what they yield."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Final

import msgspec
from prometheus_client.core import (
    CounterMetricFamily,
    Exemplar,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.utils import floatToGoString

from exporter.follow import Report
from exporter.metrics import (
    account,
    control,
    errors,
    exporter,
    health,
    journal,
    market,
    orders,
    process,
    reconciliation,
    risk,
    telemetry,
)
from exporter.metrics.scrape import Point, Result, Scrape, Table
from trading_bot.contract.errors import RetriableError, describe
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.domain.state import Histogram

OWN: Final = "exporter"

COLLECTORS: Final[Mapping[str, Table]] = {
    "process": process.TABLE,
    "health": health.TABLE,
    "market": market.TABLE,
    "orders": orders.TABLE,
    "account": account.TABLE,
    "risk": risk.TABLE,
    "reconciliation": reconciliation.TABLE,
    "errors": errors.TABLE,
    "journal": journal.TABLE,
    "control": control.TABLE,
    "telemetry": telemetry.TABLE,
    OWN: exporter.TABLE,
}
"""In the order of the page; the exporter's own part comes last, since it reports on the others."""


class Points(msgspec.Struct, frozen=True):
    """What was collected for one metric."""

    metric: Metric
    points: list[Point]


class Collectors:
    """Runs every part of the page, each for itself: a broken one costs its families and no more.

    Args:
        clock: times the parts.
        report: gets the error of a broken part when it breaks and when its cause changes.
        tables: the parts by name.
    """

    def __init__(self, clock: Clock, report: Report, tables: Mapping[str, Table] = COLLECTORS) -> None:
        self._clock = clock
        self._report = report
        self._tables = tables
        self._guard = threading.Lock()
        self._broken: dict[str, str] = {}

    def collect(self, scrape: Scrape) -> list[Points]:
        """Return what is known, in the order of the page; families without a point are left out.

        It is called while the fold waits, so it only copies numbers.
        """
        page: list[Points] = []
        for name, table in self._tables.items():
            began = self._clock.monotonic_ns()
            fault = ""
            try:
                page += [Points(metric, points) for metric, points in _run(table, scrape) if points]
            except Exception as error:  # noqa: BLE001 - the loop over the parts: reported, counted, goes on
                fault = describe(error)
            self._note(name, fault)
            if name != OWN:
                scrape.results[name] = Result(not fault, self._clock.monotonic_ns() - began)
        return page

    def _note(self, name: str, fault: str) -> None:
        with self._guard:
            changed = self._broken.get(name, "") != fault
            self._broken[name] = fault
        if changed and fault:
            message = f"the part {name} of the metrics page cannot be rendered: {fault}"
            self._report(RetriableError("TEL_001", message, collector=name))


def _run(table: Table, scrape: Scrape) -> list[tuple[Metric, list[Point]]]:
    return [
        (metric, list(collect(scrape, metric)))
        for metric, collect in table.items()
        if scrape.health.live or metric.kept is Kept.ALWAYS
    ]


def families(page: list[Points], bot: str) -> list[Family]:
    """Return Prometheus families, each sample with the label ``bot``."""
    return [MAKERS[each.metric.type](each.metric, each.points, bot) for each in page]


def _names(metric: Metric) -> list[str]:
    return ["bot", *(label.name for label in metric.labels)]


def _gauge(metric: Metric, points: list[Point], bot: str) -> Family:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=_names(metric))
    for labels, number in points:
        assert not isinstance(number, Histogram)
        family.add_metric([bot, *labels], number)
    return family


def _counter(metric: Metric, points: list[Point], bot: str) -> Family:
    family = CounterMetricFamily(metric.name, metric.meaning, labels=_names(metric))
    for labels, number in points:
        assert not isinstance(number, Histogram)
        family.add_metric([bot, *labels], number)
    return family


def _histogram(metric: Metric, points: list[Point], bot: str) -> Family:
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=_names(metric))
    bounds = (*metric.bounds, float("inf"))
    for labels, histogram in points:
        assert isinstance(histogram, Histogram)
        # A sum that can fall is no counter: prometheus_client leaves sum and count out below bound 0.
        family.add_metric([bot, *labels], _buckets(bounds, histogram), histogram.total)
    return family


Bucket = tuple[str, float] | tuple[str, float, Exemplar]


def _buckets(bounds: tuple[float, ...], histogram: Histogram) -> list[Bucket]:
    exemplar, value = _exemplar(histogram), histogram.exemplar_value
    buckets: list[Bucket] = []
    for bound, count in zip(bounds, accumulate(histogram.buckets), strict=True):
        name: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
        if exemplar is not None and value is not None and value <= bound:
            buckets.append((name, count, exemplar))
            exemplar = None
        else:
            buckets.append((name, count))
    return buckets


def _exemplar(histogram: Histogram) -> Exemplar | None:
    if histogram.exemplar_value is None or histogram.exemplar_trace_id is None:
        return None
    at = histogram.exemplar_at
    return Exemplar(
        {"trace_id": histogram.exemplar_trace_id},
        histogram.exemplar_value,
        None if at is None else at / SECOND,
    )


MAKERS: Final[Mapping[MetricType, Callable[[Metric, list[Point], str], Family]]] = {
    MetricType.GAUGE: _gauge,
    MetricType.COUNTER: _counter,
    MetricType.HISTOGRAM: _histogram,
}
