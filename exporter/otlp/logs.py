"""Semantic errors as the SDK's log records.

The log signal of the SDK is not stable (its modules begin with an underscore): nothing else in the
project imports them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from exporter.otlp.resources import resource, scope
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import SemanticError, Severity
from trading_bot.contract.events.lifecycle import ErrorRecorded

EVENT_NAME: Final = "tickertape.error"

NUMBERS: Final = {
    Severity.INFO: SeverityNumber.INFO,
    Severity.WARNING: SeverityNumber.WARN,
    Severity.ERROR: SeverityNumber.ERROR,
    Severity.CRITICAL: SeverityNumber.FATAL,
}


def logs_of(tape: str, envelope: Envelope) -> Iterator[ReadableLogRecord]:
    """Yield the log record of an error event: the same code and ids as event, JSONL line and span."""
    if not isinstance(envelope.payload, ErrorRecorded):
        return
    error = envelope.payload.error
    record = LogRecord(
        timestamp=error.timestamp,
        observed_timestamp=envelope.ts,
        context=_context(error),
        severity_number=NUMBERS[error.severity],
        severity_text=error.severity.upper(),
        body=error.message,
        attributes=_attributes(error),
        event_name=EVENT_NAME,
    )
    yield ReadableLogRecord(record, resource(tape, envelope.bot, envelope.run_id), scope())


def _context(error: SemanticError) -> Context:
    """Return a context with the error's span; the empty one where it has none."""
    if error.trace_id is None or error.span_id is None:
        return Context()
    span = SpanContext(
        int(error.trace_id, 16),
        int(error.span_id, 16),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return set_span_in_context(NonRecordingSpan(span), Context())


def _attributes(error: SemanticError) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "error.type": error.error_code,
        "tradingbot.error.class": error.error_type,
        "tradingbot.error.cause": error.cause,
        "tradingbot.error.impact": error.impact,
        "tradingbot.error.remediation": [step.action for step in error.remediation],
        "tradingbot.error.retryable": error.retryable,
    }
    if error.runbook is not None:
        attributes["tradingbot.error.runbook"] = error.runbook
    context = {f"tradingbot.context.{name}": _plain(value) for name, value in error.context.items()}
    return attributes | context


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)
