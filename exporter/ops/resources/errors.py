"""``/errors``: what went wrong."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.answers import answer
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.parameters import parse
from exporter.ops.representations.errors import (
    ErrorCode,
    ErrorList,
    ErrorsWanted,
    represent_code,
    represent_errors,
)
from trading_bot.contract.errors import ERRORS, NonRetriableError
from trading_bot.domain.state import RECENT_ERRORS

blueprint = Blueprint("errors", __name__)


class ErrorsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query of ``GET /errors``."""

    limit: Annotated[
        int, Meta(ge=1, le=RECENT_ERRORS, description=f"a number from 1 to {RECENT_ERRORS}", examples=[20])
    ] = 20
    code: (
        Annotated[
            str, Meta(pattern=r"^[A-Z]{2,8}_\d{3}$", description="an error code", examples=["VENUE_001"])
        ]
        | None
    ) = None
    before: (
        Annotated[
            int, Meta(ge=0, description="a time from next, in nanoseconds", examples=[1795000000000000000])
        ]
        | None
    ) = None


class CodePath(msgspec.Struct, frozen=True, kw_only=True):
    """The path of ``GET /errors/{code}``."""

    code: Annotated[
        str, Meta(pattern=r"^[A-Z]{2,8}_\d{3}$", description="an error code", examples=["VENUE_001"])
    ]


class NoQuery(msgspec.Struct, frozen=True, kw_only=True):
    """No parameters."""


@blueprint.get("/errors")
@documented(
    "List the last errors",
    scenario="Something went wrong and the three errors of the summary are not enough.",
    answers=ErrorList,
    query=ErrorsQuery,
    errors=("API_004",),
)
def errors() -> Response:
    """Return the last errors, newest first."""
    query = parse(request.args, ErrorsQuery)
    wanted = ErrorsWanted(limit=query.limit, code=query.code, before=query.before)
    return answer(query, lambda state, health, now: represent_errors(state, health, now, wanted))


@blueprint.get("/errors/<code>")
@documented(
    "Explain an error code",
    scenario="A summary, a log line or a problem names a code: what it means, how often it came, what helps.",
    answers=ErrorCode,
    path=CodePath,
    query=NoQuery,
    errors=("API_002", "API_004"),
)
def error_code(code: str) -> Response:
    """Return what a code means; it is the ``type`` of a problem."""
    parse(request.args, NoQuery)
    row = ERRORS.get(code)
    if row is None:
        raise NonRetriableError("API_002", f"there is no error code {code[:40]!r}")
    runbooks = dependencies().shelf.runbooks_of(code)
    return answer(
        CodePath(code=code), lambda state, health, now: represent_code(state, health, now, row, runbooks)
    )
