"""What ops puts on the control tape of its own: failures, spans of requests, and refusals, a few of them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress
from typing import Final

import msgspec

from trading_bot.contract.errors import SemanticError, TickertapeError
from trading_bot.contract.events.access import WriteAnswered
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder, SpanContext, Trace, Tracer

QUIET_NS: Final = 60 * SECOND
"""A code of refusals is recorded once in this time."""

MOST_ADDRESSES: Final = 10
OTHERS: Final = "others"
"""How many addresses of refused requests are kept apart: a stranger may have as many as he likes."""

SHARE: Final = 0.01
"""Of the requests that nobody asked to trace and that did not fail."""

MOST_A_SECOND: Final = 5
"""Spans of requests: anybody who reaches the port can make requests, and ask for them to be traced."""


class Caller(msgspec.Struct, frozen=True):
    """The trace that a request belongs to: its caller's, else one of its own."""

    trace_id: str
    parent_id: str | None = None
    is_traced: bool = False
    """Whether the caller keeps its own spans, so that ours would be missed."""


class Asked(msgspec.Struct):
    """A request that is being answered."""

    trace: Trace
    span: SpanContext
    is_wanted: bool


class Recorder:
    """Records failures always, spans of a share of the requests, and refused keys at most once a minute.

    Facts are never pruned: if each refusal were one, anybody who reaches the port could fill the disk.
    """

    def __init__(
        self, errors: ErrorRecorder, tracer: Tracer, tape: TapeWriter, clock: Clock, share: float = SHARE
    ) -> None:
        self._errors = errors
        self._tracer = tracer
        self._tape = tape
        self._clock = clock
        self._share = share
        self._guard = threading.Lock()
        self._refused: dict[str, Counter[str]] = {}
        self._recorded_at: dict[str, int] = {}
        self._second = 0
        self._in_second = 0

    def begin(self, caller: Caller, method: str, path: str) -> Asked:
        """Begin the span of a request."""
        trace = self._tracer.trace(caller.trace_id)
        span = trace.span(spans.ANSWER_REQUEST, caller.parent_id)
        span.set(spans.REQUEST_METHOD, method)
        span.set(spans.URL_PATH, path)
        return Asked(trace, span, caller.is_traced or random.random() < self._share)  # noqa: S311 - a sample

    def end(self, asked: Asked, status: int) -> None:
        """End the span of a request, and record it if it failed or is one of the wanted."""
        asked.span.set(spans.RESPONSE_STATUS, status)
        asked.span.end()
        if asked.trace.kept or (asked.is_wanted and self._is_room()):
            record = asked.trace.drain()
            if record is not None:
                with suppress(TickertapeError):  # the tape is closed: what was answered is answered
                    self._tape.append(record, trace_id=asked.trace.trace_id)

    def failure(self, error: TickertapeError, asked: Asked) -> SemanticError:
        """Record that a request failed by our fault; its span is kept and gets the code."""
        return self._errors.record(error, asked.span)

    def audit(self, answered: WriteAnswered, trace_id: str) -> None:
        """Put a write and its answer on the tape."""
        with suppress(TickertapeError):  # the tape is closed: this process ends
            self._tape.append(answered, trace_id=trace_id)

    def refusal(self, error: TickertapeError, address: str) -> None:
        """Count a request that was refused for its key; record the first one, then one a minute.

        ``address``: where it came from. Those since the last record stand in it, by how often.
        """
        with self._guard:
            seen = self._refused.setdefault(error.code, Counter())
            seen[address if address in seen or len(seen) < MOST_ADDRESSES else OTHERS] += 1
            now = self._clock.monotonic_ns()
            before = self._recorded_at.get(error.code)
            if before is not None and now - before < QUIET_NS:
                return
            self._recorded_at[error.code] = now
            del self._refused[error.code]
        addresses = ", ".join(f"{address} {count}x" for address, count in seen.most_common())
        counted = {"requests": seen.total(), "addresses": addresses}
        self._errors.record(type(error)(error.code, error.message, **error.context, **counted))

    def _is_room(self) -> bool:
        with self._guard:
            second = self._clock.monotonic_ns() // SECOND
            if second != self._second:
                self._second, self._in_second = second, 0
            self._in_second += 1
            return self._in_second <= MOST_A_SECOND
