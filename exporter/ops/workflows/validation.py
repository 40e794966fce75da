"""Whether a document is a workflow: its schema first, then what no single field shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from exporter.ops.parameters import Fault
from exporter.ops.workflows import expressions, templates
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.actions.definition import Action, Params
from exporter.ops.workflows.definition import (
    Compensation,
    Condition,
    FileCondition,
    Parameter,
    ParameterType,
    Risk,
    Step,
    StepMode,
    Verify,
    Workflow,
    dependencies_of,
    json_schema_of,
)
from exporter.ops.workflows.document import path_fault
from exporter.ops.workflows.faults import WHOLE, is_plain, schema_faults, shown
from trading_bot.contract.codec import SECRET_NAME
from trading_bot.contract.events import EVENTS
from trading_bot.contract.telemetry.metrics import METRICS

LONGEST_TEXT: Final = 200
"""Characters of a parameter that names no maxLength."""
PLAIN: Final[dict[ParameterType, Any]] = {
    ParameterType.STRING: str,
    ParameterType.INTEGER: int,
    ParameterType.NUMBER: (int, float),
    ParameterType.BOOLEAN: bool,
}
CONDITION_FIELDS: Final = ("state", "event", "http", "file")
OWN_ROOTS: Final = ("parameters", "steps", "outputs", "execution")
SOME_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)
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


@cache
def workflow_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a workflow's file."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workflow of Tickertape",
        **msgspec.json.schema(Workflow),
    }
    step, compensation = schema["$defs"]["Step"], schema["$defs"]["Compensation"]
    for part in (step, compensation):
        part["properties"]["action"]["enum"] = list(ACTIONS)
        part["allOf"] = [_params_rule(action, schema["$defs"]) for action in ACTIONS.values()]
    return schema


def _params_rule(action: Action, definitions: dict[str, Any]) -> dict[str, Any]:
    """Say how the params of an action look."""
    params = params_schema(action, definitions)
    needs = {"required": ["params"]} if params["required"] else {}
    return {
        "if": {"properties": {"action": {"const": action.name}}, "required": ["action"]},
        "then": {"properties": {"params": params}, **needs},
    }


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


def validated(document: Any) -> tuple[Workflow | None, list[Fault]]:
    """Return the workflow that a document holds, or None and at least one fault."""
    if not isinstance(document, dict) or not is_plain(document):
        found = shown(type(document).__name__)
        example = "id: restart-bot"
        return None, [Fault(field=WHOLE, expected="a mapping of JSON's values", found=found, example=example)]
    try:  # the model checks as the schema does, a hundred times as fast; the schema has the better words
        workflow = msgspec.convert(document, Workflow)
    except (msgspec.ValidationError, ArithmeticError) as error:
        fault = Fault(field=WHOLE, expected="a workflow", found=shown(str(error)), example="id: restart-bot")
        return None, schema_faults(document, workflow_schema()) or [fault]
    faults = list(_of_actions(workflow)) or list(_faults(workflow))
    return (None, faults) if faults else (workflow, [])


def parameter_values(workflow: Workflow, given: Any) -> tuple[dict[str, Any], list[Fault]]:
    """Return the parameters of an execution with their defaults, and what is wrong with those given."""
    if not isinstance(given, dict) or not is_plain(given):
        found = shown(given)
        fault = Fault(field="parameters", expected="an object of JSON's values", found=found, example="{}")
        return {}, [fault]
    faults = list(_of_values(workflow.parameters, given))
    defaults = {
        name: one.default for name, one in workflow.parameters.items() if one.default is not msgspec.UNSET
    }
    return {**defaults, **given}, faults


def _of_values(parameters: dict[str, Parameter], given: dict[str, Any]) -> list[Fault]:
    if all(name in given or one.default is not msgspec.UNSET for name, one in parameters.items()) and all(
        name in parameters and fits(value, parameters[name]) for name, value in given.items()
    ):
        return []
    found = schema_faults(given, json_schema_of(parameters))
    return [msgspec.structs.replace(one, field=f"parameters.{one.field}") for one in found]


def fits(value: Any, parameter: Parameter) -> bool:
    """Whether a value is what a parameter takes; the schema says it in words where it does not."""
    kind = PLAIN[parameter.type]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    if parameter.enum is not None and value not in parameter.enum:
        return False
    if isinstance(value, str):
        least, most = parameter.min_length or 0, parameter.max_length or LONGEST_TEXT
        pattern = parameter.pattern
        return least <= len(value) <= most and (pattern is None or re.search(pattern, value) is not None)
    if parameter.minimum is not None and value < parameter.minimum:
        return False
    return parameter.maximum is None or value <= parameter.maximum


def _of_actions(workflow: Workflow) -> Iterator[Fault]:
    for index, step in enumerate(workflow.steps):
        for part, field in ((step, "action"), (step.compensate, "compensate.action")):
            if part is not None and part.action not in ACTIONS:
                close = difflib.get_close_matches(part.action, ACTIONS, n=1)
                yield Fault(
                    field=f"steps[{index}].{field}",
                    expected=f"one of {', '.join(ACTIONS)}",
                    found=shown(part.action),
                    example=(close or ["check"])[0],
                )


def _faults(workflow: Workflow) -> Iterator[Fault]:
    yield from _of_parameters(workflow)
    yield from _of_ids(workflow)
    circular = list(_of_order(workflow))
    yield from circular
    yield from _of_schedule(workflow)
    if not circular:
        yield from _of_steps(workflow)


def _of_parameters(workflow: Workflow) -> Iterator[Fault]:
    for name, parameter in workflow.parameters.items():
        field = f"parameters.{name}"
        if SECRET_NAME.search(name):
            expected = "a name that names no secret: parameters are kept on the tape"
            yield Fault(field=field, expected=expected, found=name, example="symbol")
        schema = json_schema_of({name: parameter})["properties"][name]
        bare = {key: value for key, value in schema.items() if key not in {"default", "examples"}}
        given = {f"examples[{index}]": value for index, value in enumerate(parameter.examples)}
        if parameter.default is not msgspec.UNSET:
            given["default"] = parameter.default
        yield from _of_pattern(field, parameter)
        for place, value in given.items():
            if fits(value, msgspec.structs.replace(parameter, pattern=None)):
                continue
            for fault in schema_faults(value, {**bare, "pattern": ".*"} if "pattern" in bare else bare):
                yield msgspec.structs.replace(fault, field=f"{field}.{place}")


def _of_pattern(field: str, parameter: Parameter) -> Iterator[Fault]:
    if parameter.pattern is not None and parameter.type is not ParameterType.STRING:
        expected = "a pattern only for type string"
        yield Fault(field=f"{field}.pattern", expected=expected, found=parameter.type, example="type: string")
    if parameter.pattern is not None and not _is_simple(parameter.pattern):
        expected = "a regular expression with ^ and $, without groups and with at most two repetitions"
        found = shown(parameter.pattern)
        yield Fault(field=f"{field}.pattern", expected=expected, found=found, example="^[A-Z]{2,8}$")


def _is_simple(pattern: str) -> bool:
    """Whether a pattern takes no long time with any text: nothing nested, few repetitions."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        return False
    outside = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "x", pattern)
    return (
        pattern.startswith("^")
        and pattern.endswith("$")
        and "(" not in outside
        and sum(outside.count(sign) for sign in "*+{") <= 2  # noqa: PLR2004 - see above
    )


def _of_ids(workflow: Workflow) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, step in enumerate(workflow.steps):
        if step.id in seen:
            found = shown(step.id)
            yield Fault(
                field=f"steps[{index}].id",
                expected="an id that no other step has",
                found=found,
                example=f"{step.id}_again"[:40],
            )
        seen.add(step.id)


def _of_order(workflow: Workflow) -> Iterator[Fault]:
    known = [step.id for step in workflow.steps]
    for index, step in enumerate(workflow.steps):
        for name in step.depends_on or ():
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                yield Fault(
                    field=f"steps[{index}].depends_on",
                    expected=f"ids of other steps: {', '.join(known)}",
                    found=shown(name),
                    example=(close or known)[0],
                )
    waits = dependencies_of(workflow.steps)
    cycle = _cycle(waits)
    if cycle:
        index = known.index(cycle[0])
        yield Fault(
            field=f"steps[{index}].depends_on",
            expected="steps that do not wait for each other",
            found=" -> ".join(cycle),
            example="[]",
        )


def _cycle(waits: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a cycle, as the steps on it, or nothing."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for other in waits.get(name, ()):
            found = visit(other, [*way, name])
            if found:
                return found
        done.add(name)
        return []

    for name in waits:
        found = visit(name, [])
        if found:
            return found
    return []


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


def _of_schedule(workflow: Workflow) -> Iterator[Fault]:
    schedule = workflow.schedule
    if schedule is None:
        return
    try:
        CronSim(schedule.cron, SOME_MOMENT)
    except CronSimError as error:
        found = f"{shown(schedule.cron)} ({error})"
        yield Fault(field="schedule.cron", expected="cron's five fields", found=found, example="*/15 * * * *")
    try:
        ZoneInfo(schedule.time_zone)
    except (KeyError, ValueError, OSError):
        expected = "the IANA name of a time zone that this machine knows"
        found = shown(schedule.time_zone)
        yield Fault(field="schedule.time_zone", expected=expected, found=found, example="Europe/London")
    if (schedule.session is None) is not (schedule.symbol is None):
        expected = "symbol and session together, or neither"
        yield Fault(field="schedule.session", expected=expected, found="one of them", example="session: open")
    if workflow.risk is not Risk.SAFE:
        yield Fault(
            field="schedule",
            expected="no schedule, or risk: safe: nobody is there to confirm",
            found=f"risk: {workflow.risk}",
            example="risk: safe",
        )
    for name in json_schema_of(workflow.parameters)["required"]:
        yield Fault(
            field=f"parameters.{name}.default",
            expected="a default, since a schedule gives no parameters",
            found="nothing",
            example="default: EUR/USD",
        )


def _of_steps(workflow: Workflow) -> Iterator[Fault]:
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
        if step.mode is StepMode.BACKGROUND and step.action == "approval":
            yield Fault(
                field=f"{place.field}.mode", expected="sequential", found="background", example="sequential"
            )


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
    if undo.action == "approval":
        field = f"{where.field}.action"
        yield Fault(
            field=field, expected="an action that nobody waits for", found="approval", example="check"
        )


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
    yield from _of_conversion(part, place)
    for text in _expressions_in(part):
        yield from _of_expression(text, place, "params")


def _expressions_in(part: Step | Compensation) -> Iterator[str]:
    """Yield the expressions that looking actions have among their params."""
    for name in ("remember", "watch"):
        found = part.params.get(name)
        if part.action in {"check", "observe"} and isinstance(found, dict):
            yield from found.values()
    until = part.params.get("until")
    if part.action == "observe" and isinstance(until, str) and until:
        yield until


def _of_conversion(part: Step | Compensation, place: Place) -> Iterator[Fault]:
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
        yield msgspec.structs.replace(fault, field=f"{place.field}.params{name}")


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
