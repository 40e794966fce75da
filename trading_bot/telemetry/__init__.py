"""Spans and errors: recorded onto a tape where there is one, and into the JSONL log."""

from __future__ import annotations

from trading_bot.telemetry.errors import ErrorRecorder, log_committed, log_sink, tape_sink, where
from trading_bot.telemetry.jsonl import JsonLines, rfc3339
from trading_bot.telemetry.tracing import SpanContext, Trace, Tracer

__all__ = [
    "ErrorRecorder",
    "JsonLines",
    "SpanContext",
    "Trace",
    "Tracer",
    "log_committed",
    "log_sink",
    "rfc3339",
    "tape_sink",
    "where",
]
