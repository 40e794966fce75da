"""Selectors of PromQL out of the catalogue: a name, label or value that it does not declare is an error."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trading_bot.contract.telemetry.definition import Label


class WrongQuery(Exception):  # noqa: N818 - it is about the query, not an error of this program
    """A query that the catalogue does not allow."""


class Not(msgspec.Struct, frozen=True):
    """Every value but these."""

    values: tuple[str, ...]


Wanted = str | tuple[str, ...] | Not
"""One value, some values, or all but some."""


def selector(name: str, declared: tuple[Label, ...], matchers: Mapping[str, Wanted], *first: str) -> str:
    """Return a selector of the series ``name``.

    Args:
        name: of the series; of a histogram with its suffix.
        declared: the labels that it has besides ``bot``.
        matchers: by label, what is wanted.
        first: matchers that stand in front, as they are.

    Raises:
        WrongQuery: a label that is not declared, or a value outside its closed set.
    """
    known = {label.name: label for label in declared}
    for key in matchers:
        if key not in known:
            raise WrongQuery(f"{name} has no label {key}")
    parts = [*first, *(_matcher(known[key], wanted) for key, wanted in matchers.items())]
    return f"{name}{{{', '.join(parts)}}}" if parts else name


def _matcher(label: Label, wanted: Wanted) -> str:
    values = _values(wanted)
    unknown = set(values) - set(values if label.values is None else label.values)
    if unknown:
        raise WrongQuery(f"the label {label.name} has no value {', '.join(sorted(unknown))}")
    joined = "|".join(values)
    if isinstance(wanted, Not):
        return f'{label.name}!~"{joined}"'
    return f'{label.name}="{joined}"' if isinstance(wanted, str) else f'{label.name}=~"{joined}"'


def _values(wanted: Wanted) -> tuple[str, ...]:
    if isinstance(wanted, str):
        return (wanted,)
    return wanted.values if isinstance(wanted, Not) else wanted
