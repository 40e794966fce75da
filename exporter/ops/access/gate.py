"""What every request passes before its handler: who asks, how often, and whether the body is all there."""

from __future__ import annotations

from typing import Final

from flask import Flask, abort, current_app, g, request
from limits import RateLimitItem

from exporter.ops.access.keys import presented_key
from exporter.ops.access.rates import LIMIT
from exporter.ops.bridge import BODY_FAULT, RESULT
from exporter.ops.dependencies import dependencies
from exporter.ops.edge import ENDPOINT
from exporter.ops.public import PUBLIC
from trading_bot.contract.errors import NonRetriableError

ADMITTED: Final = "tickertape.admitted"
"""Who asks, for when the request is called again."""

UNLIMITED: Final = frozenset({"health.healthz", "health.readyz", "process.metrics_page"})
"""What supervisors and Prometheus ask, again and again."""


def install(app: Flask) -> None:
    """Have every request pass here first."""
    app.before_request(_admit)


def _admit() -> None:
    rule, environ = request.url_rule, request.environ
    if rule is not None:
        environ[ENDPOINT] = rule.rule
    if RESULT in environ:  # it was admitted when it came, and is called again
        if ADMITTED in environ:
            g.key = environ[ADMITTED]
        return
    endpoint = request.endpoint
    if endpoint in PUBLIC:
        _limit(_address(), endpoint)
    else:
        _authenticate(endpoint)
    if BODY_FAULT in environ:
        abort(environ[BODY_FAULT])


def _authenticate(endpoint: str | None) -> None:
    environ = request.environ
    presented = presented_key(environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"))
    known = None if presented is None else dependencies().keys.identify(presented)
    if known is None:
        _limit(_address(), endpoint)
        given = "no API key was sent" if presented is None else "the API key is not known here"
        raise NonRetriableError("AUTH_001", f"{given}: {request.method} {request.path[:200]}")
    g.key = environ[ADMITTED] = known
    _limit(f"{known.id}/{known.name}", endpoint)


def _limit(who: str, endpoint: str | None) -> None:
    rates = dependencies().rates
    if rates is None or endpoint in UNLIMITED:
        return
    own: RateLimitItem | None = None
    if endpoint is not None:
        own = current_app.view_functions[endpoint].__dict__.get(LIMIT)
    rates.admit(who, own, endpoint)


def _address() -> str:
    """Return where the request came from; what a proxy says of it may be anything and is not believed."""
    return f"address {request.environ.get('REMOTE_ADDR', '')}"
