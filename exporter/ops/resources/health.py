"""``/health``: whether this process is up and can answer. Says nothing of the bot, and needs no key."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta

from exporter.ops.access.keys import presented_key
from exporter.ops.answers import plain
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from exporter.ops.readiness import findings
from exporter.ops.representations.values import Moment, Unknown
from trading_bot.telemetry import rfc3339

blueprint = Blueprint("health", __name__)


class ProcessUp(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /health/healthz``."""

    status: str
    timestamp: Moment


class DependencyView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that this process depends on. ``needed``: without it nothing is answered."""

    name: str
    needed: bool
    ok: bool
    message: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /health/readyz``; ``dependencies`` is null for who sends no key."""

    status: Annotated[str, Meta(description="ready or not_ready", examples=["ready"])]
    dependencies: list[DependencyView] | None
    unknown: Unknown
    timestamp: Moment


NOT_TOLD: Final = "told only to who sends a key"
UNAVAILABLE: Final = 503


@blueprint.get("/health/healthz")
@documented(
    "Tell that this process is up",
    scenario="A container or a supervisor asks whether to restart this process. Says nothing of the bot.",
    answers=ProcessUp,
)
def healthz() -> Response:
    """Answer, which is the answer."""
    return plain(ProcessUp(status="ok", timestamp=rfc3339(dependencies().clock.now_ns())))


@blueprint.get("/health/readyz")
@documented(
    "Tell whether this process can answer",
    scenario="A load balancer asks whether to send requests here; with a key, a person asks what is missing.",
    answers=(
        Answers(type=Readiness, meaning="Ready."),
        Answers(status=UNAVAILABLE, type=Readiness, meaning="Not ready: something needed is missing."),
    ),
)
def readyz() -> Response:
    """Ask every dependency; only who sends a key is told which."""
    needs = dependencies()
    found = findings(needs.pings)
    is_ready = all(finding.is_well for ping, finding in found if ping.needed)
    environ = request.environ
    presented = presented_key(environ.get("HTTP_X_API_KEY"), environ.get("HTTP_AUTHORIZATION"))
    is_known = presented is not None and needs.keys.identify(presented) is not None
    views = [
        DependencyView(name=ping.name, needed=ping.needed, ok=finding.is_well, message=finding.message)
        for ping, finding in found
    ]
    body = Readiness(
        status="ready" if is_ready else "not_ready",
        dependencies=views if is_known else None,
        unknown={} if is_known else {"dependencies": NOT_TOLD},
        timestamp=rfc3339(needs.clock.now_ns()),
    )
    return plain(body, 200 if is_ready else UNAVAILABLE)
