"""The one way in for errors: what comes out is the same in every place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trading_bot.contract.errors import OperatorError, RetriableError, SemanticError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.journal import TapeReader, TapeWriter
from trading_bot.telemetry import ErrorRecorder, JsonLines, Tracer, log_committed, log_sink, tape_sink


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def recorder(clock: ManualClock) -> tuple[ErrorRecorder, list[SemanticError]]:
    taken: list[SemanticError] = []
    return ErrorRecorder(taken.append, clock), taken


def test_an_error_carries_the_ids_of_its_span_and_the_span_its_code(clock: ManualClock):
    errors, taken = recorder(clock)
    trace = Tracer(clock).trace()
    with trace.span("send order") as span:
        semantic = errors.record(RetriableError("VENUE_001", "no answer", symbol="EUR/USD"), span)
    recorded = trace.drain()
    assert recorded is not None
    assert taken == [semantic]
    assert (semantic.trace_id, semantic.span_id) == (trace.trace_id, span.span_id)
    assert recorded.spans[0].error_code == semantic.error_code == "VENUE_001"
    assert semantic.context == {"symbol": "EUR/USD"}
    assert semantic.timestamp == clock.now_ns()


def test_an_error_outside_of_a_span_has_no_ids(clock: ManualClock):
    errors, _ = recorder(clock)
    semantic = errors.record(RetriableError("VENUE_001", "no answer"))
    assert (semantic.trace_id, semantic.span_id) == (None, None)


def test_what_nobody_translated_is_a_defect_and_says_where(clock: ManualClock):
    errors, _ = recorder(clock)
    try:
        int("no number")
    except ValueError as error:
        semantic = errors.record(error)
    assert semantic.error_code == "BOT_999"
    assert "ValueError" in semantic.message
    assert Path(__file__).name in str(semantic.context["where"])


def test_errors_are_counted_by_code(clock: ManualClock):
    errors, _ = recorder(clock)
    for code in ("VENUE_001", "VENUE_001", "FEED_001"):
        errors.record(RetriableError(code, "again"))
    assert errors.counts == {"VENUE_001": 2, "FEED_001": 1}


def test_secrets_do_not_get_through(clock: ManualClock):
    errors, taken = recorder(clock)
    errors.record(
        OperatorError("VENUE_002", "refused: signature=abcdef0123456789abcdef", api_key="s3cr3t-key")
    )
    assert "s3cr3t-key" not in str(taken)
    assert "abcdef0123456789abcdef" not in str(taken)


def test_a_process_without_a_tape_writes_the_line_at_once(tmp_path: Path, clock: ManualClock):
    log = tmp_path / "exporter.jsonl"
    ErrorRecorder(log_sink(JsonLines(log, "exporter")), clock).record(RetriableError("TEL_011", "away"))
    [line] = [json.loads(text) for text in log.read_text().splitlines()]
    assert (line["error_code"], line["process"], line["level"]) == ("TEL_011", "exporter", "WARNING")


def test_a_process_with_a_tape_writes_the_event_and_after_its_commit_the_same_as_a_line(
    tmp_path: Path, clock: ManualClock
):
    log, tape = tmp_path / "bot.jsonl", tmp_path / "journal.db"
    with TapeWriter.open(tape, bot="demo", run_id="run-1", clock=clock) as writer:
        writer.on_commit(log_committed(JsonLines(log, "bot")))
        with Tracer(clock).trace().span("send order") as span:
            semantic = ErrorRecorder(tape_sink(writer), clock).record(
                RetriableError("VENUE_001", "away"), span
            )
        writer.make_durable().result(60)
    with TapeReader.open(tape) as reader:
        [event] = reader.read(0, 10, [ErrorRecorded.KIND])
    assert isinstance(event.payload, ErrorRecorded)
    assert event.payload.error == semantic
    assert (event.trace_id, event.span_id) == (span.trace_id, span.span_id)
    [line] = [json.loads(text) for text in log.read_text().splitlines()]
    assert (line["error_code"], line["trace_id"], line["span_id"]) == (
        "VENUE_001",
        span.trace_id,
        span.span_id,
    )
