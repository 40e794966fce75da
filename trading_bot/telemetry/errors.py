"""The one path by which an error is recorded.

``record`` makes the semantic error, marks the running span with its code, and hands it to the sink. A
process with a tape gives a sink that appends ``error.recorded``; its JSONL line is written once that
event is committed, by :func:`tape_sink`'s listener. A process without one gives :func:`log_sink`.
"""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from trading_bot.contract.codec import Envelope, redact
from trading_bot.contract.errors import NonRetriableError, SemanticError, TickertapeError, describe
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.domain.clock import Clock
from trading_bot.telemetry.jsonl import JsonLines
from trading_bot.telemetry.tracing import SpanContext

Sink = Callable[[SemanticError], object]

UNEXPECTED: str = "BOT_999"
"""The code for an exception that nobody translated: a defect of ours."""

FRAMES: int = 4
"""Of a traceback, how many are kept."""

PARTS: int = 3
"""Of a file's path, how many are kept."""


class Appender(Protocol):
    """What a tape's writer, and the bot's ledger over it, have in common."""

    def append(
        self, event: ErrorRecorded, *, trace_id: str | None = None, span_id: str | None = None
    ) -> Envelope:
        """Append an event."""
        ...


class ErrorRecorder:
    """Records errors of one process.

    Attributes:
        counts: errors by code since the process began.
    """

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self.counts: Counter[str] = Counter()
        self._sink = sink
        self._clock = clock
        self._lock = threading.Lock()

    def record(self, error: BaseException, span: SpanContext | None = None) -> SemanticError:
        """Record ``error`` and return it as it is read everywhere.

        Args:
            error: one of ours, or anything else, which is then recorded as a defect (BOT_999).
            span: the span in which it happened; its status becomes the error's code.
        """
        ours = error if isinstance(error, TickertapeError) else _unexpected(error)
        semantic = ours.semantic(
            self._clock.now_ns(),
            trace_id=span.trace_id if span else None,
            span_id=span.span_id if span else None,
        )
        semantic = _redacted(semantic)
        if span is not None:
            span.fail(semantic.error_code)
        with self._lock:
            self.counts[semantic.error_code] += 1
        self._sink(semantic)
        return semantic


def log_sink(log: JsonLines) -> Sink:
    """Return the sink of a process without a tape: the JSONL line at once."""
    return log.write


def tape_sink(tape: Appender) -> Sink:
    """Return the sink of a process with a tape."""

    def append(error: SemanticError) -> None:
        tape.append(ErrorRecorded(error=error), trace_id=error.trace_id, span_id=error.span_id)

    return append


def log_committed(log: JsonLines) -> Callable[[Sequence[Envelope]], None]:
    """Return a listener for a tape writer's commits: errors reach the log only after their commit."""

    def write(committed: Sequence[Envelope]) -> None:
        for envelope in committed:
            if isinstance(envelope.payload, ErrorRecorded):
                log.write(envelope.payload.error)

    return write


def _unexpected(error: BaseException) -> TickertapeError:
    ours = NonRetriableError(UNEXPECTED, f"unexpected {describe(error)}", where=where(error))
    ours.__cause__ = error
    return ours


def where(error: BaseException) -> str:
    """Return the innermost places of an exception, the deepest first: enough to find it, without a traceback's size."""
    frames = list(traceback.walk_tb(error.__traceback__))[-FRAMES:]
    places = (f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}" for frame, line in frames)
    return " < ".join(reversed(list(places))) or "unknown"


def _short(path: str) -> str:
    return "/".join(path.split("/")[-PARTS:])


def _redacted(error: SemanticError) -> SemanticError:
    fields = {name: getattr(error, name) for name in error.__struct_fields__}
    return SemanticError(
        **{
            **fields,
            "message": redact(error.message),
            "cause": redact(error.cause),
            "context": redact(error.context),
        }
    )
