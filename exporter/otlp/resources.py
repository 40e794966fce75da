"""Who a span or log record comes from, by OpenTelemetry's conventions."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

NAMESPACE: Final = "tickertape"
SERVICES: Final = {"journal": "tickertape-bot", "control": "tickertape-ops"}
"""The process that writes a tape."""

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.37.0"


@cache
def scope() -> InstrumentationScope:
    """Return what recorded: Tickertape's own tracer."""
    return InstrumentationScope("tickertape", version("tickertape"))


@cache
def resource(tape: str, bot: str, run_id: str) -> Resource:
    """Return the resource of one run. ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` add to it and win."""
    ours = Resource(
        {
            "service.name": SERVICES[tape],
            "service.namespace": NAMESPACE,
            "service.instance.id": run_id,
            "service.version": version("tickertape"),
            "tradingbot.bot": bot,
        },
        SCHEMA_URL,
    )
    environment = Resource.create({})
    return ours.merge(Resource(_named(dict(environment.attributes)), environment.schema_url))


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    """Leave out the name that the SDK makes up where nobody gave one."""
    if str(attributes.get("service.name", "")).startswith("unknown_service"):
        del attributes["service.name"]
    return attributes
