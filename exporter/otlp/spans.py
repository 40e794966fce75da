"""Recorded spans as the SDK's spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from exporter.otlp.resources import resource, scope
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.telemetry import spans

KINDS: Final = {
    spans.SEND_ORDER: SpanKind.CLIENT,
    spans.RECEIVE_FILL: SpanKind.CONSUMER,
    spans.ANSWER_REQUEST: SpanKind.SERVER,
}
"""Span kinds by name; the others are internal."""

SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)


def spans_of(tape: str, envelope: Envelope) -> Iterator[ReadableSpan]:
    """Yield the spans that an event carries."""
    if not isinstance(envelope.payload, SpansRecorded):
        return
    origin = resource(tape, envelope.bot, envelope.run_id)
    for span in envelope.payload.spans:
        yield ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.span_id),
            parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
            resource=origin,
            attributes=_attributes(span),
            kind=KINDS.get(span.name, SpanKind.INTERNAL),
            status=Status(StatusCode.ERROR, span.error_code) if span.error_code else Status(StatusCode.UNSET),
            start_time=span.started,
            end_time=span.ended,
            instrumentation_scope=scope(),
        )


def _attributes(span: Span) -> dict[str, str | int | float | bool]:
    return {**span.attributes, spans.ERROR_TYPE: span.error_code} if span.error_code else span.attributes


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=SAMPLED)
