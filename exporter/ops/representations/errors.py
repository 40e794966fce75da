"""``GET /errors``: what went wrong, the last first, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from exporter.ops.representations.problem import Link
from exporter.ops.representations.values import Moment, Unknown, age_seconds, moment, without_nulls
from exporter.ops.representations.words import NOTHING_RECORDED, warnings
from trading_bot.contract.errors.definition import ErrorDefinition, Remediation, SemanticError
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.health import Health
from trading_bot.domain.state import RECENT_ERRORS, State
from trading_bot.domain.tally import SEPARATOR

PATH: Final = "/api/v1/errors"
NEVER_SEEN: Final = "the bot never met it; ops' own errors stand on the control tape"
OLDER: Final = (
    f"the last {RECENT_ERRORS} errors are kept here; the older ones stand on the tape as error.recorded"
)


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """One error as it also stands on the tape and in the log."""

    error_code: str
    error_type: str
    message: str
    cause: str
    impact: str
    remediation: tuple[Remediation, ...]
    severity: str
    retryable: bool
    context: dict[str, Any]
    timestamp: Moment
    trace_id: str | None
    span_id: str | None
    runbook: str | None


class ErrorList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /errors``, newest first.

    ``total`` counts what was ever recorded (of the code asked for); ``next`` leads to the next page,
    ``older`` says where the rest is once the pages end.
    """

    errors: list[ErrorView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    older: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a code came: what is not the same each time."""

    message: str
    context: dict[str, Any]
    timestamp: Moment
    trace_id: str | None


class ErrorCode(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /errors/{code}``: what a code means, and how often the bot met it.

    ``count`` is since the journal began; ``last`` are the last of those that are kept here.
    """

    error_code: str
    title: str
    error_type: str
    severity: str
    retryable: bool
    cause: str
    impact: str
    remediation: tuple[Remediation, ...]
    count: int | None
    last_seen: Moment | None
    last: list[Occurrence]
    runbook: str
    runbooks: list[str]
    next: list[Link]
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


SHOWN_OF_A_CODE: Final = 3


class ErrorsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which errors: of one code or of all, at most ``limit``, recorded before ``before`` (nanoseconds)."""

    limit: int
    code: str | None = None
    before: int | None = None


def represent_errors(state: State, health: Health, now_ns: int, wanted: ErrorsWanted) -> ErrorList:
    """Return a page of the last errors."""
    kept = list(_matching(state, wanted))
    page = kept[: wanted.limit]
    total = _ever(state, wanted.code)
    more = len(kept) > len(page)
    exhausted = total > sum(1 for _ in _matching(state, msgspec.structs.replace(wanted, before=None)))
    recorded_at = state.ts if state.seq else None
    return ErrorList(
        errors=[represent_error(error) for error in page],
        limit=wanted.limit,
        returned=len(page),
        total=total,
        truncated=more or exhausted,
        next=_next(wanted, page[-1]) if more else None,
        older=OLDER if exhausted and not more else None,
        data_age_seconds=age_seconds(recorded_at, now_ns),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls({"data_age_seconds": None if state.seq else NOTHING_RECORDED}),
        generated_at=moment(now_ns) or "",
    )


def represent_code(
    state: State, health: Health, now_ns: int, row: ErrorDefinition, runbooks: tuple[str, ...]
) -> ErrorCode:
    """Return what a code means, with what the fold counted of it."""
    unrecorded = None if state.seq else NOTHING_RECORDED
    seen_at = state.timestamps.get(metrics.ERROR_TIME.name, {}).get(row.code)
    last = list(islice(_matching(state, ErrorsWanted(limit=SHOWN_OF_A_CODE, code=row.code)), SHOWN_OF_A_CODE))
    count = _ever(state, row.code)
    return ErrorCode(
        error_code=row.code,
        title=row.title,
        error_type=row.consequence.__name__,
        severity=row.severity,
        retryable=row.retryable,
        cause=row.cause,
        impact=row.impact,
        remediation=row.remediation,
        count=None if unrecorded else count,
        last_seen=moment(seen_at),
        last=[
            Occurrence(
                message=error.message,
                context=error.context,
                timestamp=moment(error.timestamp) or "",
                trace_id=error.trace_id,
            )
            for error in last
        ],
        runbook=row.runbook,
        runbooks=[f"/api/v1/runbooks/{name}" for name in runbooks],
        next=list(_after_code(row.code, count, seen_at)),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls(
            {
                "count": unrecorded,
                "last_seen": unrecorded or (None if seen_at else NEVER_SEEN),
                "data_age_seconds": unrecorded,
            }
        ),
        data_age_seconds=age_seconds(state.ts if state.seq else None, now_ns),
        generated_at=moment(now_ns) or "",
    )


def _after_code(code: str, count: int, seen_at: int | None) -> Iterator[Link]:
    if count > SHOWN_OF_A_CODE:
        yield Link(href=f"{PATH}?code={code}", why="all that are kept")
    if seen_at is not None:
        yield Link(href=f"/api/v1/incident?at={moment(seen_at + SECOND)}", why="what changed before the last")
    yield Link(href="/api/v1/summary", why="how the bot is now")


def represent_error(error: SemanticError) -> ErrorView:
    """Return one error with its time as RFC 3339."""
    fields = {name: getattr(error, name) for name in error.__struct_fields__}
    return ErrorView(**{**fields, "timestamp": moment(error.timestamp)})


def _matching(state: State, wanted: ErrorsWanted) -> Iterator[SemanticError]:
    for error in reversed(state.errors):
        if wanted.code not in (None, error.error_code):
            continue
        if wanted.before is None or error.timestamp < wanted.before:
            yield error


def _ever(state: State, code: str | None) -> int:
    """Return how many errors were ever recorded, of one code or of all."""
    counts = state.counts.get(metrics.ERRORS_TOTAL.name, {})
    return int(sum(count for key, count in counts.items() if code in (None, key.partition(SEPARATOR)[0])))


def _next(wanted: ErrorsWanted, last: SemanticError) -> str:
    query = {"limit": wanted.limit, "code": wanted.code, "before": last.timestamp}
    return f"{PATH}?{urlencode({name: value for name, value in query.items() if value is not None})}"
