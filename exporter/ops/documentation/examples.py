"""An example of any type that is shown: from what its fields say, always the same."""

from __future__ import annotations

from types import UnionType
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect

MOMENT: Final = "2026-11-22T01:33:22.123456Z"

WORDS: Final[dict[str, Any]] = {
    "symbol": "EUR/USD",
    "status": "ok",
    "side": "buy",
    "type": "market",
    "currency": "USD",
    "asset": "EUR",
    "strategy": "cross",
    "mode": "running",
    "error_code": "VENUE_001",
    "severity": "warning",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "span_id": "00f067aa0ba902b7",
    "client_order_id": "tt-01J8Z6-0001",
    "trade_id": "88012",
    "venue_order_id": "1042",
    "health_status": "healthy",
    "health_reason": "all conditions are true and the bot is running",
    "up_reason": "Alive",
    "unknown": {},
    "left_out": {},
    "warnings": [],
    "next": None,
    "older": None,
    "cursor": "1042",
    "truncated": False,
    "actor": "api-key",
    "reason": "a test",
}
"""For fields of these names, where a word that is no example would mislead."""


PLAIN: Final[dict[type, Any]] = {
    inspect.StrType: str,
    inspect.BoolType: bool,
    inspect.NoneType: type(None),
    inspect.ListType: list,
    inspect.VarTupleType: list,
    inspect.DictType: dict,
}


def example_of(kind: Any) -> Any:
    """Return an example of a type, of several the first, as builtins."""
    return _example(inspect.type_info(alternatives(kind)[0]), "")


def example_of_field(kind: inspect.Type, name: str) -> Any:
    """Return an example of a field of some name, as builtins: its own, else that of its name, else of its type."""
    return _example(kind, name)


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the types of a union; msgspec makes no schema of one of several structs."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _example(kind: inspect.Type, name: str) -> Any:
    if isinstance(kind, inspect.Metadata):
        examples = (kind.extra_json_schema or {}).get("examples")
        return examples[0] if examples else _example(kind.type, name)
    if name in WORDS and _fits(kind, WORDS[name]):
        return WORDS[name]
    if isinstance(kind, inspect.UnionType):
        return _example(_first(kind.types), name)
    if isinstance(kind, inspect.StructType):
        fields = {field.encode_name: _example(field.type, field.encode_name) for field in kind.fields}
        tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
        return {**tag, **fields}
    maker = MAKERS.get(type(kind))
    return maker(kind, name) if maker else None


def _fits(kind: inspect.Type, word: Any) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _fits(kind.type, word)
    if isinstance(kind, inspect.UnionType):
        return any(_fits(one, word) for one in kind.types)
    return isinstance(word, PLAIN.get(type(kind), ()))


def _first(kinds: tuple[inspect.Type, ...]) -> inspect.Type:
    return next((one for one in kinds if not isinstance(one, inspect.NoneType)), kinds[0])


def _of_text(kind: inspect.StrType, name: str) -> str:
    if name.endswith(("_at", "_time", "timestamp")):
        return MOMENT
    return (name or "text").ljust(kind.min_length or 0, "x")


def _of_number(kind: inspect.IntType | inspect.FloatType, _name: str) -> Any:
    return kind.ge if kind.ge is not None else 1


MAKERS: Final[dict[type, Any]] = {
    inspect.StrType: _of_text,
    inspect.IntType: _of_number,
    inspect.FloatType: _of_number,
    inspect.BoolType: lambda _kind, _name: True,
    inspect.DecimalType: lambda _kind, _name: "1.25",
    inspect.EnumType: lambda kind, _name: next(iter(kind.cls)).value,
    inspect.LiteralType: lambda kind, _name: kind.values[0],
    inspect.AnyType: lambda _kind, name: name or "any",
    inspect.ListType: lambda kind, name: [_example(kind.item_type, name.removesuffix("s"))],
    inspect.VarTupleType: lambda kind, name: [_example(kind.item_type, name.removesuffix("s"))],
    inspect.DictType: lambda kind, _name: {"key": _example(kind.value_type, "value")},
}


def as_builtins(example: Any) -> Any:
    """Return an example that was given as a struct or as builtins."""
    return msgspec.json.decode(msgspec.json.encode(example))
