"""The JSON body of a request as a struct, every fault named with what was expected and an example."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec
from flask import request
from msgspec import inspect

from exporter.ops.documentation.examples import example_of
from exporter.ops.parameters import Fault
from trading_bot.contract.errors import NonRetriableError

Body = TypeVar("Body", bound=msgspec.Struct)

LONGEST: Final = 80
DEEPEST: Final = 64
"""Levels of nesting. Nothing that is documented needs ten."""

TOO_DEEP: Final = f"JSON nested deeper than {DEEPEST} levels"
LARGEST_EXACT: Final = 2.0**53
AT_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
NOTHING: Final = "nothing"
NOT_KNOWN: Final = "a field that is not known here"
MISSING: Final = re.compile(r"missing required field `([^`]+)`")
UNKNOWN: Final = re.compile(r"contains unknown field `([^`]+)`")


def parse_body(kind: type[Body]) -> Body:
    """Return the body as ``kind``; an empty one is ``{}``.

    Raises:
        NonRetriableError: API_001, with the fault in its context.
    """
    try:
        body = decoded(request.get_data() or b"{}")
    except ValueError as error:
        found = str(error)[:LONGEST]
        raise refused(
            Fault(field="(body)", expected="a JSON object", found=found, example=_written(kind))
        ) from None
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise refused(_fault(str(error), kind, body)) from None


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


def refused(fault: Fault) -> NonRetriableError:
    """Return the error of a request with one fault."""
    message = f"{fault.field}: expected {fault.expected}, found {fault.found}"
    return NonRetriableError("API_001", message, errors=[msgspec.to_builtins(fault)])


def _fault(message: str, kind: type[msgspec.Struct], body: Any) -> Fault:
    named = MISSING.search(message) or UNKNOWN.search(message)
    place = AT_PATH.search(message)
    path = place[1] if place else ""
    if named is not None:
        path = f"{path}.{named[1]}" if path else named[1]
    expected = AT_PATH.sub("", message).removeprefix("Expected ")
    field = path.partition(".")[0].partition("[")[0]
    described = _descriptions(kind).get(field)
    return Fault(
        field=path[:LONGEST] or "(body)",
        expected=(described or expected)[:300],
        found=_found(body, path) if named is None else NOTHING if MISSING.search(message) else NOT_KNOWN,
        example=_example(kind, field),
    )


def _descriptions(kind: type[msgspec.Struct]) -> dict[str, str]:
    properties = msgspec.json.schema_components([kind])[1][kind.__name__].get("properties", {})
    return {name: words for name, field in properties.items() if (words := _words(field)) is not None}


def _words(field: dict[str, Any]) -> str | None:
    for one in (field, *field.get("anyOf", ())):
        if "description" in one:
            return str(one["description"])
    return None


def _found(value: Any, path: str) -> str:
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
    return msgspec.json.encode(value).decode()[:LONGEST]


def _example(kind: type[msgspec.Struct], field: str) -> str:
    examples = example_of(kind)
    if field in examples:
        return msgspec.json.encode(examples[field]).decode()[:LONGEST]
    return ", ".join(one.encode_name for one in _fields(kind))[:LONGEST]


def _fields(kind: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    return told.fields


def _written(kind: type[msgspec.Struct]) -> str:
    return msgspec.json.encode(example_of(kind)).decode()[:200]
