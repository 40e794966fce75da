"""One order, found by its trace id wherever it left a mark, while real processes trade and ship."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from support.collector import Book, Received, collecting, environment_of
from support.command import Command, free_ports
from support.pages import get
from support.tapes import eventually
from support.trading import Floor, busy_settings

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import SemanticError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.events.trading import OrderFilled, OrderIntended, OrderOutcomeLost
from trading_bot.contract.telemetry import metrics

SCRAPING = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: bot
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What one order left on the tape."""

    trace_id: str
    events: list[Envelope]
    spans: dict[str, Span]
    errors: list[Envelope]


@pytest.fixture
def floor(command: Command, tmp_path: Path) -> Iterator[Floor]:
    """One symbol, and one order a minute: the marks of the first one stay."""
    settings = busy_settings(
        symbols=["EUR/USD"],
        strategies={
            "busy": {
                "kind": "sma_cross",
                "symbols": ["EUR/USD"],
                "fast": 1,
                "slow": 2,
                "order_notional": 1000,
            }
        },
        limits={"max_orders_per_minute": 1, "max_daily_loss": 99_000, "max_drawdown": 0.99},
    )
    made = Floor(command, tmp_path / "exchange", settings)
    made.open()
    yield made
    made.close()


def marks_of(floor: Floor, trace_id: str) -> Marks:
    events = [event for event in floor.events() if event.trace_id == trace_id]
    recorded = [event.payload for event in events if isinstance(event.payload, SpansRecorded)]
    return Marks(
        trace_id=trace_id,
        events=events,
        spans={span.name: span for record in recorded for span in record.spans},
        errors=[event for event in events if isinstance(event.payload, ErrorRecorded)],
    )


def error_of(envelope: Envelope) -> SemanticError:
    assert isinstance(envelope.payload, ErrorRecorded)
    return envelope.payload.error


def of_trace(received: list[Received], trace_id: str) -> list[Received]:
    return [each for each in received if each.trace_id == trace_id]


@pytest.fixture
def scraped(command: Command, prometheus: Path, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Return what asks a Prometheus that scrapes the exporter."""
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(SCRAPING.format(port=command.port("BOT_METRICS_PORT")))
    [port] = free_ports(1)
    server = subprocess.Popen(
        [
            prometheus,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=exemplar-storage",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield lambda path: json.loads(get(port, path).body)["data"]
    server.kill()
    server.wait()


def exemplar_traces(scraped: Callable[[str], Any], metric: str) -> set[str]:
    try:
        found = scraped(f"/api/v1/query_exemplars?query={quote(metric + '_bucket')}&start=0&end=9e9")
    except OSError:
        return set()
    return {each["labels"]["trace_id"] for series in found for each in series["exemplars"]}


def test_an_order_whose_answer_was_lost_is_found_by_its_trace_id_in_every_signal(
    floor: Floor, scraped: Callable[[str], Any]
):
    floor.switch("lost_ack", on=True)
    with collecting("grpc") as collector:
        floor.start("run")
        floor.command.start("exporter", **environment_of(collector))
        lost = floor.wait_for(OrderOutcomeLost.KIND)
        floor.wait_for(OrderFilled.KIND, after=lost.seq)
        assert lost.trace_id is not None
        eventually(lambda: "receive fill" in marks_of(floor, lost.trace_id or "").spans)
        marks = marks_of(floor, lost.trace_id)
        book = collector.book
        eventually(lambda: len(of_trace(book.spans, marks.trace_id)) >= len(marks.spans))
        eventually(lambda: len(of_trace(book.logs, marks.trace_id)) >= 1)
        slippage = metrics.SLIPPAGE.name
        eventually(lambda: marks.trace_id in exemplar_traces(scraped, slippage))
        marks = marks_of(floor, marks.trace_id)
        leads_from_the_signal_to_the_fill(marks)
        error_is_the_same_everywhere(floor, marks, book)
        is_a_tree_on_the_terminal(floor, marks)


def leads_from_the_signal_to_the_fill(marks: Marks) -> None:
    kinds = [event.kind for event in marks.events]
    for kind in ("signal.raised", "order.intended", "order.sent", "order.outcome_lost", "order.filled"):
        assert kind in kinds
    names = ("decide cycle", "evaluate strategy", "check risk", "place order", "send order", "receive fill")
    assert set(names) <= set(marks.spans)
    cycle, place = marks.spans["decide cycle"], marks.spans["place order"]
    assert cycle.parent_id is None
    assert {marks.spans[name].parent_id for name in ("evaluate strategy", "check risk", "place order")} == {
        cycle.span_id
    }
    assert marks.spans["send order"].parent_id == place.span_id
    assert marks.spans["receive fill"].parent_id == place.span_id
    intended = next(event for event in marks.events if event.kind == OrderIntended.KIND)
    assert intended.span_id == place.span_id


def error_is_the_same_everywhere(floor: Floor, marks: Marks, book: Book) -> None:
    """Compare event, log line, span status and log record of the order's error."""
    envelope = next(event for event in marks.errors if event.span_id == marks.spans["send order"].span_id)
    error = error_of(envelope)
    span = marks.spans["send order"]
    identity = (error.error_code, marks.trace_id, span.span_id)
    assert (error.error_code, error.trace_id, error.span_id) == identity
    assert (envelope.trace_id, envelope.span_id) == identity[1:]
    assert (span.error_code, span.trace_id, span.span_id) == identity

    lines = [msgspec.json.decode(line) for line in floor.home.log("bot").read_bytes().splitlines()]
    assert [
        (line["error_code"], line["trace_id"], line["span_id"], line["message"])
        for line in lines
        if line["trace_id"] == marks.trace_id and line["span_id"] == span.span_id
    ] == [(*identity, error.message)]

    shipped = next(each for each in book.spans if each.span_id == span.span_id)
    assert shipped.trace_id == marks.trace_id
    assert (shipped.item.status.message, shipped.attributes["error.type"]) == (error.error_code,) * 2
    record = next(each for each in book.logs if each.span_id == span.span_id)
    assert (record.attributes["error.type"], record.trace_id, record.span_id) == identity
    assert record.item.body.string_value == error.message
    assert record.item.time_unix_nano == error.timestamp


def is_a_tree_on_the_terminal(floor: Floor, marks: Marks) -> None:
    said = floor.command.run("trace", marks.trace_id).stdout
    for words in (*marks.spans, "order.filled", error_of(marks.errors[0]).error_code):
        assert words in said


def test_latencies_of_an_order_lead_to_its_trace_in_a_real_prometheus(
    floor: Floor, scraped: Callable[[str], Any]
):
    floor.start("run")
    floor.command.start("exporter")
    filled = floor.wait_for(OrderFilled.KIND)
    for metric in (metrics.ORDER_ACK, metrics.ORDER_FILL, metrics.SLIPPAGE):
        eventually(lambda metric=metric: filled.trace_id in exemplar_traces(scraped, metric.name))
        shown = exemplar_traces(scraped, metric.name)  # a minute later another order is filled
        assert shown <= {envelope.trace_id for envelope in floor.events(OrderFilled.KIND)}
    eventually(lambda: exemplar_traces(scraped, metrics.DECISION_DURATION.name))
    eventually(lambda: (floor.sample(metrics.RATE_LIMIT_USED.name) or 0) > 0)
    decided = exemplar_traces(scraped, metrics.DECISION_DURATION.name)
    with_spans = {event.trace_id for event in floor.events(SpansRecorded.KIND)}
    assert decided <= with_spans
