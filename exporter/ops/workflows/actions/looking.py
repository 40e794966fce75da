"""Actions that change nothing: look, wait, watch for a while, wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows import expressions, verdicts
from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from exporter.ops.workflows.definition import APPROVAL, LONGEST_STEP, Expression, Name
from exporter.ops.workflows.document import plain
from trading_bot.contract.errors import NonRetriableError
from trading_bot.telemetry import rfc3339

PATHS: Final = "values to keep, by name: where each stands in the state document"


class CheckParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``check``."""

    remember: Annotated[
        dict[Name, Expression],
        Meta(description=PATHS, examples=[{"run_id": "run.run_id"}], max_length=20),
    ] = msgspec.field(default_factory=dict)


class WaitParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``wait``."""

    seconds: Annotated[
        float, Meta(ge=0, le=LONGEST_STEP, description="seconds to wait before the verify", examples=[5])
    ] = 0.0


class ObserveParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``observe``."""

    watch: Annotated[
        dict[Name, Expression],
        Meta(description=PATHS, examples=[{"equity": "account.equity"}], min_length=1, max_length=20),
    ]
    every: Annotated[float, Meta(gt=0, le=600, description="seconds between two looks", examples=[30])] = 30.0
    looks: Annotated[int, Meta(ge=1, le=2_000, description="how many looks", examples=[10])] = 10
    until: Annotated[
        str, Meta(max_length=500, description="a condition that ends it early", examples=["up == false"])
    ] = ""


class ApprovalParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``approval``."""

    message: Annotated[
        str, Meta(min_length=1, max_length=500, description="what is asked", examples=["Trade live?"])
    ]


class Suspended(Exception):  # noqa: N818 - what happens, not an error
    """The step waits for a person; nothing holds a thread meanwhile."""


def check(doing: Doing, params: CheckParams) -> Outputs:
    """Keep values of the state document; the verify is what is checked."""
    return _values(doing.look(), params.remember)


def wait(doing: Doing, params: WaitParams) -> Outputs:
    """Wait; what is waited for is the verify."""
    doing.patience.wait(params.seconds)
    return {}


def observe(doing: Doing, params: ObserveParams) -> Outputs:
    """Look again and again, and say how each value went.

    Raises:
        NonRetriableError: WF_010, so many looks do not fit into the step's time.
    """
    _check_fits(params, doing.patience.remaining)
    until = expressions.parse(params.until) if params.until else None
    rows: list[Outputs] = []
    ended_early = False
    for turn in range(params.looks):
        if turn:
            doing.patience.wait(params.every)
        document = doing.look()
        rows.append({"at": rfc3339(doing.means.clock.now_ns()), **_values(document, params.watch)})
        if until is not None and verdicts.evaluate(until, document).holds:
            ended_early = True
            break
    return {
        "looks": len(rows),
        "ended_early": ended_early,
        "trends": {name: _trend([row[name] for row in rows]) for name in params.watch},
        "last": rows[-5:],
    }


def _check_fits(params: ObserveParams, remaining: float) -> None:
    """Refuse at once what would only fail when the step's time is over."""
    takes = (params.looks - 1) * params.every
    if takes > remaining:
        message = (
            f"{params.looks} looks every {params.every:g} s take {takes:g} s, and the step has {remaining:.0f} s:"
            " ask for fewer looks, or a shorter time between two"
        )
        raise NonRetriableError("WF_010", message, takes_seconds=takes)


def approve(doing: Doing, params: ApprovalParams) -> Outputs:
    """Wait for a person's answer."""
    answer = doing.attempt.approval
    if answer is None:
        doing.patience.check()
        raise Suspended(params.message)
    if not answer["approved"]:
        message = f"{answer['actor']} did not approve: {answer['reason']}"
        raise NonRetriableError("WF_013", message, actor=answer["actor"])
    return dict(answer)


def _values(document: Any, wanted: Mapping[str, str]) -> Outputs:
    found: dict[str, Any] = {}
    for name, text in wanted.items():
        value = verdicts.value_of(expressions.parse(text), document, {})
        found[name] = None if value is verdicts.MISSING else plain(value)
    return found


def _trend(values: list[Any]) -> dict[str, Any]:
    """Return first, last, least, most and change of numbers; of anything else how often it changed."""
    numbers = [number for number in map(_number, values) if number is not None]
    unknown = sum(value is None for value in values)
    if numbers and len(numbers) + unknown == len(values):
        change = numbers[-1] - numbers[0]
        return {
            "first": str(numbers[0]),
            "last": str(numbers[-1]),
            "least": str(min(numbers)),
            "most": str(max(numbers)),
            "change": str(change),
            "trend": "up" if change > 0 else "down" if change < 0 else "flat",
            "unknown": unknown,
        }
    changes = sum(one != other for one, other in pairwise(values))
    return {"first": values[0], "last": values[-1], "changes": changes, "unknown": unknown}


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _remembered(params: Mapping[str, Any]) -> tuple[str, ...]:
    remember = params.get("remember")
    return tuple(map(str, remember)) if isinstance(remember, dict) else ()


ACTIONS: Final = (
    Action(
        name="check",
        summary="Change nothing: the verify is what is checked, and values can be remembered.",
        params=CheckParams,
        outputs={},
        repeat=Repeat.FREE,
        run=check,
        named_outputs=_remembered,
        literal=("remember",),
    ),
    Action(
        name="wait",
        summary="Wait until the verify holds, at most as long as its within says.",
        params=WaitParams,
        outputs={},
        repeat=Repeat.FREE,
        run=wait,
    ),
    Action(
        name="observe",
        summary="Look every few seconds, and say how each value went.",
        params=ObserveParams,
        outputs={
            "looks": "how many looks there were",
            "ended_early": "whether `until` ended it",
            "trends": "by name: first, last, least, most, change",
            "last": "the last five looks",
        },
        repeat=Repeat.FREE,
        run=observe,
        literal=("watch", "until"),
    ),
    Action(
        name=APPROVAL,
        summary="Wait for a person: POST /workflows/executions/{id}/approve.",
        params=ApprovalParams,
        outputs={"approved": "true", "actor": "who approved", "reason": "why"},
        repeat=Repeat.FREE,
        run=approve,
    ),
)
