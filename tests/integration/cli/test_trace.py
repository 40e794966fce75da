"""`tickertape trace`: a trace as a tree, as JSON and as rows; of a real tape, while the bot is away."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from support.command import Command
from support.recording import Recording

from trading_bot.boot.home import Home
from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.contract.events.trading import OrderIntended, OrderSent, OrderType, Side, TimeInForce
from trading_bot.contract.telemetry import spans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CYCLE, PLACE, SEND = "00f067aa0ba902b1", "00f067aa0ba902b2", "00f067aa0ba902b3"
START = 1_763_812_800_000_000_000


@pytest.fixture
def recorded(command: Command) -> Home:
    """Return a home whose tape knows one order that failed on its way, and another trace."""
    home = Home(command.home).create()
    with Recording(home.journal) as recording:
        recording.append(intent("tt-1"), TRACE, PLACE)
        recording.append(OrderSent(client_order_id="tt-1"), TRACE, PLACE)
        error = RetriableError("VENUE_001", "no answer [in time]").semantic(START, TRACE, SEND)
        recording.append(ErrorRecorded(error=error), TRACE, SEND)
        recording.append(three_spans(), TRACE)
        recording.append(OrderSent(client_order_id="tt-9"), "f" * 32)
    return home


def intent(order_id: str) -> OrderIntended:
    return OrderIntended(
        client_order_id=order_id,
        strategy="cross",
        symbol="EUR/USD",
        side=Side.BUY,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1000),
        limit_price=None,
        reference_price=Decimal("1.07"),
        generation=1,
    )


def three_spans() -> SpansRecorded:
    return SpansRecorded(
        spans=(
            Span(spans.DECIDE_CYCLE, TRACE, CYCLE, None, START, START + 250_000, {spans.SYMBOL: "EUR/USD"}),
            Span(spans.PLACE_ORDER, TRACE, PLACE, CYCLE, START + 100_000, START + 9_100_000, {}),
            Span(spans.SEND_ORDER, TRACE, SEND, PLACE, START + 200_000, START + 9_000_000, {}, "VENUE_001"),
        )
    )


def test_a_tree_of_spans_with_times_the_events_and_the_errors(command: Command, recorded: Home):
    answer = command.run("trace", TRACE)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert TRACE in lines[0]
    depth = {
        name: line.index(name)
        for name in ("decide cycle", "place order", "send order")
        for line in lines
        if name in line
    }
    assert depth["decide cycle"] < depth["place order"] < depth["send order"]
    send = next(line for line in lines if "send order" in line)
    assert "8.80 ms" in send
    assert "VENUE_001" in send
    assert any("order.intended" in line and "1000" in line and "buy" in line for line in lines)
    assert any("error.recorded" in line and "no answer [in time]" in line for line in lines)
    assert "tt-9" not in answer.stdout


def test_latest_is_the_last_trace_that_led_to_an_order(command: Command, recorded: Home):
    assert command.run("trace", "latest").stdout == command.run("trace", TRACE.upper()).stdout


def test_json_has_spans_and_events_with_their_ids(command: Command, recorded: Home):
    story = json.loads(command.run("trace", TRACE, "--output", "json").stdout)
    assert story["trace_id"] == TRACE
    assert [span["name"] for span in story["spans"]] == ["decide cycle", "place order", "send order"]
    assert [span["parent_id"] for span in story["spans"]] == [None, CYCLE, PLACE]
    assert story["spans"][2]["error_code"] == "VENUE_001"
    assert [event["kind"] for event in story["events"]] == ["order.intended", "order.sent", "error.recorded"]
    assert story["events"][0]["payload"]["quantity"] == "1000"


def test_csv_has_a_row_a_span_or_event_by_time(command: Command, recorded: Home):
    rows = list(csv.DictReader(io.StringIO(command.run("trace", TRACE, "--output", "csv").stdout)))
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert {(row["what"], row["name"]) for row in rows} == {
        ("span", "decide cycle"),
        ("span", "place order"),
        ("span", "send order"),
        ("event", "order.intended"),
        ("event", "order.sent"),
        ("event", "error.recorded"),
    }
    assert {row["error_code"] for row in rows if row["span_id"] == SEND} == {"VENUE_001"}


def test_what_ops_answered_is_found_on_its_tape(command: Command, recorded: Home):
    asked = "a" * 32
    span = Span(spans.ANSWER_REQUEST, asked, "b" * 16, None, START, START + 900_000, {}, "API_005")
    with Recording(recorded.control, "ops-1") as recording:
        error = RetriableError("API_005", "could not be answered").semantic(START, asked, "b" * 16)
        recording.append(ErrorRecorded(error=error), asked, "b" * 16)
        recording.append(SpansRecorded(spans=(span,)), asked)
    answer = command.run("trace", asked)
    assert answer.returncode == 0
    assert "answer request" in answer.stdout
    assert "could not be answered" in answer.stdout


@pytest.mark.parametrize("wanted", ["0" * 32, "nonsense"])
def test_a_trace_that_is_not_there_is_one_line_and_an_exit_code(
    command: Command, recorded: Home, wanted: str
):
    answer = command.run("trace", wanted)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1
    assert wanted in answer.stderr


def test_latest_of_a_tape_without_orders_is_one_line(command: Command):
    home = Home(command.home).create()
    with Recording(home.journal) as recording:
        recording.tell(range(1))
    answer = command.run("trace", "latest")
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1


def test_a_home_without_a_tape_is_one_line(command: Command):
    Home(command.home).create()
    answer = command.run("trace", TRACE)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "JRNL_013" in answer.stderr
