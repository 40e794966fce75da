"""The Flask application: what every request goes through, and the resources."""

from __future__ import annotations

import re
import secrets
from typing import Final

from flask import Flask, Response, g, request

from exporter.ops import problems
from exporter.ops.dependencies import NAME, Dependencies, dependencies
from exporter.ops.keys import presented_key
from exporter.ops.resources import errors, health, state, summary
from trading_bot.contract.errors import NonRetriableError

PREFIX: Final = "/api/v1"
RESOURCES: Final = (health.blueprint, state.blueprint, summary.blueprint, errors.blueprint)
PUBLIC: Final = frozenset({"health.healthz"})
"""Endpoints that need no key; everything else does, also paths that do not exist."""

LARGEST_BODY: Final = 1024 * 1024
TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
NO_TRACE: Final = "0" * 32

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def create_app(needs: Dependencies) -> Flask:
    """Return the application. It starts nothing."""
    app = Flask(NAME, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.strict_slashes = False
    app.extensions[NAME] = needs
    app.before_request(_identify)
    app.before_request(_authenticate)
    app.after_request(_finish)
    problems.install(app)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    return app


def _identify() -> None:
    """Give the request its id, and the trace that it belongs to: the caller's, if it has one."""
    g.request_id = secrets.token_hex(16)
    match = TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    g.trace_id = match[1] if match and match[1] != NO_TRACE else g.request_id


def _authenticate() -> None:
    if request.endpoint in PUBLIC:
        return
    headers = request.headers
    presented = presented_key(headers.get("X-API-Key"), headers.get("Authorization"))
    known = None if presented is None else dependencies().keys.identify(presented)
    if known is None:
        given = "no API key was sent" if presented is None else "the API key is not known here"
        raise NonRetriableError("AUTH_001", f"{given}: {request.method} {request.path[:200]}")
    g.key = known


def _finish(response: Response) -> Response:
    response.headers.update(SECURITY_HEADERS)
    response.headers["X-Request-ID"] = g.request_id
    return response
