"""Shipping to real collectors: what they get, when they are away, slow or refusing, and what is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from support.collector import QUICK, Book, Collector, environment_of
from support.command import PATIENCE
from support.recording import (
    PER_RECORD,
    Recording,
    expected_logs,
    expected_spans,
    span_id,
    trace_id,
)
from support.tapes import eventually

from exporter.otlp.shipper import Stats
from exporter.otlp.shipping import Shipping
from trading_bot.boot.home import Home
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import ConditionStatus
from trading_bot.domain.clock import ManualClock
from trading_bot.journal import RetentionPolicy

Ship = Callable[..., Shipping]


def has_each_once(book: Book, numbers: range) -> None:
    """Wait until everything came in, and see that nothing came twice."""
    eventually(lambda: len(book.span_ids()) >= len(numbers) * PER_RECORD)
    eventually(lambda: len(book.log_numbers()) >= len(numbers))
    assert book.span_ids() == expected_spans(numbers)
    assert book.log_numbers() == expected_logs(numbers)


def stats_of(shipping: Shipping, tape: str, signal: str) -> Stats:
    return dict(shipping.stats())[tape, signal]


def knows_that_it_shipped(shipping: Shipping, cycles: int) -> None:
    """Wait until the collector's answers have come back."""
    traces, logs = stats_of(shipping, "journal", "traces"), stats_of(shipping, "journal", "logs")
    eventually(lambda: (traces.shipped, logs.shipped) == (cycles * PER_RECORD, cycles))


def codes(reported: Iterable[TickertapeError]) -> list[str]:
    return sorted(error.code for error in reported)


def test_a_collector_gets_every_span_and_error_once(
    ship: Ship, journal: Recording, collector: Collector, reported: list[TickertapeError]
):
    journal.tell(range(450))  # more than two pages
    shipping = ship(collector)
    has_each_once(collector.book, range(450))
    journal.tell(range(450, 460))
    has_each_once(collector.book, range(460))
    assert not reported
    knows_that_it_shipped(shipping, 460)
    eventually(lambda: stats_of(shipping, "journal", "traces").lag_events == 0)
    assert shipping.check().status is ConditionStatus.TRUE


def test_a_span_arrives_as_it_was_recorded(ship: Ship, journal: Recording, collector: Collector):
    journal.tell(range(7, 8))
    ship(collector, OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test")
    eventually(lambda: len(collector.book.spans) == PER_RECORD)
    received = {each.item.name: each for each in collector.book.spans}
    cycle, send = received["decide cycle"], received["send order"]
    assert (cycle.trace_id, cycle.span_id) == (trace_id(7), span_id(7, 0))
    assert cycle.item.parent_span_id == b""
    assert send.item.parent_span_id.hex() == span_id(7, 0)
    assert send.item.end_time_unix_nano - send.item.start_time_unix_nano == 700
    assert send.item.kind == send.item.SPAN_KIND_CLIENT
    assert (send.item.status.code, send.item.status.message) == (
        send.item.status.STATUS_CODE_ERROR,
        "VENUE_001",
    )
    assert send.attributes == {"error.type": "VENUE_001"}
    assert cycle.attributes == {"tradingbot.symbol": "EUR/USD"}
    assert cycle.scope == "tickertape"
    wanted = {
        "service.name": "tickertape-bot",
        "service.namespace": "tickertape",
        "service.instance.id": "run-1",
        "tradingbot.bot": "demo",
        "deployment.environment.name": "test",
        "telemetry.sdk.language": "python",
    }
    assert wanted.items() <= cycle.resource.items()


def test_an_error_arrives_as_a_log_record_of_its_span(ship: Ship, journal: Recording, collector: Collector):
    journal.tell(range(3, 4))
    ship(collector)
    eventually(lambda: len(collector.book.logs) == 1)
    record = collector.book.logs[0]
    assert (record.trace_id, record.span_id) == (trace_id(3), span_id(3, 2))
    assert record.item.body.string_value == "error 3"
    assert record.item.severity_text == "ERROR"
    assert record.item.event_name == "tickertape.error"
    assert record.attributes["error.type"] == "VENUE_001"
    assert record.attributes["tradingbot.error.class"] == "RetriableError"
    assert record.attributes["tradingbot.error.impact"]
    assert record.attributes["tradingbot.error.remediation"]


def test_both_tapes_are_shipped_each_as_its_own_service(
    ship: Ship, journal: Recording, home: Home, collector: Collector
):
    journal.tell(range(2))
    with Recording(home.control, "ops-1") as control:
        control.tell(range(10, 12))
        ship(collector)
        eventually(lambda: len(collector.book.spans) == 4 * PER_RECORD)
    services = {each.resource["service.name"] for each in collector.book.spans}
    assert services == {"tickertape-bot", "tickertape-ops"}


def test_a_new_exporter_goes_on_where_the_last_one_stopped(
    ship: Ship, journal: Recording, collector: Collector
):
    journal.tell(range(30))
    first = ship(collector)
    has_each_once(collector.book, range(30))
    knows_that_it_shipped(first, 30)
    first.stop()
    journal.tell(range(30, 60))
    second = ship(collector)
    has_each_once(collector.book, range(60))
    knows_that_it_shipped(second, 60)


def test_a_collector_that_was_dead_gets_everything_once_afterwards(
    ship: Ship, journal: Recording, collector: Collector, reported: list[TickertapeError]
):
    journal.tell(range(10))
    shipping = ship(collector)
    has_each_once(collector.book, range(10))
    collector.stop()
    journal.tell(range(10, 300))
    eventually(lambda: len(reported) == 2)
    collector.start()
    has_each_once(collector.book, range(300))
    assert codes(reported) == ["TEL_011", "TEL_011"]  # one an outage and signal, not one a try
    eventually(lambda: shipping.check().reason == "Shipping")


@pytest.mark.parametrize("status", [503, 401, 400])
def test_a_collector_that_refused_for_a_while_gets_everything_once_afterwards(
    ship: Ship, journal: Recording, collector: Collector, reported: list[TickertapeError], status: int
):
    collector.book.status = status
    journal.tell(range(300))
    shipping = ship(collector)
    eventually(lambda: stats_of(shipping, "journal", "logs").failures >= 3)
    eventually(lambda: len(reported) == 2)
    assert stats_of(shipping, "journal", "traces").lag_events == 600
    collector.book.status = 200
    has_each_once(collector.book, range(300))
    assert codes(reported) == ["TEL_011", "TEL_011"]
    assert shipping_says_why(reported[0].message, status)


def shipping_says_why(message: str, status: int) -> bool:
    words = {
        503: ("UNAVAILABLE", "timeout"),
        401: ("UNAUTHENTICATED", "401"),
        400: ("INVALID_ARGUMENT", "400"),
    }
    return any(word in message for word in words[status])


def test_a_slow_collector_gets_everything_once(ship: Ship, journal: Recording, collector: Collector):
    collector.book.delay = 0.4
    journal.tell(range(450))
    ship(collector)
    has_each_once(collector.book, range(450))


def test_one_record_that_is_refused_holds_up_no_other_and_is_counted(
    ship: Ship, journal: Recording, collector: Collector, reported: list[TickertapeError]
):
    poison = bytes.fromhex(span_id(5, 0))
    collector.book.judge = lambda request: 400 if poison in request.SerializeToString() else 200
    journal.tell(range(12))
    shipping = ship(collector)
    eventually(lambda: len(collector.book.span_ids()) == 11 * PER_RECORD)
    eventually(lambda: stats_of(shipping, "journal", "traces").dropped == PER_RECORD)
    assert codes(reported) == ["TEL_011", "TEL_013"]
    assert not set(expected_spans(range(5, 6))) & set(collector.book.span_ids())
    journal.tell(range(12, 14))
    eventually(lambda: len(collector.book.span_ids()) == 13 * PER_RECORD)
    assert shipping.check().status is ConditionStatus.TRUE


def test_a_redirect_is_not_taken_for_success(
    ship: Ship, journal: Recording, http_collector: Collector, reported: list[TickertapeError]
):
    http_collector.book.status = 301
    journal.tell(range(5))
    ship(http_collector)
    eventually(lambda: len(reported) == 2)
    assert "HTTP 301" in reported[0].message
    http_collector.book.status = 200
    has_each_once(http_collector.book, range(5))


def test_what_was_pruned_before_it_was_shipped_is_counted_to_the_record(
    ship: Ship, journal: Recording, http_collector: Collector, reported: list[TickertapeError]
):
    first = ship(http_collector)
    journal.tell(range(20))
    journal.snapshot()
    has_each_once(http_collector.book, range(20))
    knows_that_it_shipped(first, 20)
    first.stop()
    journal.tell(range(20, 50))
    everything = RetentionPolicy(span_ns=0)
    pruned = journal.writer.prune(everything, journal.clock.now_ns()).result(60)
    assert pruned.spans == 50
    journal.tell(range(50, 60))
    journal.snapshot()
    second = ship(http_collector)
    eventually(lambda: len(http_collector.book.log_numbers()) == 60)
    eventually(lambda: stats_of(second, "journal", "traces").dropped == 30)
    assert http_collector.book.span_ids() == {**expected_spans(range(20)), **expected_spans(range(50, 60))}
    assert stats_of(second, "journal", "logs").dropped == 0  # errors are facts
    assert codes(reported) == ["TEL_012"]
    assert "30 records of traces" in reported[0].message


def test_without_an_endpoint_nothing_is_shipped_nothing_complains_and_the_cursor_moves(
    ship: Ship, journal: Recording, http_collector: Collector, reported: list[TickertapeError]
):
    journal.tell(range(20))
    nowhere = ship(None)
    eventually(lambda: all(stats.lag_events == 0 and stats.position == 40 for _, stats in journals(nowhere)))
    assert nowhere.check().reason == "NotShipping"
    nowhere.stop()
    journal.tell(range(20, 25))
    ship(http_collector)
    has_each_once(http_collector.book, range(20, 25))
    assert not reported


def journals(shipping: Shipping) -> list[tuple[tuple[str, str], Stats]]:
    return [(key, stats) for key, stats in shipping.stats() if key[0] == "journal"]


def test_one_signal_can_be_switched_off(ship: Ship, journal: Recording, http_collector: Collector):
    journal.tell(range(5))
    shipping = ship(http_collector, OTEL_LOGS_EXPORTER="none")
    eventually(lambda: len(http_collector.book.spans) == 5 * PER_RECORD)
    eventually(lambda: stats_of(shipping, "journal", "logs").lag_events == 0)
    assert not http_collector.book.logs


def test_headers_and_compression_are_the_standard_variables(
    ship: Ship, journal: Recording, http_collector: Collector
):
    journal.tell(range(5))
    ship(
        http_collector,
        OTEL_EXPORTER_OTLP_HEADERS="x-scope-orgid=desk%201",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS="x-scope-orgid=traces",
        OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
    )
    has_each_once(http_collector.book, range(5))
    found = {headers["x-scope-orgid"] for headers in http_collector.book.headers}
    assert found == {"desk 1", "traces"}
    assert {headers["content-encoding"] for headers in http_collector.book.headers} == {"gzip"}


def test_another_tape_at_the_same_place_is_shipped_from_its_beginning(
    ship: Ship, home: Home, http_collector: Collector, reported: list[TickertapeError]
):
    ship(http_collector)
    with Recording(home.journal) as journal:
        journal.tell(range(10))
        has_each_once(http_collector.book, range(10))
    forget(home.journal)
    with Recording(home.journal, "run-2") as journal:
        journal.tell(range(10, 12))
        has_each_once(http_collector.book, range(12))
    assert set(codes(reported)) == {"TEL_003"}


def forget(tape: Path) -> None:
    for path in tape.parent.glob(f"{tape.name}*"):
        path.unlink()


def test_it_stops_at_once_while_a_send_hangs(ship: Ship, journal: Recording, collector: Collector):
    collector.book.delay = 6 * PATIENCE
    journal.tell(range(5))
    shipping = ship(collector, OTEL_EXPORTER_OTLP_TIMEOUT="600")
    eventually(lambda: collector.book.requests >= 2)
    stopping = threading.Thread(target=shipping.stop)
    stopping.start()
    stopping.join(PATIENCE)
    waits_for_the_send = stopping.is_alive()
    collector.book.over.set()
    stopping.join()
    assert not waits_for_the_send


def test_telemetry_does_not_flow_once_a_collector_has_been_away_for_a_minute(
    home: Home, journal: Recording, reported: list[TickertapeError], http_collector: Collector
):
    http_collector.book.status = 400
    os.environ.update(environment_of(http_collector))
    clock = ManualClock()
    shipping = Shipping(home, dict(os.environ), reported.append, clock, QUICK)
    journal.tell(range(3))
    shipping.start()
    try:
        eventually(lambda: len(reported) == 2)
        clock.advance(59)
        assert shipping.check().status is ConditionStatus.TRUE
        clock.advance(2)
        verdict = shipping.check()
        assert (verdict.status, verdict.reason) == (ConditionStatus.FALSE, "CollectorAway")
        assert "HTTP 400" in verdict.message
        http_collector.book.status = 200
        eventually(lambda: shipping.check().reason == "Shipping")
    finally:
        shipping.stop()
