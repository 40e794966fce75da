"""What the steps of a definition refer to: outputs of earlier steps, parameters, the state document, events, files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

import msgspec

from exporter.ops.parameters import Fault
from exporter.ops.workflows import expressions, templates
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.definition import (
    APPROVAL,
    Compensation,
    Condition,
    FileCondition,
    Parameter,
    Risk,
    Step,
    StepMode,
    Verify,
    Workflow,
    dependencies_of,
)
from exporter.ops.workflows.document import path_fault
from exporter.ops.workflows.faults import shown
from exporter.ops.workflows.params import faults_of_params
from trading_bot.contract.events import EVENTS
from trading_bot.contract.telemetry.metrics import METRICS

CONDITION_FIELDS: Final = ("state", "event", "http", "file")
OWN_ROOTS: Final = ("parameters", "steps", "outputs", "execution")
JOURNAL_ONLY: Final = ("workflow.", "alert.", "ops.", "command.issued")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a definition something stands, and what may be referred to there."""

    field: str
    parameters: dict[str, Parameter]
    outputs: dict[str, tuple[str, ...]]
    """Outputs by step, of the steps that have ended by then."""
    states: tuple[str, ...] = ()
    """Steps whose state may be asked besides those: in a compensation all."""
    own: tuple[str, ...] | None = None
    """Outputs of the step itself, in its verify; None where there are none yet."""


def faults_of_steps(workflow: Workflow) -> Iterator[Fault]:
    """Yield what is wrong with the steps of a workflow in which no step waits for itself."""
    outputs = {step.id: ACTIONS[step.action].outputs_of(step.params) for step in workflow.steps}
    before = _before(workflow)
    for index, step in enumerate(workflow.steps):
        known = {name: outputs[name] for name in outputs if name in before[step.id]}
        place = Place(field=f"steps[{index}]", parameters=workflow.parameters, outputs=known)
        yield from _of_expression(step.when, place, "when")
        yield from _of_params(step, place)
        done = msgspec.structs.replace(place, outputs={**known, step.id: outputs[step.id]})
        yield from _of_verify(step.verify, done, outputs[step.id])
        if step.compensate is not None:
            yield from _of_compensation(step, place, outputs)
        if step.verify.within > step.timeout:
            field, expected = f"{place.field}.verify.within", f"at most the step's timeout, {step.timeout:g}"
            yield Fault(
                field=field, expected=expected, found=f"{step.verify.within:g}", example=f"{step.timeout:g}"
            )
        if ACTIONS[step.action].loosens and workflow.risk is Risk.SAFE:
            expected = f"confirm: {step.action} may allow more risk"
            yield Fault(field="risk", expected=expected, found=workflow.risk, example="confirm")
        if step.mode is StepMode.BACKGROUND and step.action == APPROVAL:
            yield Fault(
                field=f"{place.field}.mode", expected="sequential", found="background", example="sequential"
            )
    everywhere = Place(field="result", parameters=workflow.parameters, outputs=outputs)
    for source in templates.sources(workflow.result):
        for fault in _of_source(source, everywhere, ""):
            yield msgspec.structs.replace(fault, field="result")


def _before(workflow: Workflow) -> dict[str, set[str]]:
    """Return which steps have ended for sure when each begins."""
    waits = dependencies_of(workflow.steps)
    found: dict[str, set[str]] = {}

    def visit(name: str) -> set[str]:
        if name not in found:
            found[name] = set(waits[name]).union(*(visit(other) for other in waits[name]))
        return found[name]

    for name in waits:
        visit(name)
    return found


def _of_compensation(step: Step, place: Place, outputs: dict[str, tuple[str, ...]]) -> Iterator[Fault]:
    undo = step.compensate
    assert undo is not None
    known = {**place.outputs, step.id: outputs[step.id]}
    where = msgspec.structs.replace(
        place, field=f"{place.field}.compensate", outputs=known, states=tuple(outputs)
    )
    yield from _of_expression(undo.when, where, "when")
    yield from _of_params(undo, where)
    yield from _of_verify(undo.verify, where, ACTIONS[undo.action].outputs_of(undo.params))
    if undo.action == APPROVAL:
        field = f"{where.field}.action"
        yield Fault(field=field, expected="an action that nobody waits for", found=APPROVAL, example="check")


def _of_params(part: Step | Compensation, place: Place) -> Iterator[Fault]:
    action = ACTIONS[part.action]
    for name, value in part.params.items():
        field = f"params.{name}"
        if name in action.literal and templates.has_template(value):
            yield Fault(
                field=f"{place.field}.{field}",
                expected="no template: what it says must not depend on parameters",
                found=shown(value),
                example="a value",
            )
        for source in templates.sources(value):
            yield from _of_source(source, place, field)
    yield from faults_of_params(part, place.field)
    for text in _expressions_in(part):
        yield from _of_expression(text, place, "params")


def _expressions_in(part: Step | Compensation) -> Iterator[str]:
    """Yield the expressions that looking actions have among their params."""
    for name in ("remember", "watch", "points"):
        found = part.params.get(name)
        if part.action in {"check", "observe", "judge"} and isinstance(found, dict):
            yield from (text for text in found.values() if isinstance(text, str))
    until = part.params.get("until")
    if part.action == "observe" and isinstance(until, str) and until:
        yield until


def _of_source(source: str, place: Place, field: str) -> Iterator[Fault]:
    match = templates.SOURCE.fullmatch(source)
    known = [f"parameters.{name}" for name in place.parameters]
    known += [f"steps.{step}.outputs.{name}" for step, names in place.outputs.items() for name in names]
    known += ["execution.id", "execution.workflow"]
    if match is None or source not in known:
        close = difflib.get_close_matches(source, known, n=1)
        yield Fault(
            field=f"{place.field}.{field}",
            expected=f"one of {', '.join(known)[:400]}",
            found=shown(f"${{{source}}}"),
            example=f"${{{(close or known)[0]}}}",
        )


def _of_verify(verify: Verify, place: Place, own: tuple[str, ...]) -> Iterator[Fault]:
    where = msgspec.structs.replace(place, own=own)
    for index, condition in enumerate(verify.that):
        field = f"verify.that[{index}]"
        if isinstance(condition, str):
            yield from _of_expression(condition, where, field)
        else:
            yield from _of_condition(condition, where, field)


def _of_condition(condition: Condition, place: Place, field: str) -> Iterator[Fault]:
    given = [name for name in CONDITION_FIELDS if getattr(condition, name) is not None]
    if len(given) != 1:
        expected = f"exactly one of {', '.join(CONDITION_FIELDS)}"
        found = ", ".join(given) or "none"
        yield Fault(
            field=f"{place.field}.{field}", expected=expected, found=found, example="state: up == true"
        )
    yield from _of_expression(condition.state, place, f"{field}.state")
    if condition.event is not None:
        yield from _of_event(condition, place, field)
    if condition.file is not None:
        yield from _of_file(condition.file, place, field)


def _of_event(condition: Condition, place: Place, field: str) -> Iterator[Fault]:
    event = condition.event
    assert event is not None
    kinds = [kind for kind in EVENTS if not kind.startswith(JOURNAL_ONLY)]
    if event.kind not in kinds:
        close = difflib.get_close_matches(event.kind, kinds, n=1)
        yield Fault(
            field=f"{place.field}.{field}.event.kind",
            expected="a kind of the bot's journal",
            found=shown(event.kind),
            example=(close or ["bot.ready"])[0],
        )
        return
    fields = list(EVENTS[event.kind].__struct_fields__)
    for name, value in event.where.items():
        if name not in fields:
            yield Fault(
                field=f"{place.field}.{field}.event.where.{name}",
                expected=f"one of {', '.join(fields)}",
                found="an unknown field",
                example=(fields or [""])[0],
            )
        for source in templates.sources(value):
            yield from _of_source(source, place, f"{field}.event.where.{name}")


def _of_file(file: FileCondition, place: Place, field: str) -> Iterator[Fault]:
    if file.path.startswith("/") or ".." in file.path.split("/"):
        expected = "a path inside the home folder"
        where = f"{place.field}.{field}.file.path"
        yield Fault(field=where, expected=expected, found=shown(file.path), example="exports/report.json")
    for source in templates.sources(file.path):
        yield from _of_source(source, place, f"{field}.file.path")


def _of_expression(text: str | None, place: Place, field: str) -> Iterator[Fault]:
    if text is None:
        return
    where = f"{place.field}.{field}"
    try:
        node = expressions.parse(text)
    except expressions.NotACondition as error:
        found = f"{shown(text)}: {error}"
        yield Fault(field=where, expected="a condition", found=found, example=expressions.EXAMPLE)
        return
    for path in expressions.paths(node):
        yield from _of_path(path, place, where)


def _of_path(path: expressions.Path, place: Place, field: str) -> Iterator[Fault]:
    names = path.parts
    if names[0] in OWN_ROOTS[:3]:
        known = _own_paths(place)
        prefix = names[: {"parameters": 2, "outputs": 2}.get(names[0], 4)]
        text = ".".join(map(str, prefix))
        state = f"steps.{names[1]}.state" if len(names) > 1 else ""
        if text not in known and not (text == state and names[1] in (*place.outputs, *place.states)):
            close = difflib.get_close_matches(text, known, n=1)
            yield Fault(
                field=field,
                expected=f"one of {', '.join(known)[:400] or 'the state document'}",
                found=shown(path.text),
                example=(close or known or ["mode.mode"])[0],
            )
        return
    fault = path_fault(names)
    if fault is not None:
        name, known_here = fault
        close = difflib.get_close_matches(name, known_here, n=1)
        expected = f"one of {', '.join(known_here)}" if known_here else "no further name: it is a plain value"
        yield Fault(
            field=field,
            expected=expected,
            found=shown(path.text),
            example=(close or known_here or ["mode.mode"])[0],
        )
    elif names[0] == "counters" and len(names) > 1 and names[1] not in METRICS:
        close = difflib.get_close_matches(str(names[1]), METRICS, n=1)
        example = f"counters.{(close or ['tradingbot_fills_total'])[0]}"
        yield Fault(field=field, expected="the name of a counter", found=shown(path.text), example=example)


def _own_paths(place: Place) -> list[str]:
    known = [f"parameters.{name}" for name in place.parameters]
    known += [f"steps.{step}.outputs.{name}" for step, names in place.outputs.items() for name in names]
    known += [f"outputs.{name}" for name in place.own or ()]
    return known
