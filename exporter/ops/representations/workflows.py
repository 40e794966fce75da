"""Workflows as they are shown: in a list, and one with its graph."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from exporter.ops.representations.problem import InputFault
from exporter.ops.representations.values import Moment, moment
from exporter.ops.workflows.definition import Step, Workflow, dependencies_of, json_schema_of
from exporter.ops.workflows.library import Loaded
from exporter.ops.workflows.state import Execution

PATH: Final = "/api/v1/workflows"


class WorkflowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow in the list; ``errors`` says what is wrong with the file of one that is not valid."""

    id: str
    name: str | None
    description: str | None
    risk: str | None
    valid: bool
    parameters: dict[str, Any]
    steps: int
    schedule: str | None
    last_execution: str | None
    last_state: str | None
    errors: list[InputFault]
    href: str


class WorkflowList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /workflows``."""

    workflows: list[WorkflowEntry]
    returned: int
    total: int
    running: int
    queued: int
    generated_at: Moment


class StepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the graph: ``depends_on`` names all that it waits for."""

    id: str
    description: str
    action: str
    mode: str
    depends_on: list[str]
    when: str | None
    timeout_seconds: float
    attempts: int
    verify: list[Any]
    within_seconds: float
    compensated_by: str | None


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /workflows/{id}``: ``parameters`` is a JSON Schema, ``steps`` the graph."""

    id: str
    name: str
    description: str
    risk: str
    parameters: dict[str, Any]
    steps: list[StepPlan]
    on_failure: str
    concurrency: str
    max_duration_seconds: float
    schedule: str | None
    last_execution: str | None
    generated_at: Moment


def represent_entry(loaded: Loaded, last: Execution | None) -> WorkflowEntry:
    """Return one workflow of the list."""
    workflow = loaded.workflow
    return WorkflowEntry(
        id=loaded.id,
        name=workflow.name if workflow else None,
        description=workflow.description if workflow else None,
        risk=workflow.risk if workflow else None,
        valid=workflow is not None,
        parameters=json_schema_of(workflow.parameters) if workflow else {},
        steps=len(workflow.steps) if workflow else 0,
        schedule=_schedule(workflow),
        last_execution=last.execution_id if last else None,
        last_state=last.status if last else None,
        errors=[
            InputFault(field=one.field, expected=one.expected, found=one.found, example=one.example)
            for one in loaded.faults
        ],
        href=f"{PATH}/{loaded.id}",
    )


def represent_workflow(workflow: Workflow, last: Execution | None, now_ns: int) -> WorkflowView:
    """Return a workflow with its graph."""
    waits = dependencies_of(workflow.steps)
    return WorkflowView(
        id=workflow.id,
        name=workflow.name,
        description=workflow.description,
        risk=workflow.risk,
        parameters=json_schema_of(workflow.parameters),
        steps=[_plan(step, waits[step.id]) for step in workflow.steps],
        on_failure=workflow.on_failure,
        concurrency=workflow.concurrency,
        max_duration_seconds=workflow.max_duration,
        schedule=_schedule(workflow),
        last_execution=last.execution_id if last else None,
        generated_at=moment(now_ns) or "",
    )


def _schedule(workflow: Workflow | None) -> str | None:
    schedule = workflow.schedule if workflow is not None else None
    if schedule is None or not schedule.enabled:
        return None
    session = f", while {schedule.symbol} is {schedule.session}" if schedule.session else ""
    return f"{schedule.cron} {schedule.time_zone}{session}"


def _plan(step: Step, waits: tuple[str, ...]) -> StepPlan:
    return StepPlan(
        id=step.id,
        description=step.description,
        action=step.action,
        mode=step.mode,
        depends_on=list(waits),
        when=step.when,
        timeout_seconds=step.timeout,
        attempts=step.retry.attempts,
        verify=msgspec.to_builtins(step.verify.that),
        within_seconds=step.verify.within,
        compensated_by=step.compensate.action if step.compensate else None,
    )
