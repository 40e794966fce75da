"""What is wrong with a document, field by field, by a JSON Schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from exporter.ops.parameters import Fault
from trading_bot.contract.errors import TickertapeError

LONGEST_FOUND: Final = 80
DEEPEST: Final = 40
MOST_FAULTS: Final = 50
WHOLE: Final = "(document)"

EXPECTED: Final = {
    "type": "a value of type {value}",
    "exclusiveMinimum": "more than {value}",
    "exclusiveMaximum": "less than {value}",
    "minimum": "at least {value}",
    "maximum": "at most {value}",
    "enum": "one of {value}",
    "const": "{value}",
    "pattern": "text that matches {value}",
    "minLength": "at least {value} characters",
    "maxLength": "at most {value} characters",
    "minItems": "at least {value} of them",
    "maxItems": "at most {value} of them",
    "minProperties": "at least {value} of them",
    "maxProperties": "at most {value} of them",
}


def schema_faults(document: Any, schema: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with a document by a schema; nothing when it is valid."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - 90 ms, needed only where something is wrong

    errors = Draft202012Validator(schema).iter_errors(document)
    found: list[Fault] = []
    for error in errors:
        found.extend(_faults_of(_deepest(error), schema))
        if len(found) >= MOST_FAULTS:
            break
    unique = dict.fromkeys(found)  # the library tells of each missing field, and we of all that are missing
    return sorted(unique, key=lambda fault: fault.field)[:MOST_FAULTS]


def is_plain(document: Any, depth: int = 0) -> bool:
    """Whether a document is made of JSON's values, not too deep, without NaN and infinities."""
    if depth > DEEPEST:
        return False
    if isinstance(document, dict):
        return all(isinstance(name, str) and is_plain(item, depth + 1) for name, item in document.items())
    if isinstance(document, list):
        return all(is_plain(item, depth + 1) for item in document)
    if isinstance(document, float):
        return math.isfinite(document)
    return document is None or isinstance(document, str | int)


def refuse(code: str, what: str, faults: list[Fault], kind: type[TickertapeError]) -> TickertapeError:
    """Return the error that names all faults."""
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    message = f"{what}{first.field}: expected {first.expected}, found {first.found}{more}"
    listed = [
        {"field": one.field, "expected": one.expected, "found": one.found, "example": one.example}
        for one in faults
    ]
    return kind(code, message, errors=listed)


def inside(field: str, name: object) -> str:
    """Return the name of a field inside of another."""
    text = f"[{name}]" if isinstance(name, int) else str(name)[:LONGEST_FOUND] or "(an empty name)"
    return text if field in {"", WHOLE} else f"{field}{text}" if text.startswith("[") else f"{field}.{text}"


def shown(value: Any) -> str:
    """Return a value as its author would know it again, not too long."""
    text = repr(value)
    return text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"


def _deepest(error: Any) -> Any:
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - same

    return best_match([error]) or error if error.context else error


def _faults_of(error: Any, schema: Mapping[str, Any]) -> Iterator[Fault]:
    field = ""
    for part in error.absolute_path:
        field = inside(field, part)
    special = SPECIAL.get(str(error.validator))
    if special is not None:
        yield from special(error, field, schema)
        return
    value: Any = error.validator_value
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    pattern = EXPECTED.get(str(error.validator), "something else")
    expected = _described(error) or pattern.format(value=words)
    yield Fault(
        field=field or WHOLE,
        expected=expected,
        found=shown(error.instance),
        example=example_of(error.schema, schema),
    )


def _described(error: Any) -> str | None:
    """A pattern says little: what describes the field says more."""
    described = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    return str(described) if described and error.validator == "pattern" else None


def _unknown(error: Any, field: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    del schema
    known = list(error.schema.get("properties", {}))
    for name in error.instance:
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else "nothing here"
            example = known[0] if known else ""
            yield Fault(field=inside(field, name), expected=expected, found="an unknown key", example=example)


def _missing(error: Any, field: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    properties = error.schema.get("properties", {})
    for name in error.validator_value:
        if name not in error.instance:
            example = example_of(properties.get(name, {}), schema)
            yield Fault(field=inside(field, name), expected="a value", found="nothing", example=example)


def _names(error: Any, field: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    del schema
    names = error.schema.get("propertyNames", {})
    expected = str(names.get("description") or names.get("pattern"))
    example = str(next(iter(names.get("examples", ())), "name"))
    yield Fault(
        field=inside(field, error.instance), expected=expected, found=shown(error.instance), example=example
    )


SPECIAL: Final[dict[str, Callable[[Any, str, Mapping[str, Any]], Iterator[Fault]]]] = {
    "additionalProperties": _unknown,
    "required": _missing,
    "propertyNames": _names,
}


def example_of(schema: Any, root: Mapping[str, Any], depth: int = 0) -> str:
    """Return a valid value, as it would be written in YAML."""
    value = example_value(schema, root, depth)
    return value if isinstance(value, str) else json.dumps(value)


def example_value(schema: Any, root: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a valid value for a schema, made of its examples where it has some."""
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    for key in ("examples", "enum", "anyOf", "oneOf"):
        if schema.get(key):
            first = schema[key][0]
            return example_value(first, root, depth + 1) if key.endswith("Of") else first
    if "$ref" in schema:
        return example_value(root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth + 1)
    given = [schema[key] for key in ("const", "default") if key in schema]
    return given[0] if given else _by_type(schema, root, depth)


def _by_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    if schema.get("properties"):
        required = schema.get("required", list(schema["properties"])[:1])
        return {name: example_value(schema["properties"][name], root, depth + 1) for name in required}
    if schema.get("type") == "array":
        return [example_value(schema.get("items", {}), root, depth + 1)]
    plain: dict[Any, Any] = {"string": "text", "boolean": True, "object": {}}
    return plain.get(schema.get("type"), schema.get("minimum", 1))
