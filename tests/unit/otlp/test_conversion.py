"""Recorded spans and errors as the SDK's, and who they come from."""

from __future__ import annotations

import os

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanKind, StatusCode
from support.recording import recorded, span_id, trace_id

from exporter.otlp.logs import NUMBERS, logs_of
from exporter.otlp.resources import resource
from exporter.otlp.spans import spans_of
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import OperatorError, Severity
from trading_bot.contract.events import Event
from trading_bot.contract.events.lifecycle import BotBeat, ErrorRecorded


def envelope(event: Event) -> Envelope:
    return Envelope(
        seq=1,
        ts=99,
        run_id="run-1",
        bot="demo",
        kind=event.KIND,
        version=1,
        trace_id=None,
        span_id=None,
        payload=event,
    )


def test_a_record_of_spans_becomes_its_spans():
    cycle, check, send = spans_of("journal", envelope(recorded(4, 1_000)))
    assert (cycle.name, cycle.kind, cycle.parent) == ("decide cycle", SpanKind.INTERNAL, None)
    assert f"{cycle.context.trace_id:032x}" == trace_id(4)
    assert (cycle.start_time, cycle.end_time) == (1_000, 1_900)
    assert (cycle.status.status_code, check.status.status_code) == (StatusCode.UNSET, StatusCode.UNSET)
    assert send.parent is not None
    assert f"{send.parent.span_id:016x}" == span_id(4, 0)
    assert (send.kind, send.status.status_code, send.status.description) == (
        SpanKind.CLIENT,
        StatusCode.ERROR,
        "VENUE_001",
    )


def test_other_events_become_nothing():
    beat = envelope(BotBeat(cycles=1))
    assert list(spans_of("journal", beat)) == []
    assert list(logs_of("journal", beat)) == []


def test_an_error_without_a_span_becomes_a_log_record_without_one():
    error = OperatorError("JRNL_003", "owned", owner=12, ratio=0.5, held=True, path=None).semantic(42)
    [readable] = logs_of("journal", envelope(ErrorRecorded(error=error)))
    record = readable.log_record
    assert (record.timestamp, record.observed_timestamp, record.body) == (42, 99, "owned")
    assert not record.trace_id
    assert not record.span_id
    assert record.attributes is not None
    assert record.attributes["tradingbot.context.owner"] == 12
    assert record.attributes["tradingbot.context.ratio"] == 0.5
    assert record.attributes["tradingbot.context.path"] == "None"


def test_every_severity_has_its_number():
    assert set(NUMBERS) == set(Severity)
    assert NUMBERS[Severity.CRITICAL] is SeverityNumber.FATAL


@pytest.mark.parametrize(("tape", "service"), [("journal", "tickertape-bot"), ("control", "tickertape-ops")])
def test_a_run_is_an_instance_of_the_service_that_writes_the_tape(tape: str, service: str):
    attributes = resource(tape, "demo", "run-1").attributes
    assert attributes["service.name"] == service
    assert attributes["service.instance.id"] == "run-1"
    assert resource(tape, "demo", "run-2").attributes["service.instance.id"] == "run-2"


def test_the_standard_variables_add_to_the_resource_and_win():
    os.environ["OTEL_SERVICE_NAME"] = "desk"
    os.environ["OTEL_RESOURCE_ATTRIBUTES"] = "service.namespace=trading,host.name=box%201"
    attributes = resource("journal", "demo", "run-1").attributes
    assert attributes["service.name"] == "desk"
    assert attributes["service.namespace"] == "trading"
    assert attributes["host.name"] == "box 1"
    assert attributes["tradingbot.bot"] == "demo"
