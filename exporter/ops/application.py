"""The Flask application: what every request goes through, and the resources."""

from __future__ import annotations

from typing import Final

from flask import Flask

from exporter.ops import problems
from exporter.ops.access import audit, gate
from exporter.ops.bridge import LARGEST_BODY
from exporter.ops.cors import Cors
from exporter.ops.dependencies import NAME, Dependencies
from exporter.ops.edge import Edge
from exporter.ops.resources import (
    alerts,
    auth,
    configuration,
    control,
    documentation,
    errors,
    health,
    history,
    lists,
    metrics_page,
    metrics_snapshot,
    performance,
    reference,
    state,
    stream,
    summary,
    workflows,
)

PREFIX: Final = "/api/v1"
RESOURCES: Final = (
    health.blueprint,
    state.blueprint,
    summary.blueprint,
    errors.blueprint,
    lists.blueprint,
    control.blueprint,
    configuration.blueprint,
    history.blueprint,
    metrics_snapshot.blueprint,
    performance.blueprint,
    reference.blueprint,
    stream.blueprint,
    auth.blueprint,
    workflows.blueprint,
    alerts.blueprint,
)


def create_app(needs: Dependencies) -> Flask:
    """Return the application. It starts nothing."""
    app = Flask(NAME, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.strict_slashes = False
    app.extensions[NAME] = needs
    gate.install(app)
    audit.install(app)
    problems.install(app)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.register_blueprint(documentation.blueprint)
    app.register_blueprint(metrics_page.blueprint)
    app.wsgi_app = Edge(app.wsgi_app, needs.recorder, needs.metrics, Cors(needs.settings.api_cors_origins))  # type: ignore[method-assign]
    return app
