"""The OpenAPI 3.1 document, made of the routes and of what their handlers say about themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from exporter.ops.documentation.examples import alternatives, as_builtins, example_of
from exporter.ops.documentation.operation import JSON, Answers, Operation, operations_of
from exporter.ops.problems import STATUS
from exporter.ops.representations.problem import PROBLEM_JSON, Problem, example_problem
from trading_bot.contract.errors import ERRORS

REFERENCE: Final = "#/components/schemas/{name}"
WITHOUT_DOCUMENTATION: Final = frozenset({"HEAD", "OPTIONS"})
VARIABLE: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
KEYED: Final = ("AUTH_001", "API_006")
ALWAYS: Final = ("API_005",)
KEY_SCHEMES: Final = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
DESCRIPTION: Final = """\
What people curl and agents call. Three cheap calls come first: `/api/v1/summary`, then the links in it,
then `/api/v1/errors/{code}`.

Money and quantities are decimals in strings; times are RFC 3339 in UTC; what is not known is null, with
the reason in `unknown`. Lists have `limit`, `returned`, `total`, `truncated` and `next`. Errors are
`application/problem+json`: `type` is the address that explains the code, `next` says what to call now.
"""

Json = dict[str, Any]


def openapi_document(app: Flask, public: frozenset[str]) -> Json:
    """Return the document of all routes that are documented.

    Args:
        app: with all its blueprints.
        public: endpoints that need no key.
    """
    operations = operations_of(app.view_functions)
    components = Components(operations)
    paths: dict[str, Json] = defaultdict(dict)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation = operations.get(rule.endpoint)
        if operation is None:
            continue
        for method in sorted((rule.methods or set()) - WITHOUT_DOCUMENTATION):
            told = _operation(rule, method, operation, components, is_public=rule.endpoint in public)
            paths[path_of(rule)][method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tickertape",
            "version": version("tickertape"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in KEY_SCHEMES],
        "paths": dict(paths),
        "components": {"schemas": components.schemas, "securitySchemes": KEY_SCHEMES},
    }


def path_of(rule: Rule) -> str:
    """Return a route's path as OpenAPI writes it."""
    return VARIABLE.sub(r"{\1}", rule.rule)


class Components:
    """The JSON Schemas of every type that an operation names."""

    def __init__(self, operations: dict[str, Operation]) -> None:
        types = [kind for operation in operations.values() for kind in _types(operation)]
        unique = [*{repr(kind): kind for kind in (Problem, *types)}.values()]
        made, self.schemas = msgspec.json.schema_components(unique, ref_template=REFERENCE)
        self._made = dict(zip(map(repr, unique), made, strict=True))

    def of(self, kind: Any) -> Json:
        """Return the schema of a type, by reference where it has a name."""
        schemas = [self._made[repr(one)] for one in alternatives(kind)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def fields(self, kind: type[msgspec.Struct] | None) -> Iterator[tuple[str, Json, bool]]:
        """Yield name, schema and whether it must be there of each field."""
        if kind is None:
            return
        schema = self.schemas[self.of(kind)["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            yield name, field, name in schema.get("required", ())


def _types(operation: Operation) -> Iterator[Any]:
    for kind in (operation.query, operation.path, operation.headers, operation.body):
        if kind is not None:
            yield from alternatives(kind)
    for answers in operation.answers:
        if answers.type is not None:
            yield from alternatives(answers.type)


def _operation(
    rule: Rule, method: str, operation: Operation, components: Components, *, is_public: bool
) -> Json:
    told: Json = {
        "operationId": _identity(rule, method),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": operation.summary,
        "description": operation.scenario,
        "parameters": list(_parameters(operation, components)),
        "responses": _responses(operation, components, is_public=is_public),
    }
    if operation.body is not None:
        example = operation.body_example
        told["requestBody"] = {
            "required": _has_required_fields(operation.body),
            "content": {
                JSON: {
                    "schema": components.of(operation.body),
                    "example": example_of(operation.body) if example is None else as_builtins(example),
                }
            },
        }
    if is_public:
        told["security"] = []
    return told


def _identity(rule: Rule, method: str) -> str:
    name = rule.endpoint.replace(".", "_")
    is_only = len((rule.methods or set()) - WITHOUT_DOCUMENTATION) == 1
    return name if is_only else f"{name}_{method.lower()}"


def _parameters(operation: Operation, components: Components) -> Iterator[Json]:
    places = (("path", operation.path), ("query", operation.query), ("header", operation.headers))
    for place, kind in places:
        for name, schema, required in components.fields(kind):
            yield {
                "name": name.replace("_", "-") if place == "header" else name,
                "in": place,
                "required": required or place == "path",
                "description": str(_given(schema).get("description", "")),
                "schema": {key: value for key, value in _given(schema).items() if key != "description"},
            }


def _given(schema: Json) -> Json:
    """Return the schema of a parameter that was given: one that may be left out is never sent as null."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return dict(one)
    return schema


def _responses(operation: Operation, components: Components, *, is_public: bool) -> Json:
    responses = {str(one.status): _success(operation, one, components) for one in operation.answers}
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in error_codes(operation, is_public=is_public):
        by_status[STATUS[code]].append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = _failure(codes, status, components)
    return responses


def error_codes(operation: Operation, *, is_public: bool) -> tuple[str, ...]:
    """Return every code that an operation may answer with."""
    has_input = any((operation.query, operation.path, operation.headers, operation.body))
    implied = (*(() if is_public else KEYED), *(("API_001",) if has_input else ()), *ALWAYS)
    return tuple(dict.fromkeys((*operation.errors, *implied)))


def _success(operation: Operation, answers: Answers, components: Components) -> Json:
    told: Json = {"description": answers.meaning}
    if answers.status == operation.answers[0].status and operation.example is not None:
        example = as_builtins(operation.example)
    else:
        example = example_of(answers.type) if answers.type is not None else None
    content: Json = {}
    for media in answers.media:
        if media == JSON and answers.type is not None:
            content[media] = {"schema": components.of(answers.type), "example": example}
        else:
            content[media] = {"schema": {"type": "string"}}
    if content:
        told["content"] = content
    return told


def _has_required_fields(kind: Any) -> bool:
    """Tell whether an empty object would not do; then a request may not leave its body out."""
    told = msgspec.inspect.type_info(kind)
    return not isinstance(told, msgspec.inspect.StructType) or any(one.required for one in told.fields)


def _failure(codes: list[str], status: int, components: Components) -> Json:
    return {
        "description": "; ".join(f"`{code}` {ERRORS[code].title}" for code in codes),
        "content": {
            PROBLEM_JSON: {
                "schema": components.of(Problem),
                "examples": {code: {"value": example_problem(code, status)} for code in codes},
            }
        },
    }
