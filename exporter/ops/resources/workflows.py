"""``/workflows``: routine work by name, its executions, and what proves each of their steps."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Annotated, Any, Final, cast

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.access import Role, principal, require
from exporter.ops.answers import plain
from exporter.ops.bodies import parse_body
from exporter.ops.bridge import later, result
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from exporter.ops.edge import asked_of
from exporter.ops.handover import WriteHeaders, idempotency_key, is_dry_run
from exporter.ops.parameters import parse
from exporter.ops.representations.executions import (
    ExecutionAccepted,
    ExecutionList,
    ExecutionView,
    WouldExecute,
    represent_accepted,
    represent_execution,
    represent_execution_entry,
    represent_would,
)
from exporter.ops.representations.paging import LARGEST_LIMIT, link, part_of
from exporter.ops.representations.values import moment
from exporter.ops.representations.workflows import (
    PATH,
    WorkflowList,
    WorkflowView,
    represent_entry,
    represent_workflow,
)
from exporter.ops.workflows.desk import WorkflowDesk
from exporter.ops.workflows.executor import Wanted
from exporter.ops.workflows.state import Execution, ExecutionStatus
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError

blueprint = Blueprint("workflows", __name__)

ACCEPTED: Final = 202
WAIT_SECONDS: Final = 5.0
TAKEN: Final = "tickertape.execution"
"""In the environment: the execution of a request that is called again once it is durable."""


class WorkflowPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of one workflow."""

    workflow_id: Annotated[
        str, Meta(max_length=80, description="a workflow of the list", examples=["check-health"])
    ]


class ExecutionPath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of one execution."""

    execution_id: Annotated[
        str,
        Meta(max_length=80, description="the id in the answer of an execute", examples=["5f0c1b2a3d4e5f60"]),
    ]


class ExecutionsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /workflows/executions``."""

    workflow: (
        Annotated[str, Meta(max_length=80, description="only of this workflow", examples=["check-health"])]
        | None
    ) = None
    state: (
        Annotated[
            ExecutionStatus, Meta(description=f"one of {', '.join(ExecutionStatus)}", examples=["completed"])
        ]
        | None
    ) = None
    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
    ] = 20
    after: (
        Annotated[str, Meta(max_length=80, description="the cursor in next", examples=["5f0c1b2a3d4e5f60"])]
        | None
    ) = None


class DryRunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of an execute."""

    dry_run: Annotated[
        bool, Meta(description="true: resolve everything, make the checks, change nothing", examples=[True])
    ] = False


class ExecuteBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an execute; an empty one is fine where every parameter has a default."""

    parameters: Annotated[
        dict[str, Any], Meta(description="as the workflow's schema says", examples=[{}])
    ] = msgspec.field(default_factory=dict)
    dry_run: Annotated[
        bool, Meta(description="resolve everything, make the checks, change nothing", examples=[False])
    ] = False
    confirm: (
        Annotated[str, Meta(max_length=200, description="the token of a dry run", examples=["k3T9…"])] | None
    ) = None
    reason: Annotated[str, Meta(max_length=500, description="for the record", examples=["maintenance"])] = ""


class ReasonBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a cancel."""

    reason: Annotated[
        str, Meta(max_length=500, description="for the record", examples=["not needed any more"])
    ] = "no reason was given"


class ApproveBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an approve."""

    approved: Annotated[bool, Meta(description="false turns the execution back", examples=[True])] = True
    reason: Annotated[str, Meta(max_length=500, description="for the record", examples=["looks right"])] = ""


def desk() -> WorkflowDesk:
    """Return the workflows of this application.

    Raises:
        RetriableError: WF_018, this process has none.
    """
    found = dependencies().workflows
    if found is None:
        raise RetriableError("WF_018", "this process has no control tape")
    return found


@blueprint.get("/workflows")
@blueprint.get("/workflows/list", endpoint="list_workflows")
@documented(
    "List the workflows",
    scenario="Something routine is to be done: find it by name, with its risk and its parameters.",
    answers=WorkflowList,
    errors=("WF_018",),
)
def workflows() -> Response:
    """Return every workflow, also those whose file is not valid."""
    here = desk()
    last: dict[str, Execution] = here.read(lambda all_: {one.workflow.id: one for one in all_.by_id.values()})
    entries = [represent_entry(loaded, last.get(loaded.id)) for loaded in here.library.all()]
    states: list[ExecutionStatus] = here.read(lambda all_: [one.status for one in all_.running()])
    queued = states.count(ExecutionStatus.QUEUED)
    return plain(
        WorkflowList(
            workflows=entries,
            returned=len(entries),
            total=len(entries),
            running=len(states) - queued,
            queued=queued,
            generated_at=_now(),
        )
    )


@blueprint.get("/workflows/<workflow_id>")
@documented(
    "Show one workflow",
    scenario="Before it is executed: what its steps do, what proves each, what undoes it, and the parameters' schema.",
    answers=WorkflowView,
    path=WorkflowPath,
    errors=("WF_001", "WF_002", "WF_018"),
)
def workflow(workflow_id: str) -> Response:
    """Return a workflow with its graph."""
    here = desk()
    found = here.workflow(workflow_id)
    return plain(represent_workflow(found, here.last_of(workflow_id), _clock()))


@blueprint.post("/workflows/<workflow_id>/execute")
@blueprint.post("/workflows/execute/<workflow_id>", endpoint="execute_workflow")
@require(Role.OPERATE)
@documented(
    "Execute a workflow",
    scenario="Start routine work. With dry_run it is only rehearsed; one of risk confirm needs the token that its dry"
    " run returned. Follow the location until the state is completed, compensated, cancelled or failed.",
    answers=(
        Answers(
            status=ACCEPTED, type=ExecutionAccepted, meaning="On the control tape; it goes on by itself."
        ),
        Answers(
            type=WouldExecute, meaning="With dry_run: what each step would do, and what the checks found."
        ),
    ),
    path=WorkflowPath,
    query=DryRunQuery,
    headers=WriteHeaders,
    body=ExecuteBody,
    body_example={"reason": "maintenance"},
    errors=(
        "API_004",
        "WF_001",
        "WF_002",
        "WF_003",
        "WF_004",
        "WF_005",
        "WF_006",
        "WF_007",
        "WF_015",
        "WF_018",
    ),
)
def execute(workflow_id: str) -> Response:
    """Take an execution, or rehearse it."""
    parse(request.args, DryRunQuery)
    key, body, here = idempotency_key(), parse_body(ExecuteBody), desk()
    found = here.workflow(workflow_id)
    parameters = here.parameters(found, body.parameters)
    if not dependencies().view.caught_up:
        raise RetriableError("API_004", "the tape is still being read after the start of this process")
    actor = principal().name
    if is_dry_run(body.dry_run):
        rehearsed = _finished(lambda: here.rehearse(found, parameters, actor))
        if isinstance(rehearsed, Response):
            return rehearsed
        token = here.confirmation(found, parameters, actor)
        return plain(represent_would(found, parameters, rehearsed, token))
    taken = cast("Execution | None", request.environ.get(TAKEN))
    if taken is None:
        trace = asked_of(request.environ)
        trace.trace.keep()
        wanted = Wanted(
            workflow=found,
            parameters=parameters,
            actor=actor,
            reason=body.reason,
            idempotency_key=key,
            trace_id=trace.trace.trace_id,
            span_id=trace.span.span_id,
        )
        taken, durable = here.request(wanted, body.confirm)
        request.environ[TAKEN] = taken
        waiting = _durable(lambda: durable)
    else:
        waiting = _durable(None)
    return waiting if waiting is not None else _accepted(taken)


@blueprint.get("/workflows/<workflow_id>/status")
@documented(
    "Show the latest execution of a workflow",
    scenario="It was executed and the id of the execution is not at hand.",
    answers=ExecutionView,
    path=WorkflowPath,
    errors=("WF_002", "WF_018"),
)
def status(workflow_id: str) -> Response:
    """Return the latest execution, with every step."""
    here = desk()
    here.loaded(workflow_id)
    found = here.last_of(workflow_id)
    if found is None:
        raise NonRetriableError("WF_002", f"{workflow_id} has not been executed, or not lately")
    return _shown(found)


@blueprint.get("/workflows/executions")
@documented(
    "List the last executions",
    scenario="What ran, who started it, and how did it end.",
    answers=ExecutionList,
    query=ExecutionsQuery,
    errors=("API_002", "WF_018"),
)
def executions() -> Response:
    """Return the last executions, newest first."""
    query = parse(request.args, ExecutionsQuery)
    found: list[Execution] = desk().read(
        lambda all_: [
            one
            for one in reversed(all_.by_id.values())
            if (query.workflow is None or one.workflow.id == query.workflow)
            and (query.state is None or one.status is query.state)
        ]
    )
    part = part_of(found, lambda one: one.execution_id, query.limit, query.after)
    more = link(
        f"{PATH}/executions",
        workflow=query.workflow,
        state=query.state,
        limit=query.limit,
        after=part.cursor,
    )
    return plain(
        ExecutionList(
            executions=[represent_execution_entry(one) for one in part.items],
            limit=query.limit,
            returned=len(part.items),
            total=part.total,
            truncated=part.cursor is not None,
            next=None if part.cursor is None else more,
            generated_at=_now(),
        )
    )


@blueprint.get("/workflows/executions/<execution_id>")
@blueprint.get("/workflows/status/<execution_id>", endpoint="execution_status")
@documented(
    "Show one execution",
    scenario="An execution was accepted: see its steps, what proves each, and what went wrong.",
    answers=ExecutionView,
    path=ExecutionPath,
    errors=("WF_002", "WF_018"),
)
def execution(execution_id: str) -> Response:
    """Return an execution with every step."""
    return _shown(desk().execution(execution_id))


@blueprint.post("/workflows/executions/<execution_id>/cancel")
@blueprint.post("/workflows/cancel/<execution_id>", endpoint="cancel_execution")
@require(Role.OPERATE)
@documented(
    "Cancel an execution",
    scenario="It must not go on. No further step begins, and what was done is undone; then its state is cancelled.",
    answers=Answers(status=ACCEPTED, type=ExecutionAccepted, meaning="Asked for; follow the location."),
    path=ExecutionPath,
    body=ReasonBody,
    body_example={"reason": "not needed any more"},
    errors=("WF_002", "WF_014", "WF_018"),
)
def cancel(execution_id: str) -> Response:
    """Have an execution turn back."""
    body, here = parse_body(ReasonBody), desk()
    begun = result() is not None
    ask = None if begun else lambda: here.cancel(execution_id, actor=principal().name, reason=body.reason)
    waiting = _durable(ask)
    return waiting if waiting is not None else _accepted(here.execution(execution_id))


@blueprint.post("/workflows/executions/<execution_id>/approve")
@require(Role.OPERATE)
@documented(
    "Answer an execution that waits for a person",
    scenario="Its state is waiting_for_approval: let it go on, or turn it back with approved false.",
    answers=Answers(status=ACCEPTED, type=ExecutionAccepted, meaning="Answered; follow the location."),
    path=ExecutionPath,
    body=ApproveBody,
    body_example={"approved": True, "reason": "looks right"},
    errors=("WF_002", "WF_014", "WF_018"),
)
def approve(execution_id: str) -> Response:
    """Take the answer of a person."""
    body, here = parse_body(ApproveBody), desk()
    actor = principal().name
    begun = result() is not None
    ask = (
        None
        if begun
        else lambda: here.approve(execution_id, approved=body.approved, actor=actor, reason=body.reason)
    )
    waiting = _durable(ask)
    return waiting if waiting is not None else _accepted(here.execution(execution_id))


def _shown(found: Execution) -> Response:
    now = _clock()
    return plain(desk().read(lambda _: represent_execution(found, now)))


def _accepted(taken: Execution) -> Response:
    response = plain(represent_accepted(taken), ACCEPTED)
    response.headers["Location"] = f"{PATH}/executions/{taken.execution_id}"
    return response


def _durable(begin: Any) -> Response | None:
    """Begin what has to survive a power loss, and return None once it would.

    Raises:
        RetriableError: WF_018, the tape cannot be written.
    """
    try:
        waiting = _finished(begin)
    except TickertapeError as error:
        if not error.code.startswith("JRNL_"):
            raise
        raise _unwritable(error) from error
    except (CancelledError, TimeoutError) as error:
        raise _unwritable(error) from error
    return waiting if isinstance(waiting, Response) else None


def _unwritable(fault: BaseException) -> RetriableError:
    error = RetriableError("WF_018", "control.db cannot be written; nothing goes on before it can")
    error.__cause__ = fault
    return error


def _finished(begin: Any) -> Any:
    """Return what slow work gave, or the response to return until it is done."""
    done = result()
    if done is None:
        work: Response | Future[Any] = later(begin())
        if isinstance(work, Response):
            return work
        done = work
    return done.result(WAIT_SECONDS)


def _clock() -> int:
    return dependencies().clock.now_ns()


def _now() -> str:
    return moment(_clock()) or ""
