"""Whether a condition holds in a document, and the values that were looked at.

A comparison with ``.*`` in its path holds when it holds for every entry. What is null is not known, and a
comparison of order with it neither holds nor does not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from exporter.ops.workflows.expressions import (
    EACH,
    Comparison,
    Constant,
    Count,
    Joined,
    Known,
    Listed,
    Negated,
    Path,
)

_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Missing(msgspec.Struct, frozen=True):
    """What stands where a path leads to nothing."""


MISSING: Final = Missing()


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition holds, None where that is not known; and the values that were looked at."""

    holds: bool | None
    found: dict[str, Any]
    message: str | None = None


def evaluate(node: Any, document: Any) -> Verdict:
    """Return whether a parsed condition holds in ``document``, made of mappings, lists, structs and values."""
    found: dict[str, Any] = {}
    holds = _holds(node, document, found)
    absent = sorted(name for name, value in found.items() if value is MISSING)
    unknown = sorted(name for name, value in found.items() if value is None)
    message = None
    if absent:
        message = f"there is no {', '.join(absent)}"
    elif unknown and holds is None:
        message = f"not known: {', '.join(unknown)}"
    return Verdict(
        holds, {name: None if value is MISSING else value for name, value in found.items()}, message
    )


def _holds(node: Any, document: Any, found: dict[str, Any]) -> bool | None:
    if isinstance(node, Joined):
        verdicts = [_holds(part, document, found) for part in node.parts]
        decisive = node.word == "or"
        if decisive in verdicts:
            return decisive
        return None if None in verdicts else not decisive
    if isinstance(node, Negated):
        inner = _holds(node.inner, document, found)
        return None if inner is None else not inner
    if isinstance(node, Comparison):
        return _compared(node, document, found)
    value = value_of(node, document, found)
    return value if isinstance(value, bool) else None


def _compared(node: Comparison, document: Any, found: dict[str, Any]) -> bool | None:
    right = value_of(node.right, document, found)
    if isinstance(node.left, Path) and EACH in node.left.parts:
        entries = value_of(node.left, document, found)
        verdicts = [_pair(node.sign, entry, right) for entry in entries or ()]
        if False in verdicts:
            return False
        return None if None in verdicts or entries is MISSING else True
    return _pair(node.sign, value_of(node.left, document, found), right)


def _pair(sign: str, left: Any, right: Any) -> bool | None:
    if left is MISSING or right is MISSING:
        return None
    return _PAIRS[sign](left, right) if sign in _PAIRS else _in_order(sign, left, right)


def _inside(left: Any, right: Any) -> bool | None:
    if not isinstance(right, Mapping | list | tuple):
        return None
    return any(same(left, item) for item in right)


def _in_order(sign: str, left: Any, right: Any) -> bool | None:
    one, other = _ordered(left), _ordered(right)
    if one is None or other is None or isinstance(one, str) is not isinstance(other, str):
        return None
    return bool(_ORDERS[sign](one, other))


def same(left: Any, right: Any) -> bool:
    """Return whether two values are the same; numbers and decimal strings by their value."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    one, other = _number(left), _number(right)
    return one == other if one is not None and other is not None else bool(left == right)


_PAIRS: Final[dict[str, Callable[[Any, Any], bool | None]]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "in": _inside,
}


def _ordered(value: Any) -> Decimal | str | None:
    number = _number(value)
    if number is not None:
        return number
    return value if isinstance(value, str) else None


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def value_of(node: Any, document: Any, found: dict[str, Any]) -> Any:
    """Return the value of an operand, and note in ``found`` what stood where."""
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Listed):
        return [value_of(item, document, found) for item in node.items]
    if isinstance(node, Count):
        value = _look_up(node.path, document, found)
        size = len(value) if isinstance(value, Mapping | list | tuple) else MISSING
        found[f"count({node.path.text})"] = size
        return size
    if isinstance(node, Known):
        value = _look_up(node.path, document, found)
        known = found[f"known({node.path.text})"] = value is not MISSING and value is not None
        return known
    if isinstance(node, Path):
        value = found[node.text] = _look_up(node, document, found)
        return value
    return _holds(node, document, found)


def _look_up(path: Path, document: Any, found: dict[str, Any]) -> Any:
    names = [part if isinstance(part, str) else _name(part, document, found) for part in path.parts]
    return _walk(document, names)


def _name(part: Any, document: Any, found: dict[str, Any]) -> str:
    value = part if isinstance(part, Decimal) else value_of(part, document, found)
    return str(value)


def _walk(value: Any, names: list[str]) -> Any:
    for index, name in enumerate(names):
        if value is None:
            return None
        if name == EACH:
            entries = value.values() if isinstance(value, Mapping) else value
            if not isinstance(entries, list | tuple) and not isinstance(value, Mapping):
                return MISSING
            return [_walk(entry, names[index + 1 :]) for entry in entries]
        value = _member(value, name)
        if value is MISSING:
            return MISSING
    return value


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, MISSING)
    if isinstance(value, msgspec.Struct):
        return getattr(value, name) if name in value.__struct_fields__ else MISSING
    if isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return MISSING
