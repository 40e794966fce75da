"""The settings as JSON Schema."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from trading_bot.contract.settings.model import Settings


@cache
def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of :class:`Settings`, with ``x-apply`` and ``x-loosens``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Settings)}
    return _money_as_numbers(schema)  # type: ignore[no-any-return]


def _money_as_numbers(node: Any) -> Any:
    """Say ``number`` where msgspec says decimal string, so that bounds hold; both spellings are accepted."""
    if isinstance(node, list | tuple):
        return [_money_as_numbers(item) for item in node]
    if not isinstance(node, dict):
        return node
    inner = {key: _money_as_numbers(item) for key, item in node.items()}
    if inner.get("format") == "decimal":
        del inner["format"]
        inner["type"] = "number"
        if "default" in inner:
            inner["default"] = float(inner["default"])
    if isinstance(inner.get("default"), dict):
        inner["default"] = {}  # each key inside has its own
    return inner
