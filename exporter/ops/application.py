"""The Flask application: what every request goes through, and the resources."""

from __future__ import annotations

from typing import Final

from flask import Flask, g, request

from exporter.ops import problems
from exporter.ops.access import audit
from exporter.ops.access.keys import presented_key
from exporter.ops.dependencies import NAME, Dependencies, dependencies
from exporter.ops.edge import Edge
from exporter.ops.public import PUBLIC
from exporter.ops.resources import documentation, errors, health, state, summary
from trading_bot.contract.errors import NonRetriableError

PREFIX: Final = "/api/v1"
RESOURCES: Final = (health.blueprint, state.blueprint, summary.blueprint, errors.blueprint)
LARGEST_BODY: Final = 1024 * 1024


def create_app(needs: Dependencies) -> Flask:
    """Return the application. It starts nothing."""
    app = Flask(NAME, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.strict_slashes = False
    app.extensions[NAME] = needs
    app.before_request(_authenticate)
    audit.install(app)
    problems.install(app)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.register_blueprint(documentation.blueprint)
    app.wsgi_app = Edge(app.wsgi_app, needs.recorder)  # type: ignore[method-assign]
    return app


def _authenticate() -> None:
    if request.endpoint in PUBLIC:
        return
    environ = request.environ
    presented = presented_key(environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"))
    known = None if presented is None else dependencies().keys.identify(presented)
    if known is None:
        given = "no API key was sent" if presented is None else "the API key is not known here"
        raise NonRetriableError("AUTH_001", f"{given}: {request.method} {request.path[:200]}")
    g.key = known
