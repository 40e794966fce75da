"""PromQL for rules: out of the catalogue, for every bot, and deaf to a scrape that fails."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.definition import Label, Metric, MetricType
from trading_bot.contract.telemetry.recordings import SEEN, Recording
from trading_bot.contract.telemetry.selectors import Wanted, WrongQuery, selector

PER_MINUTE: Final = 60
BLINK: Final = "1m"
"""How long a series may be missing before a rule takes it for gone: some failed scrapes are no news."""


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """A series of Prometheus or Alertmanager themselves; a test finds it on their real pages."""

    name: str
    type: MetricType
    labels: tuple[Label, ...]


Source = Metric | Recording | Foreign


def series(source: Source, **matchers: Wanted) -> str:
    """Return a selector of a metric or of a record.

    Raises:
        WrongQuery: it has no such label, or the label no such value.
    """
    return selector(source.name, source.labels, matchers)


def latest(source: Source, over: str = BLINK, **matchers: Wanted) -> str:
    """Return the last value of a gauge within a time, so that single failed scrapes are not seen."""
    _refuse(source, MetricType.GAUGE)
    return f"last_over_time({series(source, **matchers)}[{over}])"


def mean(source: Source, over: str, **matchers: Wanted) -> str:
    """Return a gauge's mean over a time; of a 0 or 1 the part of the time that it was 1."""
    _refuse(source, MetricType.GAUGE)
    return f"avg_over_time({series(source, **matchers)}[{over}])"


def least(source: Source, over: str, **matchers: Wanted) -> str:
    """Return a gauge's minimum over a time."""
    _refuse(source, MetricType.GAUGE)
    return f"min_over_time({series(source, **matchers)}[{over}])"


def rate(source: Source, over: str, **matchers: Wanted) -> str:
    """Return a counter's increase per second over a time."""
    _refuse(source, MetricType.COUNTER)
    return f"rate({series(source, **matchers)}[{over}])"


def increase(source: Source, over: str, **matchers: Wanted) -> str:
    """Return a counter's increase over a time."""
    _refuse(source, MetricType.COUNTER)
    return f"increase({series(source, **matchers)}[{over}])"


def observed(source: Metric, over: str, upto: str = "+Inf") -> str:
    """Return a histogram's observations a second up to a bound, over a time; by default all of them.

    Raises:
        WrongQuery: it has no bucket with this bound.
    """
    _refuse(source, MetricType.HISTOGRAM)
    if upto != "+Inf" and float(upto) not in source.bounds:
        raise WrongQuery(f"{source.name} has no bucket {upto}")
    return f'rate({source.name}_bucket{{le="{upto}"}}[{over}])'


def quantile(share: float, source: Metric, over: str) -> str:
    """Return a quantile of a histogram by bot."""
    _refuse(source, MetricType.HISTOGRAM)
    summed = f"sum by (bot, le) (increase({source.name}_bucket[{over}]))"
    return f"histogram_quantile({share:g}, {summed})"


def total(expression: str, *by: Label) -> str:
    """Return the sum by bot and the labels given."""
    return f"sum by ({_grouping(by)}) ({expression})"


def largest(expression: str, *by: Label) -> str:
    """Return the maximum by bot and the labels given."""
    return f"max by ({_grouping(by)}) ({expression})"


def ratio(part: str, whole: str) -> str:
    """Return a quotient; nothing where the whole is zero, since then there is no ratio."""
    return f"{part} / ({whole} > 0)"


def open_session() -> str:
    """Return the symbols whose session is open."""
    return f"{largest(latest(metrics.SESSION_OPEN), labels.SYMBOL)} == 1"


ALIVE: Final = series(metrics.UP_REASON, reason="Alive")


def held(record: Recording, expression: str) -> str:
    """Return the expression while the bot is alive, afterwards what the record was last.

    The bot's state leaves the page when it dies, and everything leaves Prometheus when a scrape fails; what
    it held at the venue does not. The record reads itself: so a value lasts as long as the bot is silent,
    and not as long as some window. It ends a week after the bot was last seen.
    """
    return f"(({expression}) and on (bot) {ALIVE}) or {_kept(record, ALIVE)}"


def held_from_page(record: Recording, expression: str) -> str:
    """Return the expression while the bot's page is scraped, afterwards what the record was last."""
    return f"({expression}) or {_kept(record, series(metrics.UP))}"


def _kept(record: Recording, told: str) -> str:
    return f"({record.name} unless on (bot) {told}) and on (bot) {SEEN.name}"


def _grouping(by: tuple[Label, ...]) -> str:
    return ", ".join(("bot", *(label.name for label in by)))


def _refuse(source: Source, wanted: MetricType) -> None:
    kind = MetricType.GAUGE if isinstance(source, Recording) else source.type
    if kind is not wanted:
        raise WrongQuery(f"{source.name} is a {kind}, not a {wanted}")
