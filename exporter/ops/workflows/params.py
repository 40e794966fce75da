"""The params of an action in a definition: held to their schema where no template stands in for the value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from exporter.ops.parameters import Fault
from exporter.ops.workflows import templates
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.actions.definition import Action, Params
from exporter.ops.workflows.definition import Compensation, Step
from exporter.ops.workflows.faults import WHOLE, schema_faults, shown


def params_schema(action: Action, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of an action's params, any of which may be a template; adds what it refers to."""
    made = msgspec.json.schema(action.params)
    inner = made["$defs"].pop(made["$ref"].rpartition("/")[2])
    definitions.update(made["$defs"])
    template = {"type": "string", "pattern": r"\$\{"}
    properties = {
        key: field if key in action.literal else {"anyOf": [field, template], **_telling(field)}
        for key, field in inner["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": inner.get("required", []),
        "additionalProperties": False,
    }


def _telling(field: Mapping[str, Any]) -> dict[str, Any]:
    return {key: field[key] for key in ("description", "examples") if key in field}


def faults_of_params(part: Step | Compensation, field: str) -> Iterator[Fault]:
    """Hold the params to their action's; of those with a template only the name is known before it runs."""
    kind = ACTIONS[part.action].params
    hints, needed = _params_of(kind)
    good = needed <= part.params.keys() <= hints.keys() and all(
        templates.has_template(value) or _converts(value, hints[name]) for name, value in part.params.items()
    )
    if good:
        return
    made = msgspec.json.schema(kind)
    told = params_schema(ACTIONS[part.action], made["$defs"])
    found = schema_faults(part.params, {**told, "$defs": made["$defs"]})
    for fault in found or [_misfit(part)]:
        name = "" if fault.field == WHOLE else f".{fault.field}"
        yield msgspec.structs.replace(fault, field=f"{field}.params{name}")


@cache
def _params_of(kind: type[Params]) -> tuple[dict[str, Any], frozenset[str]]:
    needed = frozenset(field.name for field in msgspec.structs.fields(kind) if field.required)
    return get_type_hints(kind, include_extras=True), needed


def _converts(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, ArithmeticError):
        return False
    return True


def _misfit(part: Step | Compensation) -> Fault:
    return Fault(field=WHOLE, expected=f"the params of {part.action}", found=shown(part.params), example="{}")
