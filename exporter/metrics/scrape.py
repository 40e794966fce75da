"""What the collectors are given, and what they yield."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from itertools import product
from math import prod
from typing import Final, Protocol

import msgspec

from trading_bot.contract.settings import Settings
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.labels import STRATEGY, SYMBOL
from trading_bot.domain.clock import SECOND
from trading_bot.domain.health import Health
from trading_bot.domain.state import Condition, Histogram, Issued, State
from trading_bot.domain.tally import SEPARATOR

SMALL_SET: Final = 40
"""A family with closed sets of labels and at most so many possible series shows all of them from 0 on."""
FEW_SERIES: Final = 400
"""The same for a counter by symbol or strategy, whose values are those of the bot."""


class Result(msgspec.Struct, frozen=True):
    """How a collector did."""

    success: bool
    duration_ns: int


class Shipped(Protocol):
    """How far one signal of one tape has been shipped."""

    shipped: int
    dropped: int
    failures: int
    passed_at: int | None

    @property
    def lag_events(self) -> int:
        """Events that are not passed yet."""
        ...


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """What the exporter knows about itself and its files. By tape: ``journal``, ``control``."""

    started_at: int
    cpu_seconds: float
    resident_bytes: int
    lag: Mapping[str, int]
    rewinds: Mapping[str, int]
    disagreements: int
    errors: Mapping[str, int]
    journal_bytes: int | None
    journal_disk_free: int | None = None
    control_position: int | None
    control_errors: Mapping[str, float]
    commands: tuple[Issued, ...] = ()
    """What the control tape last asked of the bot, oldest first."""
    telemetry: Condition
    shipping: Mapping[tuple[str, str], Shipped]
    """By tape and signal."""


class Scrape(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. ``results`` fills up while the collectors run, in their order."""

    now_ns: int
    state: State
    health: Health
    settings: Settings | None
    own: Own
    results: dict[str, Result] = msgspec.field(default_factory=dict)


Point = tuple[tuple[str, ...], float | Histogram]
"""Label values in the metric's order, and the value."""
Collect = Callable[[Scrape, Metric], Iterable[Point]]
Table = Mapping[Metric, Collect]


def value(number: Decimal | float | None, *labels: str) -> Iterator[Point]:
    """Yield a number; nothing where it is not known."""
    if number is not None:
        yield labels, float(number)


def seconds(nanoseconds: int | None, *labels: str) -> Iterator[Point]:
    """Yield a time or duration in seconds; nothing where it is not known."""
    if nanoseconds is not None:
        yield labels, nanoseconds / SECOND


def flags(on: Iterable[str], all_values: Iterable[str], *labels: str) -> Iterator[Point]:
    """Yield 1 for the values that are on and 0 for the others of a closed set."""
    lit = set(on)
    for each in all_values:
        yield (*labels, each), float(each in lit)


def counted(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    """Yield what the fold counted; from 0 on where the possible series are few.

    Nothing before the first event was read: 0 would be invented, and the true count a jump afterwards.
    """
    if scrape.state.seq:
        yield from _from_zero(scrape.state.counts.get(metric.name, {}), _expected(scrape, metric))


def counted_errors(counts: Mapping[str, float], known: Iterable[tuple[str, ...]]) -> Iterator[Point]:
    """Yield errors; the known ones from 0 on, so that the first one is an increase."""
    yield from _from_zero(counts, tuple(known))


def observed(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    """Yield a copy of what the fold observed; empty histograms where the possible series are few."""
    if not scrape.state.seq:
        return
    series = scrape.state.histograms.get(metric.name, {})
    empty = Histogram(buckets=[0] * (len(metric.bounds) + 1))
    for labels in zeros(metric):
        if SEPARATOR.join(labels) not in series:
            yield labels, empty
    for key, histogram in series.items():
        yield _labels(key), msgspec.structs.replace(histogram, buckets=list(histogram.buckets))


def stamped(scrape: Scrape, metric: Metric) -> Iterator[Point]:
    """Yield when something last happened, as the fold kept it."""
    for key, at in scrape.state.timestamps.get(metric.name, {}).items():
        yield _labels(key), at / SECOND


@cache
def zeros(metric: Metric) -> tuple[tuple[str, ...], ...]:
    """Return all label values of a metric whose labels are closed sets with few combinations, else none."""
    sets = [label.values for label in metric.labels if label.values is not None]
    combinations = tuple(product(*sets)) if len(sets) == len(metric.labels) else ()
    return combinations if len(combinations) <= SMALL_SET else ()


def _expected(scrape: Scrape, metric: Metric) -> tuple[tuple[str, ...], ...]:
    """Return the label values that a counter may get, so that its first increment is an increase.

    None where a label's values are the venue's alone, or where there would be too many series.
    """
    state = scrape.state
    known = {
        SYMBOL.name: tuple(dict.fromkeys((*state.instruments, *state.run.symbols))),
        STRATEGY.name: tuple(scrape.settings.strategies) if scrape.settings is not None else (),
    }
    if known.keys().isdisjoint(label.name for label in metric.labels):
        return zeros(metric)
    sets = [known.get(label.name, label.values or ()) for label in metric.labels]
    return tuple(product(*sets)) if prod(map(len, sets)) <= FEW_SERIES else ()


def _from_zero(counts: Mapping[str, float], known: tuple[tuple[str, ...], ...]) -> Iterator[Point]:
    for labels in known:
        yield labels, counts.get(SEPARATOR.join(labels), 0.0)
    shown = {SEPARATOR.join(labels) for labels in known}
    for key, count in counts.items():
        if key not in shown:
            yield _labels(key), count


def _labels(key: str) -> tuple[str, ...]:
    return tuple(key.split(SEPARATOR)) if key else ()
