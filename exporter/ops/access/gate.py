"""What every request passes before its handler: who asks."""

from __future__ import annotations

from flask import Flask, abort, g, request

from exporter.ops.access.keys import presented_key
from exporter.ops.bridge import BODY_FAULT
from exporter.ops.dependencies import dependencies
from exporter.ops.edge import ENDPOINT
from exporter.ops.public import PUBLIC
from trading_bot.contract.errors import NonRetriableError


def install(app: Flask) -> None:
    """Have every request pass here first."""
    app.before_request(_admit)


def _admit() -> None:
    rule = request.url_rule
    if rule is not None:
        request.environ[ENDPOINT] = rule.rule
    if request.endpoint not in PUBLIC:
        _authenticate()
    if BODY_FAULT in request.environ:
        abort(request.environ[BODY_FAULT])


def _authenticate() -> None:
    environ = request.environ
    presented = presented_key(environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"))
    known = None if presented is None else dependencies().keys.identify(presented)
    if known is None:
        given = "no API key was sent" if presented is None else "the API key is not known here"
        raise NonRetriableError("AUTH_001", f"{given}: {request.method} {request.path[:200]}")
    g.key = known
