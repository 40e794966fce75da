"""The page of workflows: what a step can do, what a condition can speak of, and what is shipped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec

from exporter.ops.workflows.actions import SUBJECTS
from exporter.ops.workflows.actions.definition import Action, Repeat
from exporter.ops.workflows.definition import Workflow
from exporter.ops.workflows.document import Document, Part
from exporter.ops.workflows.library import SHIPPED, Library

AGAIN: Final = {
    Repeat.FREE: "changes nothing; simply done again",
    Repeat.KEYED: "once: the same key, or the same file",
    Repeat.ONCE: "again only if its verify does not hold; its key is the same",
}


def workflow_lines() -> Iterator[str]:
    """Yield the lines of the page below its head."""
    yield from ("", "## Actions", "", "What a step can do. There is no other action, and no shell.")
    for subject in SUBJECTS:
        for action in subject.ACTIONS:
            yield from _action(action)
    yield from ("", "## The state document", "", "What conditions, `when` and `remember` speak of.", "")
    yield from ("| path | value |", "| --- | --- |")
    yield from (f"| `{path}` | {kind} |" for path, kind in _paths("", Document))
    yield from ("", "## Shipped workflows")
    for loaded in Library(SHIPPED).all():
        assert loaded.workflow is not None, loaded.faults
        yield from _workflow(loaded.workflow)


def _action(action: Action) -> Iterator[str]:
    yield from ("", f"### `{action.name}`", "", action.summary)
    yield from ("", f"After a crash: {AGAIN[action.repeat]}.", "")
    schema = msgspec.json.schema(action.params)
    inner = schema["$defs"][action.params.__name__]
    needed = inner.get("required", [])
    for name, field in inner.get("properties", {}).items():
        told = next((one for one in (field, *field.get("anyOf", ())) if "description" in one), {})
        must = "needed" if name in needed else "may be left out"
        literal = "; no template" if name in action.literal else ""
        yield f"- param `{name}`: {told.get('description', '')} ({must}{literal})"
    for name, meaning in action.outputs.items():
        yield f"- output `{name}`: {meaning}"
    if action.named_outputs is not None:
        yield "- outputs: one for each name in `remember`"


def _paths(prefix: str, kind: Any) -> Iterator[tuple[str, str]]:
    for name, annotation in get_type_hints(kind).items():
        path = f"{prefix}{name}"
        inner = [one for one in get_args(annotation) if one is not type(None)]
        null = " or null" if type(None) in get_args(annotation) else ""
        real = inner[0] if null else annotation
        if isinstance(real, type) and issubclass(real, Part):
            yield from _paths(f"{path}.", real)
        elif get_origin(real) is dict and _is_part(get_args(real)[1]):
            yield from _paths(f"{path}[…].", get_args(real)[1])
        else:
            yield path, f"{_word(real)}{null}"


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Part)


def _word(kind: Any) -> str:
    words = {str: "text", int: "number", float: "number", bool: "true or false"}
    if get_origin(kind) is dict:
        return f"by name: {_word(get_args(kind)[1])}"
    if get_origin(kind) is tuple:
        return f"list of {_word(get_args(kind)[0])}"
    return words.get(kind, "anything" if kind is Any else "number")


def _workflow(workflow: Workflow) -> Iterator[str]:
    yield from ("", f"### {workflow.id}", "", f"{workflow.description} Risk: `{workflow.risk}`.", "")
    for name, parameter in workflow.parameters.items():
        default = "needed" if parameter.default is msgspec.UNSET else f"default `{parameter.default}`"
        yield f"- `{name}`: {parameter.description} ({default})"
    yield from ("", "| step | does | undone by |", "| --- | --- | --- |")
    for step in workflow.steps:
        undone = f"`{step.compensate.action}`" if step.compensate else ""
        yield f"| {step.id}: {step.description} | `{step.action}` | {undone} |"
