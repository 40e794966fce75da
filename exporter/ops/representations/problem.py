"""An error as a problem: RFC 9457's members, those of the semantic error, and what to call next."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from exporter.ops.representations.values import Moment
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.errors.definition import Remediation

PROBLEM_JSON: Final = "application/problem+json"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What to call next, and why."""

    href: str
    why: str
    method: str = "GET"


class InputFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with a request."""

    field: str
    expected: str
    found: Any
    example: Any = None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every error. ``type`` is the address that explains the code."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
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
    errors: list[InputFault]
    next: list[Link]


DOCUMENTATION: Final = Link(href="/api/docs", why="every operation with its parameters and an example")
INDEX: Final = Link(href="/api/v1/", why="what there is")
UP: Final = Link(href="/api/v1/health/healthz", why="whether this process is up; needs no key")
READY: Final = Link(href="/api/v1/health/readyz", why="whether it can answer yet")
SUMMARY: Final = Link(href="/api/v1/summary", why="the bot in one small body")

CONFIG: Final = Link(href="/api/v1/config", why="the settings in force, their generation and ETag")
SCHEMA: Final = Link(href="/api/v1/config/schema", why="every setting with its bounds and meaning")
HISTORY: Final = Link(href="/api/v1/config/history", why="every change of settings")
WORKFLOWS: Final = Link(href="/api/v1/workflows", why="every workflow with its parameters")
EXECUTIONS: Final = Link(href="/api/v1/workflows/executions", why="what ran, what runs, what waits")
COMMANDS: Final = Link(href="/api/v1/commands", why="what was asked of the bot, and its answers")

NEXT: Final[dict[str, tuple[Link, ...]]] = {
    "AUTH_001": (UP, DOCUMENTATION),
    "AUTH_002": (SUMMARY, DOCUMENTATION),
    "API_001": (DOCUMENTATION,),
    "API_002": (INDEX,),
    "API_003": (DOCUMENTATION,),
    "API_004": (READY,),
    "API_005": (SUMMARY,),
    "API_010": (READY, SUMMARY),
    "API_006": (UP,),
    "API_030": (COMMANDS,),
    "API_031": (READY, SUMMARY),
    "CFG_001": (SCHEMA, CONFIG),
    "CFG_006": (CONFIG,),
    "CFG_010": (CONFIG,),
    "CFG_012": (HISTORY,),
    "WF_001": (WORKFLOWS,),
    "WF_002": (WORKFLOWS, EXECUTIONS),
    "WF_003": (WORKFLOWS,),
    "WF_004": (EXECUTIONS,),
    "WF_006": (SUMMARY,),
    "WF_007": (EXECUTIONS,),
    "WF_014": (EXECUTIONS,),
    "WF_015": (EXECUTIONS,),
    "WF_018": (READY,),
}
"""Code to what helps beside the page of the code itself; other codes lead to the documentation."""


UNCONFIRMED: Final = frozenset({"CFG_008", "WF_005"})
"""The same request as a dry run answers with the confirm that was missing."""


def next_of(code: str, method: str = "", path: str = "") -> list[Link]:
    """Return what to call after a problem of this code, that was the answer to a request of this kind."""
    if code in UNCONFIRMED and path:
        why = "the same request as a dry run: what it would do, and what to send as confirm"
        helps: tuple[Link, ...] = (Link(href=f"{path}?dry_run=true", why=why, method=method),)
    else:
        helps = NEXT.get(code, (DOCUMENTATION,))
    return [
        *helps,
        Link(href=f"/api/v1/errors/{code}", why="what this code means and what helps"),
    ]


def example_problem(code: str, status: int) -> dict[str, Any]:
    """Return a problem of a code, for the documentation."""
    row = ERRORS[code]
    problem = Problem(
        type=f"/api/v1/errors/{code}",
        title=row.title,
        status=status,
        detail=row.title,
        instance="4bf92f3577b34da6a3ce929d0e0e4736",
        error_code=code,
        error_type=row.consequence.__name__,
        message=row.title,
        cause=row.cause,
        impact=row.impact,
        remediation=row.remediation,
        severity=row.severity,
        retryable=row.retryable,
        context={},
        timestamp="2026-11-22T01:33:22.123456Z",
        trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
        span_id=None,
        runbook=row.runbook,
        errors=[],
        next=next_of(code),
    )
    return msgspec.json.decode(msgspec.json.encode(problem), type=dict[str, Any])
