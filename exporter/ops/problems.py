"""Errors as ``application/problem+json``: RFC 9457's members and those of the semantic error."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from exporter.ops.bridge import BODY_SECONDS, LARGEST_BODY, TOO_LARGE, TOO_SLOW
from exporter.ops.dependencies import dependencies
from exporter.ops.edge import asked_of, request_id_of, trace_id_of
from exporter.ops.parameters import told
from exporter.ops.representations.problem import PROBLEM_JSON, next_of
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import ERRORS, NonRetriableError, SemanticError, TickertapeError
from trading_bot.contract.telemetry.metrics import API_REFUSALS
from trading_bot.telemetry import rfc3339, where

INTERNAL: Final = "API_005"
SERVER_ERROR: Final = 500

STATUS: Final = {
    "AUTH_001": 401,
    "AUTH_002": 403,
    "AUTH_003": 401,
    "AUTH_004": 503,
    "API_001": 400,
    "API_002": 404,
    "API_003": 405,
    "API_004": 503,
    "API_010": 503,
    "API_020": 426,
    INTERNAL: SERVER_ERROR,
    "API_006": 429,
    "API_030": 409,
    "API_031": 503,
    "CFG_001": 422,
    "CFG_002": 422,
    "CFG_006": 412,
    "CFG_007": 409,
    "CFG_008": 409,
    "CFG_009": 409,
    "CFG_010": 428,
    "CFG_012": 404,
    "CFG_016": 409,
    "CFG_018": 409,
    "WF_001": 422,
    "WF_002": 404,
    "WF_003": 422,
    "WF_004": 409,
    "WF_005": 428,
    "WF_006": 409,
    "WF_007": 503,
    "WF_014": 409,
    "WF_015": 409,
    "WF_018": 503,
}
"""Code to HTTP status. Any other code that reaches a client is an internal error."""

OF_HTTP: Final = {404: "API_002", 405: "API_003", 429: "API_006"}
"""Status that the framework answers with to code; other 4xx are API_001."""

OF_BODIES: Final = {
    TOO_LARGE: told("(body)", f"at most {LARGEST_BODY} bytes", "more", "{}"),
    TOO_SLOW: told("(body)", f"all of it within {BODY_SECONDS:g} s", "a part of it", "{}"),
}
"""Status that a body earned to what is wrong with it."""

HEADERS: Final = {
    "AUTH_001": {"WWW-Authenticate": 'Bearer realm="tickertape"'},
    "API_004": {"Retry-After": "1"},
    "API_010": {"Retry-After": "1"},
    "API_020": {"Upgrade": "websocket"},
}


def install(app: Flask) -> None:
    """Have the application answer every error as a problem."""
    app.register_error_handler(TickertapeError, _named)
    app.register_error_handler(HTTPException, _of_the_framework)
    app.register_error_handler(Exception, _unexpected)


def problem(error: TickertapeError, status: int | None = None) -> Response:
    """Return the response for an error whose code has a status."""
    dependencies().metrics.count(API_REFUSALS, error.code)
    semantic = error.semantic(dependencies().clock.now_ns(), trace_id=trace_id_of(request.environ))
    code = status or STATUS[semantic.error_code]
    response = Response(msgspec.json.encode(_members(semantic, code)), status=code, mimetype=PROBLEM_JSON)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(HEADERS.get(semantic.error_code, {}))
    if "retry_after_seconds" in semantic.context:
        response.headers["Retry-After"] = str(semantic.context["retry_after_seconds"])
    return response


def _members(semantic: SemanticError, status: int) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(semantic)
    members |= {name: redact(members[name], name) for name in ("message", "cause", "context")}
    faults = members["context"].pop("errors", [])
    return {
        "type": f"/api/v1/errors/{semantic.error_code}",
        "title": ERRORS[semantic.error_code].title,
        "status": status,
        "detail": members["message"],
        "instance": request_id_of(request.environ),
        **members,
        "timestamp": rfc3339(semantic.timestamp),
        "errors": faults,
        "next": msgspec.to_builtins(next_of(semantic.error_code, request.method, request.path[:200])),
    }


def _named(error: TickertapeError) -> Response:
    if error.code not in STATUS or error.code == INTERNAL:
        return _unexpected(error)
    if error.code.startswith("AUTH_") or error.code == "API_006":
        dependencies().recorder.refusal(error, request.environ.get("REMOTE_ADDR", ""))
    return problem(error)


def _of_the_framework(error: HTTPException) -> Response:
    status = error.code or SERVER_ERROR
    if status >= SERVER_ERROR:
        return _unexpected(error)
    message = f"{request.method} {request.path[:200]}: {error.name.lower()}"
    faults = OF_BODIES.get(status, [])
    response = problem(NonRetriableError(OF_HTTP.get(status, "API_001"), message, errors=faults), status)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    """Record what happened with its cause; the client gets the trace id to find it by, nothing else."""
    cause = getattr(error, "original_exception", None) or error  # what the framework wrapped
    message = f"{request.method} {request.path[:200]} could not be answered"
    ours = NonRetriableError(INTERNAL, message, where=where(cause))
    ours.__cause__ = cause
    dependencies().recorder.failure(ours, asked_of(request.environ))
    return problem(NonRetriableError(INTERNAL, ours.message))
