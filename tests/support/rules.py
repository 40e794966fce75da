"""The committed rules, and what the catalogue says of their expressions: names, labels, values, joins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql

from alerts.foreign import FOREIGN
from support.documents import read_yaml
from support.promql import labels_of, walk
from trading_bot.contract.telemetry.definition import Label
from trading_bot.contract.telemetry.metrics import METRICS
from trading_bot.contract.telemetry.recordings import RECORDINGS

ALERTS = Path(__file__).parents[2] / "alerts"
KEEPING = {"and", "unless", ">", "<", ">=", "<=", "==", "!="}
"""Operators whose result carries the labels of the left side."""


@cache
def rules() -> tuple[dict[str, Any], ...]:
    return tuple(rule for path in sorted((ALERTS / "generated").glob("*.yml")) for rule in _rules_of(path))


def _rules_of(path: Path) -> list[dict[str, Any]]:
    return [rule for group in read_yaml(path)["groups"] for rule in group["rules"]]


def identities() -> set[tuple[str, str]]:
    """Return name and severity of every alert."""
    return {(rule["alert"], rule["labels"]["severity"]) for rule in rules() if "alert" in rule}


def records() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def complaints(expression: str) -> list[str]:
    """Return what is wrong with an expression of a rule."""
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        return [f"does not parse: {error}"]
    return [
        complaint
        for node, _ in walk(tree, ())
        for complaint in (*_about_selector(node), *_about_join(node), *_about_grouping(node))
    ]


def labels_known(name: str) -> dict[str, Label] | None:
    """Return the labels of a series by name; None for one that nobody declares."""
    if name in RECORDINGS:
        return {"bot": Label("bot", ""), **{label.name: label for label in RECORDINGS[name].labels}}
    if name in FOREIGN:
        return {label.name: label for label in FOREIGN[name].labels}
    known = labels_of(name)
    if known is None:
        return None
    family = next((m for m in METRICS.values() if name.startswith(m.name)), None)
    closed = {label.name: label for label in family.labels} if family else {}
    return {**{label: Label(label, "") for label in known}, "instance": Label("instance", ""), **closed}


def _about_selector(node: Any) -> Iterator[str]:
    if not isinstance(node, promql.VectorSelector):
        return
    known = labels_known(node.name)
    if known is None:
        yield f"nobody declares {node.name}"
        return
    for matcher in node.matchers.matchers:
        if matcher.name not in known and matcher.name != "le":
            yield f"{node.name} has no label {matcher.name}"
            continue
        label = known.get(matcher.name)
        unknown = set(matcher.value.split("|")) - set(label.values if label and label.values else ())
        if label is not None and label.values is not None and unknown:
            yield f"{matcher.name} has no value {', '.join(sorted(unknown))}"


def _about_grouping(node: Any) -> Iterator[str]:
    if isinstance(node, promql.AggregateExpr):
        if node.modifier is None:
            yield f"{node.op} without by mixes bots"
            return
        carried = carries(node.expr)
        for label in node.modifier.labels:
            if carried is not None and label not in carried:
                yield f"groups by {label}, which nothing there carries"


def _about_join(node: Any) -> Iterator[str]:
    if not isinstance(node, promql.BinaryExpr) or str(node.op) == "or":
        return
    left, right = carries(node.lhs), carries(node.rhs)
    if left is None or right is None:
        return
    wanted = _joined_on(node)
    if wanted is None and left != right:
        yield f"{sorted(left)} {node.op} {sorted(right)}: never the same labels"
    for label in wanted or ():
        for side, there in (("left", left), ("right", right)):
            if label not in there:
                yield f"joins on {label}, which the {side} side does not carry"


def _joined_on(node: Any) -> list[str] | None:
    modifier = node.modifier
    matching = None if modifier is None else modifier.matching
    return None if matching is None else list(matching.labels)


def carries(node: Any) -> set[str] | None:
    """Return the labels of an expression's series; None for a number."""
    match node:
        case promql.NumberLiteral() | promql.StringLiteral():
            return None
        case promql.VectorSelector():
            known = labels_known(node.name) or {}
            return set(known) | ({"le"} if node.name.endswith("_bucket") else set())
        case promql.AggregateExpr():
            return set(node.modifier.labels) if node.modifier else set()
        case promql.Call():
            return _of_call(node)
        case promql.BinaryExpr():
            return _of_binary(node)
        case promql.MatrixSelector() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return carries(node.vector_selector if isinstance(node, promql.MatrixSelector) else node.expr)
    raise AssertionError(type(node))


def _of_call(node: Any) -> set[str] | None:
    if node.func.name in {"time", "vector"}:
        return None
    of = carries(node.args[1 if node.func.name == "histogram_quantile" else 0])
    if of is None:
        return None
    if node.func.name == "label_replace":
        return of | {node.args[1].val}
    return of - {"le"} if node.func.name == "histogram_quantile" else of


def _of_binary(node: Any) -> set[str] | None:
    left, right = carries(node.lhs), carries(node.rhs)
    if left is None or right is None:
        return right if left is None else left
    if str(node.op) == "or":
        return left | right
    if str(node.op) in KEEPING or "manytoone" in str(node.modifier.card if node.modifier else "").lower():
        return left
    on = _joined_on(node)
    return left if on is None else set(on)
