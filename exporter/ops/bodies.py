"""The JSON body of a request as a struct, every fault named with what was expected and an example."""

from __future__ import annotations

import difflib
import re
from typing import Any, Final, TypeVar

import msgspec
from flask import request
from msgspec import inspect

from exporter.ops.documentation.examples import example_of, example_of_field
from exporter.ops.parameters import NOTHING, Fault
from trading_bot.contract.errors import NonRetriableError

Body = TypeVar("Body", bound=msgspec.Struct)

LONGEST: Final = 80
LONGEST_EXPECTED: Final = 300
DEEPEST: Final = 64
"""Levels of nesting. Nothing that is documented needs ten."""

TOO_DEEP: Final = f"JSON nested deeper than {DEEPEST} levels"
LARGEST_EXACT: Final = 2.0**53
AT_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
NOT_KNOWN: Final = "a field that is not known here"
NOT_REPEATED: Final = "a value that is not repeated here"
WHOLE: Final = "(body)"
MISSING: Final = re.compile(r"missing required field `([^`]+)`")
UNKNOWN: Final = re.compile(r"contains unknown field `([^`]+)`")
TYPE: Final = re.compile(r"^Expected `([^`|]+)(?: \| null)?`(?:, got .*)?")
STEPS: Final = re.compile(r"[^.\[\]]+")
IN_WORDS: Final = {
    "bool": "true or false",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "object": "a JSON object",
    "array": "a list",
}
"""JSON's types by the names that the decoder gives them."""


def parse_body(kind: type[Body], *, is_secret: bool = False) -> Body:
    """Return the body as ``kind``; an empty one is ``{}``. Of one that ``is_secret`` no value is repeated.

    Raises:
        NonRetriableError: API_001, with the fault in its context.
    """
    try:
        body = decoded(request.get_data() or b"{}")
    except ValueError as error:
        found = str(error)[:LONGEST]
        raise refused(
            Fault(field=WHOLE, expected="a JSON object", found=found, example=_text(example_of(kind)))
        ) from None
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        fault = _fault(str(error), inspect.type_info(kind), body, is_secret=is_secret)
    raise refused(fault, " is not as documented:" if is_secret else ":")


def decoded(data: bytes) -> Any:
    """Return JSON as values, in which 5.0 is 5, as JSON means it.

    Raises:
        ValueError: it is no JSON, a number of it is too large, or it is nested deeper than :data:`DEEPEST`.
    """
    try:
        return _with_integers(msgspec.json.decode(data), 1)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _with_integers(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError(TOO_DEEP)
    if isinstance(value, dict):
        return {key: _with_integers(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item, depth + 1) for item in value]
    if isinstance(value, float) and abs(value) < LARGEST_EXACT and value.is_integer():
        return int(value)
    return value


def refused(fault: Fault, says: str = ":") -> NonRetriableError:
    """Return the error of a request with one fault. ``password:`` would have the words behind it redacted."""
    message = f"{fault.field}{says} expected {fault.expected}, found {fault.found}"
    return NonRetriableError("API_001", message, errors=[msgspec.to_builtins(fault)])


def _fault(message: str, kind: inspect.Type, body: Any, *, is_secret: bool) -> Fault:
    place = AT_PATH.search(message)
    path = place[1] if place else ""
    if unknown := UNKNOWN.search(message):
        return _unknown(unknown[1], path, kind)
    missing = MISSING.search(message)
    if missing:
        path = _joined(path, missing[1])
    field = _reached(kind, path)
    found = NOTHING if missing else NOT_REPEATED if is_secret else _found(body, path)
    return Fault(
        field=path[:LONGEST] or WHOLE,
        expected=_expected(AT_PATH.sub("", message), field),
        found=found,
        example=_text(example_of_field(field, STEPS.findall(path)[-1] if path else "")),
    )


def _unknown(name: str, path: str, kind: inspect.Type) -> Fault:
    known = list(_fields(_reached(kind, path)))
    example = (difflib.get_close_matches(name, known, n=1) or known or [""])[0]
    expected = f"one of {', '.join(known)}" if known else "no fields"
    return Fault(
        field=_joined(path, name)[:LONGEST],
        expected=expected[:LONGEST_EXPECTED],
        found=NOT_KNOWN,
        example=example,
    )


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _expected(message: str, field: inspect.Type) -> str:
    """Return what a field takes, in its own words; before them the type or the bound, where they do not tell it."""
    described = _description(field)
    rule = TYPE.sub(lambda type_: IN_WORDS.get(type_[1], type_[1]), message)
    if described is None:
        return rule[:LONGEST_EXPECTED]
    is_told = rule == message or (", got " not in message and any(map(str.isdigit, described)))
    return (described if is_told else f"{rule}: {described}")[:LONGEST_EXPECTED]


def _reached(kind: inspect.Type, path: str) -> inspect.Type:
    """Return the type at a path; what a free-form value holds is of any type."""
    for step in STEPS.findall(path):
        bare = _bare(kind)
        if isinstance(bare, inspect.StructType):
            kind = _fields(bare).get(step, inspect.AnyType())
        elif isinstance(bare, (inspect.ListType, inspect.VarTupleType)):
            kind = bare.item_type
        else:
            kind = bare.value_type if isinstance(bare, inspect.DictType) else inspect.AnyType()
    return kind


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return a type without what is said about it, and without null."""
    while isinstance(kind, (inspect.Metadata, inspect.UnionType)):
        kind = kind.type if isinstance(kind, inspect.Metadata) else _given(kind)
    return kind


def _given(kind: inspect.UnionType) -> inspect.Type:
    return next(one for one in kind.types if not isinstance(one, inspect.NoneType))


def _fields(kind: inspect.Type) -> dict[str, inspect.Type]:
    bare = _bare(kind)
    return {one.encode_name: one.type for one in bare.fields} if isinstance(bare, inspect.StructType) else {}


def _description(kind: inspect.Type) -> str | None:
    while isinstance(kind, (inspect.Metadata, inspect.UnionType)):
        if isinstance(kind, inspect.UnionType):
            kind = _given(kind)
        elif words := (kind.extra_json_schema or {}).get("description"):
            return str(words)
        else:
            kind = kind.type
    return None


def _found(value: Any, path: str) -> str:
    for step in STEPS.findall(path):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
    return _text(value)[:LONGEST]


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
