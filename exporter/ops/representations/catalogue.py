"""``GET /catalogue``: every metric and recording rule in a few words, in pages of few bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from exporter.ops.representations.budget import Budget
from exporter.ops.representations.paging import link, part_of
from exporter.ops.representations.values import Unknown
from exporter.ops.shelf import RecordingRule
from trading_bot.contract.telemetry.definition import Metric, MetricType
from trading_bot.contract.telemetry.recordings import RECORDINGS

PAGE_BYTES: Final = 4_096
LONGEST_QUERY: Final = 240
PATH: Final = "/api/v1/catalogue"
KINDS: Final = ("metric", "recording_rule")


class CatalogueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One name that Prometheus knows, and a query to begin with."""

    name: str
    type: str
    unit: str
    labels: list[str]
    meaning: str
    query: str


class CataloguePage(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /catalogue``; a page ends at its limit or at 4,096 bytes, whichever comes first."""

    entries: list[CatalogueEntry]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    unknown: Unknown


class CatalogueWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: those whose name or meaning contains ``search``."""

    limit: int
    after: str | None = None
    search: str | None = None


def entries(metrics: Mapping[str, Metric], rules: Mapping[str, RecordingRule]) -> list[CatalogueEntry]:
    """Return every entry, metrics first."""
    return [*map(_of_metric, metrics.values()), *map(_of_rule, rules.values())]


def represent_catalogue(
    every: list[CatalogueEntry], wanted: CatalogueWanted, *, knows_rules: bool
) -> CataloguePage:
    """Return a page; its JSON is never longer than :data:`PAGE_BYTES`."""
    search = (wanted.search or "").lower()
    matching = [one for one in every if search in one.name or search in one.meaning.lower()]
    part = part_of(matching, lambda one: one.name, wanted.limit, wanted.after)
    longest = max((len(one.name) for one in part.items), default=0)
    empty = CataloguePage(
        entries=[],
        limit=wanted.limit,
        returned=wanted.limit,
        total=part.total,
        truncated=True,
        next=_next(wanted, "x" * longest),
        unknown={} if knows_rules else {"recording_rules": "no rules file of the project was found"},
    )
    shown = list(_fitting(part.items, Budget(PAGE_BYTES, empty)))
    more = part.cursor is not None or len(shown) < len(part.items)
    return msgspec.structs.replace(
        empty,
        entries=shown,
        returned=len(shown),
        truncated=more,
        next=_next(wanted, shown[-1].name) if more and shown else None,
    )


def _fitting(items: object, budget: Budget) -> Iterator[CatalogueEntry]:
    assert isinstance(items, list)
    for entry in items:
        if budget.first(entry, share=PAGE_BYTES) is None:
            return
        yield entry


def _next(wanted: CatalogueWanted, cursor: str) -> str:
    return link(PATH, limit=wanted.limit, search=wanted.search, after=cursor)


def _of_metric(metric: Metric) -> CatalogueEntry:
    return CatalogueEntry(
        name=metric.name,
        type=metric.type,
        unit=metric.unit,
        labels=["bot", *(label.name for label in metric.labels)],
        meaning=metric.meaning,
        query=_query(metric),
    )


def _query(metric: Metric) -> str:
    by = f" by ({metric.labels[0].name})" if metric.labels else ""
    if metric.type is MetricType.COUNTER:
        return f"sum{by} (increase({metric.name}[10m]))"
    if metric.type is MetricType.HISTOGRAM:
        return f"histogram_quantile(0.95, sum by (le) (rate({metric.name}_bucket[10m])))"
    return metric.name


def _of_rule(rule: RecordingRule) -> CatalogueEntry:
    declared = RECORDINGS.get(rule.name)
    is_short = len(rule.expression) <= LONGEST_QUERY
    recorded = f"Recorded: {rule.expression}" if is_short else f"Recorded: {rule.meaning}."
    return CatalogueEntry(
        name=rule.name,
        type="recording_rule",
        unit=declared.unit if declared else "as recorded",
        labels=["bot", *(label.name for label in declared.labels)] if declared else list(rule.labels),
        meaning=declared.meaning if declared else recorded,
        query=rule.name,
    )
