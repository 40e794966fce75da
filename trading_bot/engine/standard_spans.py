"""Spans of strategies, and of libraries that they use, that are instrumented with OpenTelemetry's API."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Final

from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.engine.context import Context

API: Final = "opentelemetry.trace"


def take_standard_spans(context: Context) -> bool:
    """Take their spans onto the tape if something here has loaded the API; return whether it has.

    Who does not use it does not pay for it: neither its import nor the current span of each task.
    """
    if API not in sys.modules:
        return False
    from trading_bot.telemetry import opentelemetry_api  # noqa: PLC0415 - loaded only when asked for

    loop = asyncio.get_running_loop()

    def append(recorded: SpansRecorded, trace_id: str) -> None:
        context.ledger.append(recorded, trace_id=trace_id)

    def record(recorded: SpansRecorded, trace_id: str) -> None:
        with suppress(RuntimeError):  # the bot has ended, and with it its loop; its tape is closed
            loop.call_soon_threadsafe(append, recorded, trace_id)

    opentelemetry_api.install(
        opentelemetry_api.Sink(context.tracer, record, lambda: context.settings.telemetry.idle_span_share)
    )
    return True
