"""Lists that say what they left out, and how to get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from trading_bot.contract.errors import NonRetriableError

Item = TypeVar("Item")

DEFAULT_LIMIT: Final = 20
LARGEST_LIMIT: Final = 200


class Part(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list: its items, how many there are in all, and where the next part begins."""

    items: Sequence[Item]
    total: int
    cursor: str | None


def part_of(
    items: Sequence[Item], name_of: Callable[[Item], str], limit: int, after: str | None = None
) -> Part[Item]:
    """Return at most ``limit`` items that come after the one with the name ``after``.

    Raises:
        NonRetriableError: API_002 when there is no such item: it may have left the list meanwhile.
    """
    start = 0 if after is None else _place_after(items, name_of, after)
    chosen = items[start : start + limit]
    more = start + len(chosen) < len(items)
    return Part(items=chosen, total=len(items), cursor=name_of(chosen[-1]) if more and chosen else None)


def _place_after(items: Sequence[Item], name_of: Callable[[Item], str], after: str) -> int:
    for index, item in enumerate(items):
        if name_of(item) == after:
            return index + 1
    raise NonRetriableError("API_002", "after: this entry is not in the list (any more); begin without after")


def link(path: str, **query: Any) -> str:
    """Return a path with those parameters that are given."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
