"""``/health``: whether this process is up. Says nothing of the bot, and needs no key."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from exporter.ops.answers import plain
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.representations.values import Moment
from trading_bot.telemetry import rfc3339

blueprint = Blueprint("health", __name__)


class ProcessUp(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /health/healthz``."""

    status: str
    timestamp: Moment


@blueprint.get("/health/healthz")
@documented(
    "Tell that this process is up",
    scenario="A container or a supervisor asks whether to restart this process. Says nothing of the bot.",
    answers=ProcessUp,
)
def healthz() -> Response:
    """Answer, which is the answer."""
    return plain(ProcessUp(status="ok", timestamp=rfc3339(dependencies().clock.now_ns())))
