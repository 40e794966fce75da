"""The action that gives a verdict: whether all is well, point by point, with what was found."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows import expressions, verdicts
from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from exporter.ops.workflows.definition import Expression, Name
from exporter.ops.workflows.document import plain

HEALTHY: Final = "healthy"
UNHEALTHY: Final = "unhealthy"
UNKNOWN: Final = "unknown"
LONGEST_MESSAGE: Final = 400
LONGEST_VALUE: Final = 80


class JudgeParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``judge``."""

    points: Annotated[
        dict[Name, Expression],
        Meta(
            description="what must hold where all is well, by name",
            examples=[{"alive": "up == true"}],
            min_length=1,
            max_length=30,
        ),
    ]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point: ``holds`` is None where it cannot be told."""

    name: str
    condition: str
    holds: bool | None
    found: dict[str, Any]


def judge(doing: Doing, params: JudgeParams) -> Outputs:
    """Look at every point once. What does not hold is a finding, not a failure."""
    document = doing.look()
    points = [_point(name, text, document) for name, text in params.points.items()]
    failed = [point for point in points if point.holds is False]
    unknown = [point for point in points if point.holds is None]
    verdict = UNHEALTHY if failed else UNKNOWN if unknown else HEALTHY
    return {
        "verdict": verdict,
        "message": _message(verdict, failed, unknown, len(points)),
        "failed": [point.name for point in failed],
        "unknown": [point.name for point in unknown],
        "points": msgspec.to_builtins(points),
    }


def _point(name: str, text: str, document: Any) -> Point:
    verdict = verdicts.evaluate(expressions.parse(text), document)
    found = {path: plain(value) for path, value in verdict.found.items()}
    return Point(name=name, condition=text, holds=verdict.holds, found=found)


def _message(verdict: str, failed: list[Point], unknown: list[Point], total: int) -> str:
    """Say the verdict in a line: what is wrong and was found instead, and what cannot be told."""
    if verdict == HEALTHY:
        return f"{verdict}: all points hold ({total})"
    wrong = "; ".join(f"{point.name} ({_seen(point)})" for point in failed)
    untold = f"not known: {', '.join(point.name for point in unknown)}" if unknown else ""
    said = f"{verdict}: {'; '.join(part for part in (wrong, untold) if part)}"
    return said if len(said) <= LONGEST_MESSAGE else f"{said[: LONGEST_MESSAGE - 1]}…"


def _seen(point: Point) -> str:
    return ", ".join(f"{path} is {value!r:.{LONGEST_VALUE}}" for path, value in point.found.items())


ACTIONS: Final = (
    Action(
        name="judge",
        summary="Give a verdict: look at each point, and say which do not hold and what was found.",
        params=JudgeParams,
        outputs={
            "verdict": "`healthy`, `unhealthy` where a point does not hold, `unknown` where one cannot be told",
            "message": "the verdict in a line, with what was found",
            "failed": "names of the points that do not hold",
            "unknown": "names of those that cannot be told",
            "points": "each with name, condition, holds and found",
        },
        repeat=Repeat.FREE,
        run=judge,
        literal=("points",),
    ),
)
