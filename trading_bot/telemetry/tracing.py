"""A tracer as small as it can be: spans are collected and become one record on the tape.

The shape is OpenTelemetry's (context managers, attributes, status, W3C ids, parent by nesting); the
SDK itself costs a hundred microseconds a cycle and stalls, and is therefore only in the exporter.
Every decision pays for its spans, recorded or not: they stay tuples until they are recorded.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import ContextVar, Token
from math import isfinite
from types import TracebackType
from typing import Final, Self

import msgspec

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import Clock

Attribute = str | int | float | bool

Finished = tuple[int, str, str, str | None, int, int, dict[str, Attribute], str | None]
"""Its number in the trace; name, id, parent, start, end, attributes and error code."""

UNTRANSLATED: Final = "BOT_999"
ENDINGS: Final = tuple(f"{number:02x}" for number in range(256))
"""Last two digits of the span ids that are made from one random number; 00 is not used."""


class SpanContext(msgspec.Struct, gc=False, eq=False):
    """A running span. Use it as a context manager; an exception that leaves it fails it.

    Attributes:
        span_id: 16 hex digits.
    """

    _trace: Trace
    _number: int
    _name: str
    span_id: str
    _parent: str | None
    _started: int
    _attributes: dict[str, Attribute]
    _code: str | None = None

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
        return self._trace.span(name, self.span_id)

    def end(self) -> None:
        """End the span."""
        self.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        trace, code = self._trace, self._code
        if error is not None and code is None:
            code = error.code if isinstance(error, TickertapeError) else UNTRANSLATED
        trace.finished.append(
            (
                self._number,
                self._name,
                self.span_id,
                self._parent,
                self._started,
                trace.now_ns(),
                self._attributes,
                code,
            )
        )
        if code is not None:
            trace.kept = True


class CurrentSpan(SpanContext, gc=False, eq=False):
    """A span that is the :func:`current_span` of its thread or task while its block is run."""

    _before: Token[CurrentSpan | None] | None = None

    @property
    def trace(self) -> Trace:
        """The trace that it belongs to."""
        return self._trace

    @property
    def is_entered(self) -> bool:
        """Whether its block is being run."""
        return self._before is not None

    def __enter__(self) -> Self:
        self._before = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        before, self._before = self._before, None
        if before is not None:
            _current.reset(before)
        # Not super(): the struct's class is made anew, and the compiler's __class__ is not it.
        SpanContext.__exit__(self, kind, error, traceback)


_current: Final[ContextVar[CurrentSpan | None]] = ContextVar("current span", default=None)


def current_span() -> CurrentSpan | None:
    """Return the innermost span whose block is being run here; None outside of all.

    Only spans of a tracer that follows the context count. A task that a block has started inherits its
    span and may outlive it: one that has ended does not count.
    """
    span = _current.get()
    return span if span is not None and span.is_entered else None


class Trace(msgspec.Struct, gc=False, eq=False):
    """The spans of one piece of work, until they are recorded together.

    Attributes:
        trace_id: 32 hex digits.
        prefix: the first 14 hex digits of its spans' ids.
        now_ns: the time, nanoseconds since the epoch.
        ids: where further ids come from.
        finished: the spans that have ended and are not recorded, in the order of their ends.
        begun: how many spans have begun.
        kept: whether the spans must be recorded; an error or :meth:`keep` sets it.
        span_type: what spans are made of.
    """

    trace_id: str
    prefix: str
    now_ns: Callable[[], int]
    ids: random.Random
    finished: list[Finished]
    begun: int = 0
    kept: bool = False
    span_type: type[SpanContext] = SpanContext

    def span(self, name: str, parent: str | None = None) -> SpanContext:
        """Begin a span; ``parent`` is the id of a span of this trace that was recorded earlier."""
        self.begun = number = self.begun + 1
        span_id = self.prefix + ENDINGS[number] if number < len(ENDINGS) else self.further_id()
        return self.span_type(self, number, name, span_id, parent, self.now_ns(), {})

    def keep(self) -> None:
        """Have the spans recorded whatever the sampling says."""
        self.kept = True

    def drain(self) -> SpansRecorded | None:
        """Return the finished spans as one event, in the order of their start, or None if there are none."""
        finished, self.finished = self.finished, []
        if not finished:
            return None
        finished.sort()
        trace_id = self.trace_id
        return SpansRecorded(
            spans=tuple(
                [
                    Span(name, trace_id, span_id, parent, started, ended, attributes, code)
                    for _, name, span_id, parent, started, ended, attributes, code in finished
                ]
            )
        )

    def further_id(self) -> str:
        """Return an id for a span that is begun elsewhere, also by another thread."""
        return f"{self.ids.getrandbits(64) or 1:016x}"


class Tracer:
    """Begins traces, and decides which idle ones are kept.

    Args:
        clock: times of the spans.
        ids: a seeded generator in tests, else one seeded by the system. Ids are not secrets.
    """

    def __init__(self, clock: Clock, ids: random.Random | None = None) -> None:
        self._now_ns = clock.now_ns
        self._ids = ids or random.Random()  # noqa: S311 - ids need to differ, not to be unguessable
        self._span_type: type[SpanContext] = SpanContext

    def follow_context(self) -> None:
        """Have the spans known as :func:`current_span` from now on. It costs each a fraction of a microsecond."""
        self._span_type = CurrentSpan

    def trace(self, trace_id: str | None = None) -> Trace:
        """Begin a trace, or go on with one whose id is known from an order."""
        digits = self._ids.getrandbits(184).to_bytes(23).hex()
        return Trace(
            trace_id or digits[14:], digits[:14], self._now_ns, self._ids, [], span_type=self._span_type
        )

    def sampled(self, trace: Trace, idle_share: float) -> bool:
        """Whether to record: kept traces always, idle ones with the given share."""
        return trace.kept or self._ids.random() < idle_share
