"""``/metrics``: what this process does, as Prometheus reads it. What the bot does is on the exporter's page."""

from __future__ import annotations

from flask import Blueprint, Response, request

from exporter.metrics.page import encode
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers

blueprint = Blueprint("process", __name__)

TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text"


@blueprint.get("/metrics")
@documented(
    "Show what this process does, for Prometheus",
    scenario="Prometheus scrapes it with a read key; what the bot does is on the exporter's page.",
    answers=Answers(media=(TEXT, OPENMETRICS), meaning="The page, in the format that Accept asks for."),
)
@documented(
    "Show this process's own metrics",
    scenario="Prometheus scrapes requests, stream and workflows; the bot's metrics are the exporter's.",
    answers=Answers(media=("text/plain", "application/openmetrics-text"), meaning="The page."),
)
def metrics_page() -> Response:
    """Return the page, as OpenMetrics where Accept asks for it."""
    needs = dependencies()
    content_type, body = encode(
        needs.metrics.points(), needs.settings.name, request.headers.get("Accept", "")
    )
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
