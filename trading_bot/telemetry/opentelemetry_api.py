"""OpenTelemetry's API over our tracer: what is instrumented with it lands on the tape, in the same trace.

Loaded only when a strategy, or a library that it uses, has loaded the API. There is no SDK behind it:
no processor, no exporter, no thread. Span events are not kept (OpenTelemetry is giving them up): an
exception becomes the attributes ``exception.type`` and ``exception.message``. Neither are links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.util._decorator import _agnosticcontextmanager

from trading_bot.contract.codec import redact
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.telemetry.tracing import UNTRANSLATED, Attribute, CurrentSpan, Trace, Tracer, current_span

Record = Callable[[SpansRecorded, str], object]
"""Takes finished spans and their trace id; called on whatever thread a span ends."""

SAMPLED: Final = trace.TraceFlags(trace.TraceFlags.SAMPLED)
LONGEST_TEXT: Final = 1_000
"""Characters of a text; the tape is no place for bodies."""


class Sink(msgspec.Struct):
    """Where standard spans go. It changes when another bot begins in the same process."""

    tracer: Tracer
    record: Record
    idle_share: Callable[[], float]


def install(sink: Sink) -> None:
    """Make ours the provider of this process's traces, or have it go to another sink if it is already."""
    sink.tracer.follow_context()
    provider = trace.get_tracer_provider()
    if isinstance(provider, Provider):
        provider.sink = sink
    else:
        trace.set_tracer_provider(Provider(sink))


class Provider(trace.TracerProvider):
    """Gives out tracers; all of them are one."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> StandardTracer:
        """Return the tracer, whoever asks."""
        del instrumenting_module_name, instrumenting_library_version, schema_url, attributes
        return StandardTracer(self)


class Work(msgspec.Struct):
    """What a standard span belongs to: a trace, and the span that will see to its recording.

    ``host`` is our span in whose block it began; without one ``is_open`` says whether the outermost
    standard span, the first, still runs.
    """

    trace: Trace
    host: CurrentSpan | None = None
    outermost: str | None = None
    is_open: bool = True

    @property
    def records_itself(self) -> bool:
        """Whether nobody else will record what ends now."""
        return not (self.host.is_entered if self.host is not None else self.is_open)


class StandardTracer(trace.Tracer):
    """Begins spans as the API wants them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def start_span(  # noqa: PLR0913, PLR0917 - the API's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002
    ) -> StandardSpan:
        """Begin a span: inside the API's current span, else inside ours, else a trace of its own."""
        del kind, links, record_exception, set_status_on_exception
        work, parent = self._place(context)
        span = StandardSpan(self._provider, work, name, parent, start_time)
        span.set_attributes(attributes or {})
        return span

    @_agnosticcontextmanager
    def start_as_current_span(  # noqa: PLR0913, PLR0917 - the API's signature
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,  # noqa: FBT001, FBT002
        set_status_on_exception: bool = True,  # noqa: FBT001, FBT002
        end_on_exit: bool = True,  # noqa: FBT001, FBT002
    ) -> Iterator[trace.Span]:
        """Begin a span that is the API's current one inside the block."""
        span = self.start_span(name, context, kind, attributes, links, start_time)
        with trace.use_span(span, end_on_exit, record_exception, set_status_on_exception):
            yield span

    def _place(self, context: Context | None) -> tuple[Work, str | None]:
        around = trace.get_current_span(context)
        if isinstance(around, StandardSpan):
            return around.work, around.span_id
        remote = around.get_span_context()
        if remote.is_valid:
            begun = self._provider.sink.tracer.trace(f"{remote.trace_id:032x}")
            return Work(begun), f"{remote.span_id:016x}"
        ours = current_span()
        if ours is not None:
            return Work(ours.trace, ours), ours.span_id
        return Work(self._provider.sink.tracer.trace()), None


class StandardSpan(trace.Span):
    """A running span of the API.

    Attributes:
        work: what it belongs to.
        span_id: 16 hex digits.
    """

    def __init__(
        self, provider: Provider, work: Work, name: str, parent: str | None, started: int | None
    ) -> None:
        self.work = work
        self.span_id = work.trace.further_id()
        work.outermost = work.outermost or self.span_id
        self._provider = provider
        self._name = name
        self._parent = parent
        self._number = work.trace.begun
        self._started = started or work.trace.now_ns()
        self._attributes: dict[str, Attribute] = {}
        self._status = Status(StatusCode.UNSET)
        self._code = UNTRANSLATED
        self._ended = False

    def end(self, end_time: int | None = None) -> None:
        """End the span; a second time does nothing."""
        if self._ended:
            return
        self._ended = True
        work, failed = self.work, self._status.status_code is StatusCode.ERROR
        code = self._code if failed else None
        ended = end_time or work.trace.now_ns()
        work.trace.finished.append(
            (
                self._number,
                self._name,
                self.span_id,
                self._parent,
                self._started,
                ended,
                self._attributes,
                code,
            )
        )
        work.trace.kept |= failed
        if work.outermost == self.span_id:
            work.is_open = False
        if work.records_itself:
            self._record(work)

    def get_span_context(self) -> trace.SpanContext:
        """Return the ids."""
        return trace.SpanContext(
            int(self.work.trace.trace_id, 16), int(self.span_id, 16), is_remote=False, trace_flags=SAMPLED
        )

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set attributes."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def set_attribute(self, key: str, value: Any) -> None:
        """Set an attribute. What is no text, number or truth becomes a text; secrets do not get through."""
        plain = value if isinstance(value, bool | int | float) else str(value)[:LONGEST_TEXT]
        self._attributes[key] = redact(plain, key)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Do nothing: span events are not kept."""

    def update_name(self, name: str) -> None:
        """Give it another name."""
        self._name = name

    def is_recording(self) -> bool:
        """Whether it still runs."""
        return not self._ended

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status. OK is final, and UNSET changes nothing, as the API says."""
        new = status if isinstance(status, Status) else Status(status, description)
        if self._status.status_code is not StatusCode.OK and new.status_code is not StatusCode.UNSET:
            self._status = new

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Note an exception; one of ours gives the span its code."""
        del attributes, timestamp, escaped
        if isinstance(exception, TickertapeError):
            self._code = exception.code
        self.set_attribute("exception.type", type(exception).__name__)
        self.set_attribute("exception.message", str(exception))

    def _record(self, work: Work) -> None:
        sink = self._provider.sink
        idle_share = 0.0 if work.host is not None else sink.idle_share()
        if not sink.tracer.sampled(work.trace, idle_share):
            return
        recorded = work.trace.drain()
        if recorded is not None:
            sink.record(recorded, work.trace.trace_id)
