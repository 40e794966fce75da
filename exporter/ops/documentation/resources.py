"""What there is, as a short list: each resource with its operations."""

from __future__ import annotations

from typing import Final

import msgspec
from flask import Flask

from exporter.ops.documentation.openapi import WITHOUT_DOCUMENTATION, path_of
from exporter.ops.documentation.operation import operations_of

NAME: Final = "tickertape.resources"


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """One operation in a few words."""

    method: str
    path: str
    summary: str


class ResourceView(msgspec.Struct, frozen=True, kw_only=True):
    """A resource: everything below one path."""

    name: str
    operations: list[OperationView]


def resources_of(app: Flask) -> list[ResourceView]:
    """Return the application's resources by name, made at the first call."""
    if NAME not in app.extensions:
        app.extensions[NAME] = _resources(app)
    made: list[ResourceView] = app.extensions[NAME]
    return made


def _resources(app: Flask) -> list[ResourceView]:
    operations = operations_of(app.view_functions)
    found: dict[str, list[OperationView]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation = operations.get(rule.endpoint)
        if operation is None:
            continue
        path = path_of(rule)
        name = path.removeprefix("/api/v1").strip("/").partition("/")[0] or "index"
        for method in sorted((rule.methods or set()) - WITHOUT_DOCUMENTATION):
            shown = OperationView(method=method, path=path, summary=operation.summary)
            found.setdefault(name, []).append(shown)
    return [ResourceView(name=name, operations=found[name]) for name in sorted(found)]
