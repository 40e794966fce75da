"""The tracer: ids, parents, times, what is kept."""

from __future__ import annotations

import random
import re

import pytest

from trading_bot.contract.codec import decode_payload, encode_payload
from trading_bot.contract.errors import OrderDenied
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.telemetry import Trace, Tracer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tracer(clock: ManualClock) -> Tracer:
    return Tracer(clock, random.Random(7))


def spans_of(trace: Trace) -> dict[str, Span]:
    recorded = trace.drain()
    return {span.name: span for span in recorded.spans} if recorded else {}


def test_ids_are_those_of_w3c_and_never_zero(tracer: Tracer):
    trace = tracer.trace()
    ids = [trace.span(f"span {number}").span_id for number in range(600)]
    assert re.fullmatch("[0-9a-f]{32}", trace.trace_id)
    assert all(re.fullmatch("[0-9a-f]{16}", span_id) for span_id in ids)
    assert "0" * 16 not in ids


def test_no_two_spans_have_the_same_id_also_across_traces(tracer: Tracer):
    traces = [tracer.trace() for _ in range(300)]
    assert len({trace.trace_id for trace in traces}) == 300
    ids = [trace.span("span").span_id for trace in traces for _ in range(300)]
    assert len(set(ids)) == len(ids)


def test_a_trace_that_goes_on_keeps_its_id_and_gets_span_ids_of_its_own(tracer: Tracer):
    before = tracer.trace()
    after = tracer.trace(before.trace_id)
    assert after.trace_id == before.trace_id
    assert before.span("place order").span_id != after.span("receive fill").span_id


def test_children_name_their_parent_and_times_are_the_clocks(tracer: Tracer, clock: ManualClock):
    trace = tracer.trace()
    with trace.span("decide cycle") as cycle:
        clock.advance(0.001)
        with cycle.child("check risk") as check:
            check.set("tradingbot.risk.verdict", "passed")
            clock.advance(0.002)
    spans = spans_of(trace)
    parent, child = spans["decide cycle"], spans["check risk"]
    assert parent.parent_id is None
    assert child.parent_id == parent.span_id
    assert child.trace_id == parent.trace_id == trace.trace_id
    assert child.started - parent.started == 1_000_000
    assert (parent.ended - parent.started, child.ended - child.started) == (3_000_000, 2_000_000)
    assert child.attributes == {"tradingbot.risk.verdict": "passed"}


def test_spans_are_recorded_in_the_order_of_their_start(tracer: Tracer):
    trace = tracer.trace()
    with trace.span("outer") as outer, outer.child("inner"):
        pass
    recorded = trace.drain()
    assert recorded is not None
    assert [span.name for span in recorded.spans] == ["outer", "inner"]


def test_what_is_recorded_once_is_not_recorded_again(tracer: Tracer):
    trace = tracer.trace()
    with trace.span("first"):
        pass
    assert list(spans_of(trace)) == ["first"]
    assert trace.drain() is None
    with trace.span("second"):
        pass
    assert list(spans_of(trace)) == ["second"]


def test_an_exception_gives_its_code_to_every_span_that_it_leaves(tracer: Tracer):
    trace = tracer.trace()
    with pytest.raises(OrderDenied), trace.span("decide cycle") as cycle, cycle.child("check risk"):
        raise OrderDenied("RISK_001", "too large")
    assert {span.error_code for span in spans_of(trace).values()} == {"RISK_001"}
    assert trace.kept


def test_an_exception_of_others_is_a_defect_of_ours(tracer: Tracer):
    trace = tracer.trace()
    with pytest.raises(ZeroDivisionError), trace.span("decide cycle"):
        raise ZeroDivisionError
    assert spans_of(trace)["decide cycle"].error_code == "BOT_999"


def test_a_code_that_was_set_stands_against_the_exception(tracer: Tracer):
    trace = tracer.trace()
    span = trace.span("send order")
    span.fail("VENUE_001")
    with pytest.raises(ZeroDivisionError), span:
        raise ZeroDivisionError
    assert spans_of(trace)["send order"].error_code == "VENUE_001"


def test_idle_traces_are_sampled_and_kept_ones_always(tracer: Tracer):
    idle, kept = tracer.trace(), tracer.trace()
    kept.keep()
    assert not tracer.sampled(idle, 0.0)
    assert tracer.sampled(idle, 1.0)
    assert tracer.sampled(kept, 0.0)
    share = sum(tracer.sampled(tracer.trace(), 0.25) for _ in range(4_000)) / 4_000
    assert 0.22 < share < 0.28


def test_a_span_with_an_error_keeps_its_trace(tracer: Tracer):
    trace = tracer.trace()
    with trace.span("check risk") as span:
        span.fail("RISK_001")
    assert tracer.sampled(trace, 0.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_can_be_written_down_and_read(tracer: Tracer, value: float):
    trace = tracer.trace()
    with trace.span("check risk") as span:
        span.set("tradingbot.price", value)
    recorded = trace.drain()
    assert recorded is not None
    again = decode_payload(recorded.KIND, recorded.VERSION, encode_payload(recorded))
    assert isinstance(again, SpansRecorded)
    assert again.spans[0].attributes == {"tradingbot.price": str(value)}
