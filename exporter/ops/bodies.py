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
LARGEST_EXACT: Final = 2.0**53
AT_PATH: Final = re.compile(r" - at `\$\.?([^`]*)`$")
MISSING: Final = re.compile(r"missing required field `([^`]+)`")
UNKNOWN: Final = re.compile(r"contains unknown field `([^`]+)`")


def parse_body(kind: type[Body]) -> Body:
    """Return the body as ``kind``; an empty one is ``{}``.

    Raises:
        NonRetriableError: API_001, with the fault in its context.
    """
    data = request.get_data() or b"{}"
    try:
        return msgspec.convert(_with_integers(msgspec.json.decode(data)), kind)
    except msgspec.ValidationError as error:
        fault = _fault(str(error), kind, data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fault = Fault(
            field="(body)", expected="a JSON object", found=str(error)[:LONGEST], example=_written(kind)
        )
    raise refused(fault)


def _with_integers(value: Any) -> Any:
    """Return a decoded value in which 5.0 is 5, as JSON means it."""
    if isinstance(value, dict):
        return {key: _with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, float) and abs(value) < LARGEST_EXACT and value.is_integer():
        return int(value)
    return value


def refused(fault: Fault) -> NonRetriableError:
    """Return the error of a request with one fault."""
    message = f"{fault.field}: expected {fault.expected}, found {fault.found}"
    return NonRetriableError("API_001", message, errors=[msgspec.to_builtins(fault)])


def _fault(message: str, kind: type[msgspec.Struct], data: bytes) -> Fault:
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
        found=_of_the_whole(data, path) if named else _found(data, path),
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


def _of_the_whole(data: bytes, path: str) -> str:
    return "nothing" if path.encode() not in data else "a field that is not known here"


def _found(data: bytes, path: str) -> str:
    value: Any = msgspec.json.decode(data)
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
