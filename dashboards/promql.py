"""PromQL out of the catalogue: a name, label or value that it does not declare is an error at build time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Label, Metric, MetricType
from trading_bot.contract.telemetry.recordings import Recording
from trading_bot.contract.telemetry.selectors import Wanted as Wanted
from trading_bot.contract.telemetry.selectors import WrongQuery as WrongQuery
from trading_bot.contract.telemetry.selectors import selector

BOT: Final = "bot"
EVERY_BOT: Final = 'bot=~"$bot"'
EVERY_SYMBOL: Final = 'symbol=~"$symbol"'
RATE: Final = "$__rate_interval"
SHOWN: Final = "$__range"
"""The whole time range that the board shows."""
PER_MINUTE: Final = 60
WHAT: Final = "what"
"""The label that tells apart what one panel shows of several metrics."""

Source = Metric | Recording


def series(metric: Source, **matchers: str | tuple[str, ...]) -> str:
    """Return a selector of the chosen bots, and symbols where the metric has them.

    Args:
        metric: of the catalogue, or a record of the rules.
        matchers: by label, the value or the values that are meant.

    Raises:
        WrongQuery: the metric has no such label, or the label no such value.
    """
    return _selector(metric, metric.name, matchers)


def rate(metric: Metric, **matchers: str | tuple[str, ...]) -> str:
    """Return a counter's increase per second, over the interval that Grafana chooses."""
    _refuse(metric, MetricType.COUNTER)
    return f"rate({series(metric, **matchers)}[{RATE}])"


def increase(metric: Metric, over: str = SHOWN, **matchers: str | tuple[str, ...]) -> str:
    """Return a counter's increase over a time, by default the one shown."""
    _refuse(metric, MetricType.COUNTER)
    return f"increase({series(metric, **matchers)}[{over}])"


def buckets(metric: Metric, over: str = RATE) -> str:
    """Return a histogram's observations per bucket over a time."""
    _refuse(metric, MetricType.HISTOGRAM)
    return f"increase({_selector(metric, f'{metric.name}_bucket', {})}[{over}])"


def heat(metric: Metric) -> str:
    """Return a histogram's observations by bucket alone, as a heatmap wants them."""
    return f"sum by (le) ({buckets(metric)})"


def quantile(share: float, metric: Metric, *by: Label, over: str = RATE) -> str:
    """Return a quantile of a histogram, by bot and the labels given."""
    kept = ", ".join(("le", BOT, *(_own(metric, label) for label in by)))
    return f"histogram_quantile({share:g}, sum by ({kept}) ({buckets(metric, over)}))"


def total(expression: str, *by: Label) -> str:
    """Return the sum by bot and the labels given."""
    return f"sum by ({', '.join((BOT, *(label.name for label in by)))}) ({expression})"


def largest(expression: str, *by: Label) -> str:
    """Return the maximum by bot and the labels given."""
    return f"max by ({', '.join((BOT, *(label.name for label in by)))}) ({expression})"


def ratio(part: str, whole: str) -> str:
    """Return a quotient; nothing where the whole is zero, since then there is no ratio."""
    return f"{part} / ({whole} > 0)"


def or_none(part: str, whole: str) -> str:
    """Return the part, and zero where only the whole is there: then it is known that none is."""
    return f"({part} or 0 * {whole})"


def mean(metric: Source, over: str = SHOWN, **matchers: str | tuple[str, ...]) -> str:
    """Return a gauge's mean over a time, by default the one shown."""
    _refuse(metric, MetricType.GAUGE)
    return f"avg_over_time({series(metric, **matchers)}[{over}])"


def seen(metric: Source, **matchers: str | tuple[str, ...]) -> str:
    """Return the most that a gauge was in the whole time shown: asked once, not anew for each point."""
    _refuse(metric, MetricType.GAUGE)
    return f"max_over_time({series(metric, **matchers)}[{SHOWN}] @ end())"


def either(parts: Mapping[str, str]) -> str:
    """Return several expressions as one, told apart by the label ``what``: one question instead of many."""
    return " or ".join(f'label_replace({part}, "{WHAT}", "{what}", "", "")' for what, part in parts.items())


def age(metric: Metric, **matchers: str | tuple[str, ...]) -> str:
    """Return the seconds since a time that a gauge holds."""
    _refuse(metric, MetricType.GAUGE)
    return f"time() - {series(metric, **matchers)}"


def values(metric: Metric, label: Label | None = None) -> str:
    """Return Grafana's question for a label's values; without a label for the bots."""
    name = BOT if label is None else _own(metric, label)
    chosen = "" if label is None else f"{{{EVERY_BOT}}}"
    return f"label_values({metric.name}{chosen}, {name})"


def _selector(metric: Source, name: str, matchers: Mapping[str, Wanted]) -> str:
    every_symbol = labels.SYMBOL in metric.labels and labels.SYMBOL.name not in matchers
    first = (EVERY_BOT, EVERY_SYMBOL) if every_symbol else (EVERY_BOT,)
    return selector(name, metric.labels, matchers, *first)


def _own(metric: Metric, label: Label) -> str:
    if label not in metric.labels:
        raise WrongQuery(f"{metric.name} has no label {label.name}")
    return label.name


def _refuse(metric: Source, wanted: MetricType) -> None:
    kind = MetricType.GAUGE if isinstance(metric, Recording) else metric.type
    if kind is not wanted:
        raise WrongQuery(f"{metric.name} is a {kind}, not a {wanted}")
