"""``GET /metrics``: what the exporter's page says of the bot, as JSON and in pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

import msgspec

from exporter.metrics import account, errors, health, market, orders, reconciliation, risk
from exporter.metrics.scrape import Own, Point, Scrape, Table
from exporter.ops.representations.paging import link, part_of
from exporter.ops.representations.values import Moment, Unknown, age_seconds, moment, without_nulls
from exporter.ops.representations.words import NOTHING_RECORDED, warnings
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.contract.settings import Settings
from trading_bot.contract.telemetry.definition import Kept, Metric
from trading_bot.domain.health import Health
from trading_bot.domain.state import Condition, Histogram, State

PATH: Final = "/api/v1/metrics"
SERIES_SHOWN: Final = 50
TABLES: Final[tuple[Table, ...]] = tuple(
    part.TABLE for part in (health, market, orders, account, risk, reconciliation, errors)
)
"""What comes from the bot's journal alone; what only the exporter knows is on its own page."""


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """One series. A histogram has count and total instead of a value."""

    labels: dict[str, str]
    value: float | None
    count: int | None = None
    total: float | None = None


class FamilyView(msgspec.Struct, frozen=True, kw_only=True):
    """One metric; ``series_left_out`` counts series beyond the first fifty."""

    name: str
    type: str
    unit: str
    series: list[SeriesView]
    series_left_out: int


class MetricsSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /metrics``: metrics that have a value now, in the catalogue's order."""

    metrics: list[FamilyView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


class MetricsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which metrics: those whose name begins with ``name``."""

    limit: int
    after: str | None = None
    name: str | None = None


def represent_metrics(
    state: State, health: Health, now_ns: int, wanted: MetricsWanted, bot: str
) -> MetricsSnapshot:
    """Return the values that are known; a silent bot's state is not among them, as on the exporter's page."""
    scrape = Scrape(
        now_ns=now_ns, state=state, health=health, settings=_settings(state), own=_nothing(now_ns)
    )
    beginning = wanted.name or ""
    known = [
        (metric, points)
        for metric, points in _collect(scrape)
        if points and metric.name.startswith(beginning)
    ]
    part = part_of(known, lambda one: one[0].name, wanted.limit, wanted.after)
    gone = None if health.live else "the bot is silent: what it would be now is not known"
    return MetricsSnapshot(
        metrics=[_family(metric, points, bot) for metric, points in part.items],
        limit=wanted.limit,
        returned=len(part.items),
        total=part.total,
        truncated=part.cursor is not None,
        next=None
        if part.cursor is None
        else link(PATH, limit=wanted.limit, name=wanted.name, after=part.cursor),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls({"metrics": gone, "data_age_seconds": None if state.seq else NOTHING_RECORDED}),
        data_age_seconds=age_seconds(state.ts if state.seq else None, now_ns),
        generated_at=moment(now_ns) or "",
    )


def _collect(scrape: Scrape) -> Iterator[tuple[Metric, list[Point]]]:
    for metric, collect in chain.from_iterable(table.items() for table in TABLES):
        if scrape.health.live or metric.kept is Kept.ALWAYS:
            points = collect(scrape, metric)
            yield metric, [point for point in points if ConditionName.TELEMETRY_FLOWING not in point[0]]


def _family(metric: Metric, points: list[Point], bot: str) -> FamilyView:
    names = [label.name for label in metric.labels]
    shown = [
        _series(dict(zip(names, labels, strict=True)), number, bot)
        for labels, number in points[:SERIES_SHOWN]
    ]
    return FamilyView(
        name=metric.name,
        type=metric.type,
        unit=metric.unit,
        series=shown,
        series_left_out=max(0, len(points) - SERIES_SHOWN),
    )


def _series(labels: Mapping[str, str], number: float | Histogram, bot: str) -> SeriesView:
    every = {"bot": bot, **labels}
    if isinstance(number, Histogram):
        return SeriesView(labels=every, value=None, count=sum(number.buckets), total=number.total)
    return SeriesView(labels=every, value=number)


def _settings(state: State) -> Settings | None:
    """Return the settings in force; None where this release cannot read them."""
    if state.settings.settings is None:
        return None
    try:
        return msgspec.convert(state.settings.settings, Settings, strict=False)
    except msgspec.ValidationError:
        return None


def _nothing(now_ns: int) -> Own:
    """Return what the exporter would know about itself: nothing of it is shown here."""
    telemetry = Condition(
        name=ConditionName.TELEMETRY_FLOWING,
        status=ConditionStatus.UNKNOWN,
        reason="NotObservedHere",
        message="the exporter knows",
        since=now_ns,
    )
    return Own(
        started_at=now_ns,
        cpu_seconds=0.0,
        resident_bytes=0,
        lag={},
        rewinds={},
        disagreements=0,
        errors={},
        journal_bytes=None,
        control_position=None,
        control_errors={},
        telemetry=telemetry,
        shipping={},
    )
