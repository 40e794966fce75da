"""``/alerts``: what Alertmanager sends, kept with what was started for it."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from typing import Annotated, Any, Final, Literal

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.access import Role, require
from exporter.ops.answers import plain
from exporter.ops.bodies import parse_body
from exporter.ops.bridge import later, result
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from exporter.ops.edge import trace_id_of
from exporter.ops.parameters import parse
from exporter.ops.representations.executions import StepView, represent_execution
from exporter.ops.representations.paging import LARGEST_LIMIT
from exporter.ops.representations.problem import InputFault
from exporter.ops.representations.values import Moment, moment
from exporter.ops.representations.workflows import PATH
from exporter.ops.workflows.incidents import Incidents, Told
from exporter.ops.workflows.proofs import short
from exporter.ops.workflows.state import Alert, Executions
from exporter.ops.workflows.triggers import TriggerRule, Triggers
from trading_bot.contract.errors import RetriableError, TickertapeError

blueprint = Blueprint("alerts", __name__)

ACCEPTED: Final = 202
WAIT_SECONDS: Final = 5.0
MOST: Final = 200


class SentAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert of Alertmanager's webhook; other fields of it are passed over."""

    status: Annotated[
        Literal["firing", "resolved"], Meta(description="firing or resolved", examples=["firing"])
    ]
    labels: Annotated[
        dict[str, str],
        Meta(description="the alert's labels", examples=[{"alertname": "BotDead", "severity": "critical"}]),
    ]
    starts_at: Annotated[str, Meta(max_length=40, description="RFC 3339", examples=["2026-11-22T01:33:22Z"])]
    ends_at: Annotated[
        str, Meta(max_length=40, description="RFC 3339", examples=["0001-01-01T00:00:00Z"])
    ] = ""
    annotations: Annotated[
        dict[str, str], Meta(description="the alert's texts", examples=[{"summary": "The bot is dead"}])
    ] = msgspec.field(default_factory=dict)
    fingerprint: Annotated[
        str, Meta(max_length=64, description="the same for the same labels", examples=["c2b4dd0f8a1e6f35"])
    ] = ""


class SentAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """The body that Alertmanager's webhook sends (version 4); other fields of it are passed over."""

    alerts: Annotated[list[SentAlert], Meta(max_length=MOST, description=f"at most {MOST} of them")]


class TakenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one alert: the workflow that was started, or why none was."""

    incident: str
    name: str
    workflow_id: str | None
    reason: str


class AlertsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each alert."""

    alerts: list[TakenAlert]


class IncidentsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /alerts``."""

    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_LIMIT, description=f"a number from 1 to {LARGEST_LIMIT}", examples=[20])
    ] = 20


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it was last heard of, with the evidence that was gathered for it.

    ``verdict`` is what the execution says of its result. Long outputs stand in full only at ``execution``.
    """

    incident: str
    name: str
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: Moment | None
    ends_at: Moment | None
    received_at: Moment
    workflow_id: str | None
    reason: str
    execution_id: str | None
    execution_state: str | None
    execution: str | None
    verdict: str | None
    evidence: list[StepView]


class TriggersView(msgspec.Struct, frozen=True, kw_only=True):
    """The table in force, and what is wrong with the file as it is now; a wrong one does not take its place."""

    rules: list[TriggerRule]
    errors: list[InputFault]


class IncidentList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /alerts``, newest first."""

    incidents: list[IncidentView]
    triggers: TriggersView
    limit: int
    returned: int
    total: int
    truncated: bool
    generated_at: Moment


def incidents() -> Incidents:
    """Return what takes alerts in this application.

    Raises:
        RetriableError: WF_018, this process has none.
    """
    found = dependencies().incidents
    if found is None:
        raise RetriableError("WF_018", "this process has no control tape")
    return found


@blueprint.post("/alerts")
@require(Role.OPERATE)
@documented(
    "Take alerts of Alertmanager",
    scenario="Alertmanager's webhook: each alert is kept, and may start a safe workflow by the table of triggers.",
    answers=Answers(status=ACCEPTED, type=AlertsTaken, meaning="On the control tape."),
    body=SentAlerts,
    errors=("WF_018",),
)
def take() -> Response:
    """Keep the alerts, and start what the table says."""
    desk = incidents()
    finished = result()
    taken: list[TakenAlert]
    if finished is None:
        body = parse_body(SentAlerts)
        trace_id = trace_id_of(request.environ)
        taken = []
        for one in body.alerts:
            event = desk.take(Told(**{name: getattr(one, name) for name in one.__struct_fields__}), trace_id)
            taken.append(
                TakenAlert(
                    incident=event.incident, name=event.name, workflow_id=event.workflow, reason=event.reason
                )
            )
        request.environ["tickertape.alerts"] = taken
        work: Response | Future[Any] = later(desk.durable())
        if isinstance(work, Response):
            return work
        finished = work
    try:
        finished.result(WAIT_SECONDS)
    except (TickertapeError, CancelledError, TimeoutError) as error:
        raise RetriableError("WF_018", "control.db cannot be written; the alerts are not kept") from error
    return plain(AlertsTaken(alerts=request.environ["tickertape.alerts"]), ACCEPTED)


@blueprint.get("/alerts")
@documented(
    "List the incidents",
    scenario="What paged lately, and what the workflows found that were started for it.",
    answers=IncidentList,
    query=IncidentsQuery,
    errors=("WF_018",),
)
def last_alerts() -> Response:
    """Return the incidents, newest first, each as it was last heard of."""
    query, now = parse(request.args, IncidentsQuery), dependencies().clock.now_ns()
    desk = incidents()

    def shown(all_: Executions) -> tuple[list[IncidentView], int]:
        last = {alert.event.incident: alert for alert in all_.alerts}
        chosen = list(reversed(last.values()))[: query.limit]
        return [_incident(all_, alert, desk, now) for alert in chosen], len(last)

    views, total = desk.read(shown)
    return plain(
        IncidentList(
            incidents=views,
            triggers=_triggers(desk.triggers),
            limit=query.limit,
            returned=len(views),
            total=total,
            truncated=len(views) < total,
            generated_at=moment(now) or "",
        )
    )


def _triggers(triggers: Triggers) -> TriggersView:
    faults = [
        InputFault(field=one.field, expected=one.expected, found=one.found, example=one.example)
        for one in triggers.faults
    ]
    return TriggersView(rules=triggers.table.triggers, errors=faults)


def _bounded(steps: list[StepView]) -> list[StepView]:
    """Return steps as a list has room for them: of long outputs only how long they are."""
    return [
        msgspec.structs.replace(
            step, arguments={}, outputs={name: short(value) for name, value in step.outputs.items()}
        )
        for step in steps
    ]


def _incident(all_: Executions, alert: Alert, desk: Incidents, now: int) -> IncidentView:
    event, execution = alert.event, desk.execution_of(all_, alert.event.incident)
    return IncidentView(
        incident=event.incident,
        name=event.name,
        status=event.status,
        labels=event.labels,
        annotations=event.annotations,
        starts_at=moment(event.starts_at or None),
        ends_at=moment(event.ends_at),
        received_at=moment(alert.received_at) or "",
        workflow_id=execution.workflow.id if execution else event.workflow,
        reason=event.reason,
        execution_id=execution.execution_id if execution else None,
        execution_state=execution.status if execution else None,
        execution=f"{PATH}/executions/{execution.execution_id}" if execution else None,
        verdict=execution.message if execution and execution.outcome else None,
        evidence=_bounded(represent_execution(execution, now).steps) if execution else [],
    )
