"""Who a span or log record comes from, by OpenTelemetry's conventions."""

from __future__ import annotations

import os
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Final

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

NAMESPACE: Final = "tickertape"
SERVICES: Final = {"journal": "tickertape-bot", "control": "tickertape-ops"}
"""The process that writes a tape."""

RUNS: Final = 64
"""Runs whose resource is kept; records come in order."""

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.37.0"


@cache
def scope() -> InstrumentationScope:
    """Return what recorded: Tickertape's own tracer."""
    return InstrumentationScope("tickertape", version("tickertape"))


def resource(tape: str, bot: str, run_id: str) -> Resource:
    """Return the resource of one run. ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` add to it and win."""
    said = os.environ.get("OTEL_SERVICE_NAME"), os.environ.get("OTEL_RESOURCE_ATTRIBUTES")
    return _resource(tape, bot, run_id, said)


@lru_cache(RUNS)
def _resource(tape: str, bot: str, run_id: str, _said: tuple[str | None, ...]) -> Resource:
    ours = {
        "service.name": SERVICES[tape],
        "service.namespace": NAMESPACE,
        "service.instance.id": run_id,
        "service.version": version("tickertape"),
        "tradingbot.bot": bot,
    }
    return Resource.create(ours, SCHEMA_URL).merge(OTELResourceDetector().detect())
