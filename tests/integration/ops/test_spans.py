"""The spans of requests on the control tape: whose they are, which are kept, and that nobody fills it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.tapes import eventually, read_all

from exporter.ops.recording import MOST_A_SECOND, Caller, Recorder
from trading_bot.boot.home import Home
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder, Tracer, tape_sink

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def recorder(home: Home, clock: ManualClock) -> Iterator[Callable[[float], Recorder]]:
    with TapeWriter.open(home.control, bot="demo", run_id="ops-1", clock=clock) as tape:
        errors = ErrorRecorder(tape_sink(tape), clock)
        yield lambda share: Recorder(errors, Tracer(clock), tape, clock, share)


def spans_on(home: Home) -> list[Span]:
    records = [event.payload for event in read_all(home.control) if isinstance(event.payload, SpansRecorded)]
    return [span for record in records for span in record.spans]


def test_a_request_that_its_caller_traces_is_a_child_of_the_callers_span(
    recorder: Callable[[float], Recorder], home: Home, clock: ManualClock
):
    ours = recorder(0.0)
    asked = ours.begin(Caller(TRACE, PARENT, is_traced=True), "GET", "/api/v1/summary")
    clock.advance(0.002)
    ours.end(asked, 200)
    eventually(lambda: spans_on(home))
    [span] = spans_on(home)
    assert (span.name, span.trace_id, span.parent_id, span.error_code) == (
        "answer request",
        TRACE,
        PARENT,
        None,
    )
    assert span.ended - span.started == 2_000_000
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": "/api/v1/summary",
        "http.response.status_code": 200,
    }
    [record] = [event for event in read_all(home.control) if event.kind == SpansRecorded.KIND]
    assert record.trace_id == TRACE


def test_a_failure_is_kept_whatever_the_share_with_the_same_ids_on_error_and_span(
    recorder: Callable[[float], Recorder], home: Home
):
    ours = recorder(0.0)
    asked = ours.begin(Caller(TRACE), "GET", "/api/v1/state")
    ours.failure(NonRetriableError("API_005", "broken"), asked)
    ours.end(asked, 500)
    eventually(lambda: spans_on(home))
    [span] = spans_on(home)
    [error] = [
        event.payload.error for event in read_all(home.control) if isinstance(event.payload, ErrorRecorded)
    ]
    assert (span.error_code, span.trace_id, span.span_id) == (error.error_code, error.trace_id, error.span_id)


def test_of_the_others_a_share_is_kept_and_never_more_than_a_few_a_second(
    recorder: Callable[[float], Recorder], home: Home, clock: ManualClock
):
    none, all_of_them = recorder(0.0), recorder(1.0)
    for _ in range(100):
        none.end(none.begin(Caller(TRACE), "GET", "/"), 200)
    for _ in range(2):
        for _ in range(100):
            all_of_them.end(all_of_them.begin(Caller(TRACE), "GET", "/"), 404)
        clock.advance(1)
    eventually(lambda: len(spans_on(home)) >= 2 * MOST_A_SECOND)
    assert len(spans_on(home)) == 2 * MOST_A_SECOND


def test_a_real_request_with_a_traceparent_leaves_its_span_on_the_control_tape(ops):
    ops.start()
    ops.get("health/healthz", traceparent=f"00-{TRACE}-{PARENT}-01")
    ops.get("health/healthz", traceparent=f"00-{'a' * 32}-{PARENT}-00")
    eventually(lambda: [span for span in spans_on(ops.home) if span.trace_id == TRACE])
    [span] = [span for span in spans_on(ops.home) if span.trace_id == TRACE]
    assert (span.parent_id, span.attributes["http.response.status_code"]) == (PARENT, 200)
    assert span.ended > span.started
