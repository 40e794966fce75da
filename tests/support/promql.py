"""What the catalogue says about an expression: names, labels, values, and how each type is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser as promql

from trading_bot.contract.telemetry.definition import Metric, MetricType
from trading_bot.contract.telemetry.metrics import METRICS
from trading_bot.contract.telemetry.recordings import RECORDINGS

_OF_ALERTS = {"bot", "alertname", "severity", "component"}
PROMETHEUS_OWN = {
    "up": {"job", "instance"},
    "scrape_duration_seconds": {"job", "instance"},
    "ALERTS": {*_OF_ALERTS, "alertstate"},
    "ALERTS_FOR_STATE": _OF_ALERTS,
}
"""What Prometheus itself says about a scrape and about the rules."""
RATED = {"rate", "increase"}
SUFFIXES = ("_bucket", "_sum", "_count")

Parents = tuple[Any, ...]


def complaints(expression: str) -> list[str]:
    """Return what is wrong with an expression; it has its variables filled in."""
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        return [f"does not parse: {error}"]
    return [complaint for node, parents in walk(tree, ()) for complaint in _about(node, parents)]


def walk(node: Any, parents: Parents) -> Iterator[tuple[Any, Parents]]:
    """Yield each node with its parents, the nearest last."""
    yield node, parents
    for child in _children(node):
        yield from walk(child, (*parents, node))


def _children(node: Any) -> list[Any]:
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
        case promql.Call():
            return list(node.args)
        case promql.MatrixSelector():
            return [node.vector_selector]
    return []


def _about(node: Any, parents: Parents) -> Iterator[str]:
    match node:
        case promql.VectorSelector():
            yield from _about_selector(node, parents)
        case promql.BinaryExpr() if str(node.op) == "/" and not _guarded(node.rhs):
            yield "divides by what may be zero"
        case promql.Call() if node.func.name == "histogram_quantile" and not _by_bucket(node.args[1]):
            yield "takes a quantile of buckets that are not summed by le"
        case promql.AggregateExpr():
            yield from _about_grouping(node)


def _about_selector(node: Any, parents: Parents) -> Iterator[str]:
    labels = labels_of(node.name)
    if labels is None:
        yield f"{node.name} is not in the catalogue"
        return
    for matcher in node.matchers.matchers:
        if matcher.name not in labels:
            yield f"{node.name} has no label {matcher.name}"
        elif unknown := _unknown_values(node.name, matcher):
            yield f"{matcher.name} has no value {', '.join(sorted(unknown))}"
    metric = metric_of(node.name)
    if metric is not None:
        yield from _about_use(metric, node.name, parents)
    if node.name in RECORDINGS and any(map(_is_rating, parents)):
        yield f"{node.name} is a record and is rated"


def _about_use(metric: Metric, name: str, parents: Parents) -> Iterator[str]:
    rated = any(map(_is_rating, parents))
    if (metric.type is MetricType.GAUGE) == rated:
        yield f"{name} is a {metric.type} and is {'rated' if rated else 'not rated'}"
    if name.endswith("_bucket") and metric.type is MetricType.HISTOGRAM:
        sums = [parent for parent in parents if isinstance(parent, promql.AggregateExpr)]
        if not any(_by_bucket(each) for each in sums):
            yield f"{name} is not summed by le"


def _is_rating(node: Any) -> bool:
    return isinstance(node, promql.Call) and node.func.name in RATED


def _about_grouping(node: Any) -> Iterator[str]:
    if node.modifier is None:
        yield f"{node.op} without by mixes bots"
        return
    known = {"le"} if any(_is_bucket(child) for child, _ in walk(node.expr, ())) else set()
    for child, _ in walk(node.expr, ()):
        if isinstance(child, promql.VectorSelector):
            known |= labels_of(child.name) or set()
        if isinstance(child, promql.Call) and child.func.name == "label_replace":
            known.add(child.args[1].val)
    for label in set(node.modifier.labels) - known:
        yield f"groups by {label}, which nothing there carries"


def _is_bucket(node: Any) -> bool:
    return isinstance(node, promql.VectorSelector) and str(node.name).endswith("_bucket")


def _guarded(divisor: Any) -> bool:
    if isinstance(divisor, promql.NumberLiteral):
        return bool(divisor.val != 0)
    inner = divisor.expr if isinstance(divisor, promql.ParenExpr) else divisor
    return isinstance(inner, promql.BinaryExpr) and str(inner.op) == ">"


def _by_bucket(node: Any) -> bool:
    return (
        isinstance(node, promql.AggregateExpr) and node.modifier is not None and "le" in node.modifier.labels
    )


def metric_of(name: str) -> Metric | None:
    """Return the family of a series; a counter and a gauge are their own."""
    if name in METRICS:
        return METRICS[name]
    family = next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name)
    metric = METRICS.get(family)
    return metric if metric is not None and metric.type is MetricType.HISTOGRAM else None


def labels_of(name: str) -> set[str] | None:
    """Return the labels that a series may have; None for one that is not known."""
    if name in PROMETHEUS_OWN:
        return PROMETHEUS_OWN[name]
    metric = metric_of(name) or RECORDINGS.get(name)
    return None if metric is None else {"bot", *(label.name for label in metric.labels)}


def _unknown_values(name: str, matcher: Any) -> set[str]:
    metric = metric_of(name) or RECORDINGS.get(name)
    declared = (
        next((label for label in metric.labels if label.name == matcher.name), None) if metric else None
    )
    if declared is None or declared.values is None:
        return set()
    return set(matcher.value.split("|")) - set(declared.values)
