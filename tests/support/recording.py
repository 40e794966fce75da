"""A tape on which numbered spans and errors are recorded, with the bot's snapshots between them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from trading_bot.boot.clock import SystemClock
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events import Event
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import Clock
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import snapshot
from trading_bot.domain.state import State
from trading_bot.journal import TapeWriter

PER_RECORD = 3
"""Spans in a record."""


def trace_id(number: int) -> str:
    return f"{number + 1:032x}"


def span_id(number: int, place: int) -> str:
    return f"{number + 1:08x}{place + 1:08x}"


def recorded(number: int, at: int) -> SpansRecorded:
    """Return a cycle with an order that failed: a parent and its children."""
    cycle = Span(
        spans.DECIDE_CYCLE,
        trace_id(number),
        span_id(number, 0),
        None,
        at,
        at + 900,
        {spans.SYMBOL: "EUR/USD"},
    )
    check = Span(spans.CHECK_RISK, trace_id(number), span_id(number, 1), cycle.span_id, at, at + 100, {})
    send = Span(
        spans.SEND_ORDER,
        trace_id(number),
        span_id(number, 2),
        cycle.span_id,
        at + 100,
        at + 800,
        {},
        "VENUE_001",
    )
    return SpansRecorded(spans=(cycle, check, send))


class Recording:
    """`recording.tell(range(10))` records ten numbered cycles, each with its error."""

    def __init__(self, path: Path, run_id: str = "run-1", clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock()
        self.state = State()
        self.writer = TapeWriter.open(path, bot="demo", run_id=run_id, clock=self.clock)

    def append(self, event: Event, trace: str | None = None, span: str | None = None) -> Envelope:
        envelope = self.writer.append(event, trace_id=trace, span_id=span)
        self.state = evolve(self.state, envelope)
        return envelope

    def tell(self, numbers: range) -> None:
        """Record cycles and errors, and have them on the tape."""
        for number in numbers:
            self.append(recorded(number, self.clock.now_ns()), trace_id(number))
            error = RetriableError("VENUE_001", f"error {number}", number=number)
            semantic = error.semantic(self.clock.now_ns(), trace_id(number), span_id(number, 2))
            self.append(ErrorRecorded(error=semantic), trace_id(number), span_id(number, 2))
        self.commit()

    def snapshot(self) -> None:
        self.append(snapshot(self.state))
        self.commit()

    def commit(self) -> None:
        self.writer.make_durable().result(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.writer.close()


def expected_spans(numbers: range) -> dict[str, int]:
    """Return how often each span of some cycles is to be received: once."""
    return {span_id(number, place): 1 for number in numbers for place in range(PER_RECORD)}


def expected_logs(numbers: range) -> dict[int, int]:
    return dict.fromkeys(numbers, 1)
