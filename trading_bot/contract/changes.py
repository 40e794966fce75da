"""What differs between two settings, key by key: when it takes effect, and whether it takes more risk.

A key is named by its path (``limits.max_daily_loss``, ``strategies.trend.order_notional``). What is
there on one side only, such as a whole strategy, is one change.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from trading_bot.contract.errors.definition import OperatorError
from trading_bot.contract.settings import Settings


class Apply(StrEnum):
    """When a change of a key takes effect."""

    HOT = "hot"
    RESTART = "restart"
    FORBIDDEN = "forbidden"


class Change(Struct, frozen=True, kw_only=True):
    """One key that differs. Values are plain (decimals as strings); None where the key is not there."""

    field: str
    before: Any
    after: Any
    apply: Apply
    loosens: bool


class Mark(Struct, frozen=True):
    """What a key's schema says of a change of it: see :mod:`trading_bot.contract.settings.keys`."""

    apply: Apply
    loosens: str


LOOSENS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "up": lambda before, after: after is None or (before is not None and operator.gt(after, before)),
    "down": lambda before, after: after is None or (before is not None and operator.lt(after, before)),
    "any": lambda _before, _after: True,
    "none": lambda _before, _after: False,
}
"""Direction that takes more risk to whether this change does. No limit at all is the loosest."""

KIND: Final = Mark(Apply.RESTART, "any")
"""Of a value whose kind changes, such as a strategy that becomes another one."""


def changes(before: Settings, after: Settings) -> tuple[Change, ...]:
    """Return every key that differs, in the order of the model."""
    return tuple(_of_struct("", before, after))


def loosening(found: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes that take more risk."""
    return tuple(change for change in found if change.loosens)


def applying(found: tuple[Change, ...], apply: Apply) -> tuple[Change, ...]:
    """Return the changes that take effect in this way."""
    return tuple(change for change in found if change.apply is apply)


def check_changes(found: tuple[Change, ...], *, confirmed: Collection[str], restart: bool) -> None:
    """Hold changes to what was allowed.

    Args:
        found: the changes.
        confirmed: the keys whose loosening was confirmed.
        restart: whether the bot may restart for them.

    Raises:
        OperatorError: CFG_007 for a key that is fixed, CFG_009 where a restart was not allowed, CFG_008
            where more risk was not confirmed; each names its keys.
    """
    fixed = [change.field for change in applying(found, Apply.FORBIDDEN)]
    if fixed:
        raise OperatorError("CFG_007", f"fixed for the life of a journal: {', '.join(fixed)}", fields=fixed)
    slow = [change.field for change in applying(found, Apply.RESTART)]
    if slow and not restart:
        raise OperatorError("CFG_009", f"in force only after a restart: {', '.join(slow)}", fields=slow)
    risky = [change.field for change in loosening(found) if change.field not in confirmed]
    if risky:
        raise OperatorError("CFG_008", f"takes more risk: {', '.join(risky)}", fields=risky)


def leaves(settings: Settings) -> dict[str, tuple[Any, Mark]]:
    """Return every key's value with what a change of it means, in the order of the model."""
    return dict(_leaves("", settings))


def _leaves(path: str, value: Struct) -> Iterator[tuple[str, tuple[Any, Mark]]]:
    for name in value.__struct_fields__:
        inner, field = getattr(value, name), _inside(path, name)
        mark = marks(type(value)).get(name)
        if isinstance(inner, Struct):
            yield from _leaves(field, inner)
        elif isinstance(inner, Mapping) and inner and all(isinstance(one, Struct) for one in inner.values()):
            for key, one in inner.items():
                yield from _leaves(f"{field}.{key}", one)
        else:
            yield field, (_plain(inner), mark or KIND)


def _of_struct(path: str, before: Struct, after: Struct) -> Iterator[Change]:
    for name in before.__struct_fields__:
        mark = marks(type(before)).get(name, KIND)
        yield from _of_value(_inside(path, name), getattr(before, name), getattr(after, name), mark)


def _of_value(field: str, before: Any, after: Any, mark: Mark) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Struct) and type(before) is type(after):
        yield from _of_struct(field, before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _of_value(f"{field}.{key}", before.get(key), after.get(key), mark)
    else:
        yield Change(
            field=field,
            before=_plain(before),
            after=_plain(after),
            apply=mark.apply,
            loosens=LOOSENS[mark.loosens](before, after),
        )


@cache
def marks(kind: type[Struct]) -> dict[str, Mark]:
    """Return what a struct's fields say of themselves; those that hold further keys say nothing."""
    found = {name: _mark(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}
    return {name: mark for name, mark in found.items() if mark is not None}


def _mark(hint: Any) -> Mark | None:
    for part in get_args(hint):
        extra = part.extra_json_schema if isinstance(part, Meta) else None
        if extra and "x-apply" in extra:
            return Mark(Apply(extra["x-apply"]), extra["x-loosens"])
    return next((mark for mark in map(_mark, get_args(hint)) if mark is not None), None)


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else msgspec.to_builtins(value)
