"""What of its own ops puts on the control tape: failures, each with its span; refusals, a few of them."""

from __future__ import annotations

import threading
from typing import Final

from trading_bot.contract.errors import SemanticError, TickertapeError
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import SECOND, Clock
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder, Tracer

QUIET_NS: Final = 60 * SECOND
"""A code of refusals is recorded once in this time."""


class Recorder:
    """Records failures always, and refused keys at most once a minute with how many there were.

    Facts are never pruned: if each refusal were one, anybody who reaches the port could fill the disk.
    """

    def __init__(self, errors: ErrorRecorder, tracer: Tracer, tape: TapeWriter, clock: Clock) -> None:
        self._errors = errors
        self._tracer = tracer
        self._tape = tape
        self._clock = clock
        self._guard = threading.Lock()
        self._refused: dict[str, int] = {}
        self._recorded_at: dict[str, int] = {}

    def failure(self, error: TickertapeError, trace_id: str, method: str, path: str) -> SemanticError:
        """Record a request that failed by our fault, and its span."""
        trace = self._tracer.trace(trace_id)
        with trace.span(spans.ANSWER_REQUEST) as span:
            span.set(spans.REQUEST_METHOD, method)
            span.set(spans.URL_PATH, path)
            semantic = self._errors.record(error, span)
        record = trace.drain()
        if record is not None:
            self._tape.append(record)
        return semantic

    def refusal(self, error: TickertapeError) -> None:
        """Count a request that was refused for its key; record the first one, then one a minute."""
        with self._guard:
            count = self._refused[error.code] = self._refused.get(error.code, 0) + 1
            now = self._clock.monotonic_ns()
            before = self._recorded_at.get(error.code)
            if before is not None and now - before < QUIET_NS:
                return
            self._recorded_at[error.code] = now
            self._refused[error.code] = 0
        self._errors.record(type(error)(error.code, error.message, **error.context, requests=count))
