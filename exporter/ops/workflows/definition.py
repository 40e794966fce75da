"""What a workflow is: the model of the files in ``workflows/``."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

MOST_STEPS: Final = 20
LONGEST_STEP: Final = 1_800
LONGEST_EXECUTION: Final = 86_400
APPROVAL: Final = "approval"
"""The action that waits for a person."""

WorkflowId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=60,
        description="the workflow's id: small letters, digits and hyphens",
        examples=["restart-bot"],
    ),
]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="small letters, digits and underscores, at most 40",
        examples=["drain"],
    ),
]
Text = Annotated[str, Meta(min_length=1, max_length=1_000, description="a sentence or two")]
Expression = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="a condition over the state document",
        examples=["mode.mode == 'running' and orders.unknown == 0"],
    ),
]


class Risk(StrEnum):
    """Who may execute a workflow, and when."""

    SAFE = "safe"
    CONFIRM = "confirm"
    FORBIDDEN_WHILE_TRADING = "forbidden_while_trading"


class StepMode(StrEnum):
    """How a step stands to its neighbours."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"
    BACKGROUND = "background"


class OnFailure(StrEnum):
    """What follows a failed step."""

    COMPENSATE = "compensate"
    STOP = "stop"


class Concurrency(StrEnum):
    """What a second execution does while the first one runs."""

    REFUSE = "refuse"
    QUEUE = "queue"


class ParameterType(StrEnum):
    """JSON Schema's types that a parameter may have."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of a definition."""


class Parameter(
    Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"
):
    """One parameter: a JSON Schema of a value, with a default where it may be left out."""

    type: ParameterType
    description: Text
    examples: Annotated[list[Any], Meta(min_length=1, max_length=10, description="values that are valid")]
    default: Any = msgspec.UNSET
    enum: list[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    max_length: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    pattern: Annotated[str, Meta(max_length=200)] | None = None


class Retry(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How often a step is attempted, and the pauses between: each ``factor`` times the one before."""

    attempts: Annotated[int, Meta(ge=1, le=10, description="attempts in all")] = 1
    backoff: Annotated[float, Meta(ge=0, le=300, description="seconds before the second attempt")] = 1.0
    factor: Annotated[float, Meta(ge=1, le=10, description="what each pause is multiplied with")] = 2.0


class EventCondition(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event after the step's beginning."""

    kind: Annotated[str, Meta(description="an event kind", examples=["bot.ready"])]
    where: Annotated[dict[str, Any], Meta(description="fields of the event that must be so")] = {}


class Service(StrEnum):
    """Whom an HTTP condition may ask: none of them is ops itself."""

    EXPORTER = "exporter"
    EXCHANGE = "exchange"
    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"


class HttpCondition(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An answer of a service of this bot."""

    service: Service
    path: Annotated[str, Meta(pattern=r"^/", max_length=200, examples=["/metrics"])] = "/"
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    contains: Annotated[str, Meta(max_length=200)] | None = None


class FileCondition(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file in the home folder, by its path from there."""

    path: Annotated[str, Meta(min_length=1, max_length=300, examples=["exports/report.json"])]
    exists: bool = True
    min_bytes: Annotated[int, Meta(ge=0)] = 0
    sums: Annotated[bool, Meta(description="it lists checksums (sha256sum's format), and each is right")] = (
        False
    )


class Condition(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that must hold; exactly one of its fields is given."""

    state: Expression | None = None
    event: EventCondition | None = None
    http: HttpCondition | None = None
    file: FileCondition | None = None


class Verify(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What proves the effect: all of it must hold, at the latest ``within`` seconds after the action."""

    that: Annotated[
        list[Expression | Condition],
        Meta(min_length=1, max_length=20, examples=[["mode.mode == 'running'"]]),
    ]
    within: Annotated[float, Meta(ge=0, le=LONGEST_STEP, description="seconds", examples=[30])] = 0.0


class Compensation(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a completed step is undone, and what proves that it was."""

    action: Annotated[str, Meta(examples=["bot.resume"])]
    verify: Verify
    params: dict[str, Any] = {}
    when: Expression | None = None
    timeout: Annotated[float, Meta(gt=0, le=LONGEST_STEP, description="seconds", examples=[60])] = 300.0
    retry: Retry = Retry()


class Step(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step. Without ``depends_on`` it waits for all before it, parallel ones for those before them."""

    id: Name
    description: Text
    action: Annotated[str, Meta(description="an action of the table", examples=["check"])]
    verify: Verify
    params: Annotated[dict[str, Any], Meta(description="the action's, with templates")] = {}
    depends_on: Annotated[list[Name], Meta(max_length=MOST_STEPS)] | None = None
    when: Expression | None = None
    mode: StepMode = StepMode.SEQUENTIAL
    timeout: Annotated[float, Meta(gt=0, le=LONGEST_STEP, description="seconds", examples=[60])] = 300.0
    retry: Retry = Retry()
    compensate: Compensation | None = None


class SessionRule(StrEnum):
    """Whether a schedule fires with markets open or closed."""

    OPEN = "open"
    CLOSED = "closed"


class Schedule(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a workflow starts by itself; its parameters have their defaults then."""

    cron: Annotated[str, Meta(max_length=100, description="cron's five fields", examples=["*/15 * * * *"])]
    time_zone: Annotated[str, Meta(max_length=60, examples=["Europe/London"])] = "UTC"
    symbol: Annotated[str, Meta(max_length=40, examples=["EUR/USD"])] | None = None
    session: SessionRule | None = None
    enabled: bool = True


class Workflow(Plain, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A workflow."""

    id: WorkflowId
    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["Restart the bot"])]
    description: Text
    risk: Risk
    steps: Annotated[list[Step], Meta(min_length=1, max_length=MOST_STEPS)]
    parameters: Annotated[dict[Name, Parameter], Meta(max_length=20)] = {}
    result: Annotated[
        str,
        Meta(
            max_length=300,
            description="what an execution that completed says of itself, with templates",
            examples=["${steps.judge.outputs.message}"],
        ),
    ] = ""
    on_failure: OnFailure = OnFailure.COMPENSATE
    schedule: Schedule | None = None
    concurrency: Concurrency = Concurrency.REFUSE
    max_duration: Annotated[
        float, Meta(gt=0, le=LONGEST_EXECUTION, description="seconds", examples=[600])
    ] = 3_600.0

    def step(self, step_id: str) -> Step:
        """Return the step of that id."""
        return next(step for step in self.steps if step.id == step_id)


def as_document(workflow: Workflow) -> dict[str, Any]:
    """Return the definition as plain values, for the tape."""
    document: dict[str, Any] = msgspec.to_builtins(workflow)
    return document


def of_document(document: dict[str, Any]) -> Workflow:
    """Return the workflow of a document that was valid when it was written."""
    return msgspec.convert(document, Workflow)


def definition_hash(workflow: Workflow) -> str:
    """Return the SHA-256 of the definition, 64 hex digits."""
    return hashlib.sha256(msgspec.json.encode(workflow, order="deterministic")).hexdigest()


def dependencies_of(steps: list[Step]) -> dict[str, tuple[str, ...]]:
    """Return what each step waits for: what it names, else the steps of the foreground before it.

    Parallel steps that stand together do not wait for each other.
    """
    found: dict[str, tuple[str, ...]] = {}
    foreground: list[str] = []
    together: list[str] = []
    for step in steps:
        if step.mode is not StepMode.PARALLEL:
            foreground, together = foreground + together, []
        found[step.id] = tuple(foreground if step.depends_on is None else step.depends_on)
        if step.mode is StepMode.PARALLEL:
            together.append(step.id)
        elif step.mode is StepMode.SEQUENTIAL:
            foreground = [*foreground, step.id]
    return found


def json_schema_of(parameters: dict[str, Parameter]) -> dict[str, Any]:
    """Return the JSON Schema of an execution's parameters."""
    return {
        "type": "object",
        "properties": {name: _schema_of(one) for name, one in parameters.items()},
        "required": [name for name, one in parameters.items() if one.default is msgspec.UNSET],
        "additionalProperties": False,
    }


def _schema_of(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.to_builtins(parameter)
    if parameter.type is ParameterType.STRING:
        schema.setdefault("maxLength", 200)
    return schema
