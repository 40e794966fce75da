"""Whether a document is a workflow: its schema first, then what no single field shows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from exporter.ops.parameters import Fault
from exporter.ops.workflows.actions import ACTIONS
from exporter.ops.workflows.actions.definition import Action
from exporter.ops.workflows.definition import (
    Parameter,
    ParameterType,
    Risk,
    Workflow,
    dependencies_of,
    json_schema_of,
)
from exporter.ops.workflows.faults import WHOLE, is_plain, schema_faults, shown
from exporter.ops.workflows.params import params_schema
from exporter.ops.workflows.references import faults_of_steps
from trading_bot.contract.codec import SECRET_NAME

LONGEST_TEXT: Final = 200
"""Characters of a parameter that names no maxLength."""
PLAIN: Final[dict[ParameterType, Any]] = {
    ParameterType.STRING: str,
    ParameterType.INTEGER: int,
    ParameterType.NUMBER: (int, float),
    ParameterType.BOOLEAN: bool,
}
SOME_MOMENT: Final = datetime(2026, 1, 1, tzinfo=UTC)


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
        yield from faults_of_steps(workflow)


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
