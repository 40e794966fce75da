"""A tracer as small as it can be: spans are collected and become one record on the tape.

The shape is OpenTelemetry's (context managers, attributes, status, W3C ids, parent by nesting); the
SDK itself costs a hundred microseconds a cycle and stalls, and is therefore only in the exporter.
"""

from __future__ import annotations

import random
from math import isfinite
from types import TracebackType
from typing import Final, Self

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import Clock

Attribute = str | int | float | bool

UNTRANSLATED: Final = "BOT_999"


class SpanContext:
    """A running span. Use it as a context manager; an exception that leaves it fails it."""

    __slots__ = ("_attributes", "_code", "_name", "_parent", "_started", "_trace", "span_id")

    def __init__(self, trace: Trace, name: str, parent: str | None) -> None:
        self.span_id = trace.new_span_id()
        self._trace = trace
        self._name = name
        self._parent = parent
        self._attributes: dict[str, Attribute] = {}
        self._code: str | None = None
        self._started = trace.now_ns()

    @property
    def trace_id(self) -> str:
        """The trace that this span belongs to, 32 hex digits."""
        return self._trace.trace_id

    def set(self, name: str, value: Attribute) -> None:
        """Set an attribute. A float that is no number becomes a word: the tape could not hold it."""
        if type(value) is float and not isfinite(value):
            value = str(value)
        self._attributes[name] = value

    def fail(self, code: str) -> None:
        """Set the status to error, with the error's code."""
        self._code = code

    def child(self, name: str) -> SpanContext:
        """Begin a span inside this one."""
        return SpanContext(self._trace, name, self.span_id)

    def end(self) -> None:
        """End the span."""
        self._trace.take(
            Span(
                self._name,
                self._trace.trace_id,
                self.span_id,
                self._parent,
                self._started,
                self._trace.now_ns(),
                self._attributes,
                self._code,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is not None and self._code is None:
            self.fail(error.code if isinstance(error, TickertapeError) else UNTRANSLATED)
        self.end()


class Trace:
    """The spans of one piece of work, until they are recorded together.

    Attributes:
        trace_id: 32 hex digits.
        kept: whether the spans must be recorded; an error or :meth:`keep` sets it.
    """

    __slots__ = ("_clock", "_ids", "_spans", "kept", "trace_id")

    def __init__(self, clock: Clock, ids: random.Random, trace_id: str | None = None) -> None:
        self.trace_id = trace_id or f"{ids.getrandbits(128) or 1:032x}"
        self.kept = False
        self._clock = clock
        self._ids = ids
        self._spans: list[Span] = []

    def span(self, name: str, parent: str | None = None) -> SpanContext:
        """Begin a span; ``parent`` is the id of a span of this trace that was recorded earlier."""
        return SpanContext(self, name, parent)

    def keep(self) -> None:
        """Have the spans recorded whatever the sampling says."""
        self.kept = True

    def take(self, span: Span) -> None:
        """Take a finished span."""
        self._spans.append(span)
        if span.error_code is not None:
            self.kept = True

    def new_span_id(self) -> str:
        """Return an id of 16 hex digits, never zero."""
        return f"{self._ids.getrandbits(64) or 1:016x}"

    def now_ns(self) -> int:
        """Return the time of the trace's clock."""
        return self._clock.now_ns()

    def drain(self) -> SpansRecorded | None:
        """Return the finished spans as one event, in the order of their start, or None if there are none."""
        if not self._spans:
            return None
        spans, self._spans = sorted(self._spans, key=lambda span: span.started), []
        return SpansRecorded(spans=tuple(spans))


class Tracer:
    """Begins traces, and decides which idle ones are kept.

    Args:
        clock: times of the spans.
        ids: a seeded generator in tests, else one seeded by the system. Ids are not secrets.
    """

    def __init__(self, clock: Clock, ids: random.Random | None = None) -> None:
        self._clock = clock
        self._ids = ids or random.Random()  # noqa: S311 - ids need to differ, not to be unguessable

    def trace(self, trace_id: str | None = None) -> Trace:
        """Begin a trace, or go on with one whose id is known from an order."""
        return Trace(self._clock, self._ids, trace_id)

    def sampled(self, trace: Trace, idle_share: float) -> bool:
        """Whether to record: kept traces always, idle ones with the given share."""
        return trace.kept or self._ids.random() < idle_share
