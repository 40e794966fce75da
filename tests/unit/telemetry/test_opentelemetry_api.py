"""OpenTelemetry's API over our tracer: parents, times, errors, and who records what."""

from __future__ import annotations

import random
import threading

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags, set_span_in_context

from trading_bot.contract.errors import OrderDenied
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import ManualClock
from trading_bot.telemetry import Tracer
from trading_bot.telemetry.opentelemetry_api import Provider, Sink, install
from trading_bot.telemetry.tracing import current_span


class Bot:
    """What a bot gives to the provider, and what it got."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tracer = Tracer(self.clock, random.Random(3))
        self.recorded: list[Span] = []
        self.share = 1.0
        self.tracer.follow_context()
        self.sink = Sink(self.tracer, self.record, lambda: self.share)

    def record(self, spans: SpansRecorded, trace_id: str) -> None:
        assert {span.trace_id for span in spans.spans} == {trace_id}
        self.recorded += spans.spans

    @property
    def standard(self) -> trace.Tracer:
        return Provider(self.sink).get_tracer("a strategy")


@pytest.fixture
def bot() -> Bot:
    return Bot()


def by_name(spans: tuple[Span, ...] | list[Span]) -> dict[str, Span]:
    return {span.name: span for span in spans}


def test_a_span_of_a_strategy_lands_in_the_trace_of_the_cycle_that_asked_it(bot: Bot):
    cycle_trace = bot.tracer.trace()
    with (
        cycle_trace.span("decide cycle") as cycle,
        cycle.child("evaluate strategy") as evaluation,
        bot.standard.start_as_current_span("fit model", attributes={"model.size": 3}),
    ):
        bot.clock.advance(0.004)
        with bot.standard.start_as_current_span("load weights"):
            pass
    drained = cycle_trace.drain()
    assert drained is not None
    spans = by_name(drained.spans)
    assert spans["fit model"].parent_id == evaluation.span_id
    assert spans["load weights"].parent_id == spans["fit model"].span_id
    assert {span.trace_id for span in drained.spans} == {cycle_trace.trace_id}
    assert spans["fit model"].ended - spans["fit model"].started == 4_000_000
    assert spans["fit model"].attributes == {"model.size": 3}
    assert bot.recorded == []  # the engine records its cycle, once


def test_a_span_outside_of_any_cycle_is_a_trace_of_its_own_and_recorded_whole(bot: Bot):
    with bot.standard.start_as_current_span("refresh features"):
        with bot.standard.start_as_current_span("fetch"):
            pass
        assert bot.recorded == []
    spans = by_name(bot.recorded)
    assert spans["refresh features"].parent_id is None
    assert spans["fetch"].parent_id == spans["refresh features"].span_id


def test_idle_traces_are_sampled_and_failed_ones_kept(bot: Bot):
    bot.share = 0.0
    with bot.standard.start_as_current_span("idle"):
        pass
    with pytest.raises(ZeroDivisionError), bot.standard.start_as_current_span("failing"):
        raise ZeroDivisionError("by zero")
    [span] = bot.recorded
    assert (span.name, span.error_code) == ("failing", "BOT_999")
    assert span.attributes == {"exception.type": "ZeroDivisionError", "exception.message": "by zero"}


def test_an_error_of_ours_gives_its_code(bot: Bot):
    with pytest.raises(OrderDenied), bot.standard.start_as_current_span("size order"):
        raise OrderDenied("RISK_001", "too large")
    assert bot.recorded[0].error_code == "RISK_001"


def test_a_span_that_ends_after_its_cycle_is_recorded_when_the_cycle_was_kept(bot: Bot):
    for kept in (True, False):
        bot.recorded.clear()
        cycle_trace = bot.tracer.trace()
        with cycle_trace.span("decide cycle"):
            late = bot.standard.start_span("late")
        assert cycle_trace.drain() is not None
        cycle_trace.kept = kept
        late.end()
        assert [span.name for span in bot.recorded] == (["late"] if kept else [])


def test_a_trace_of_another_process_goes_on(bot: Bot):
    remote = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(1))
    context = set_span_in_context(NonRecordingSpan(remote))
    bot.standard.start_span("answer", context).end()
    assert (bot.recorded[0].trace_id, bot.recorded[0].parent_id) == (f"{0xABC:032x}", f"{0xDEF:016x}")


def test_a_span_of_another_thread_begins_a_trace_of_its_own(bot: Bot):
    with bot.tracer.trace().span("decide cycle") as cycle:
        thread = threading.Thread(target=lambda: bot.standard.start_span("in a thread").end())
        thread.start()
        thread.join()
    [span] = bot.recorded
    assert span.trace_id != cycle.trace_id
    assert span.parent_id is None


def test_status_times_names_and_ids_are_as_the_api_says(bot: Bot):
    span = bot.standard.start_span("first name", start_time=1_000)
    assert span.is_recording()
    assert span.get_span_context().is_valid
    span.update_name("second name")
    span.set_status(StatusCode.OK)
    span.set_status(StatusCode.ERROR, "comes too late")
    span.add_event("not kept")
    span.end(end_time=5_000)
    span.end(end_time=9_000)
    assert not span.is_recording()
    [recorded] = bot.recorded
    assert (recorded.name, recorded.started, recorded.ended, recorded.error_code) == (
        "second name",
        1_000,
        5_000,
        None,
    )
    assert recorded.span_id == f"{span.get_span_context().span_id:016x}"


def test_attributes_are_plain_short_and_without_secrets(bot: Bot):
    span = bot.standard.start_span("call")
    span.set_attributes({"list": [1, 2], "long": "x" * 5_000, "nan": float("nan"), "api_key": "s3cr3t"})
    span.set_attribute("url.full", "https://venue.example/order?signature=0123456789abcdef")
    span.end()
    attributes = bot.recorded[0].attributes
    assert attributes["list"] == "[1, 2]"
    assert attributes["long"] == "x" * 1_000
    assert attributes["nan"] == "nan"
    assert "s3cr3t" not in str(attributes)
    assert "0123456789abcdef" not in str(attributes)


def test_only_a_span_whose_block_is_run_is_the_current_one(bot: Bot):
    trace_ = bot.tracer.trace()
    outer = trace_.span("outer")
    assert current_span() is None
    with outer:
        assert current_span() is outer
        with outer.child("inner") as inner:
            assert current_span() is inner
        assert current_span() is outer
    assert current_span() is None


def test_the_provider_of_the_process_goes_over_to_the_bot_that_began_last():
    first, second = Bot(), Bot()
    install(first.sink)
    install(second.sink)
    trace.get_tracer("a library").start_span("work").end()
    assert (len(first.recorded), len(second.recorded)) == (0, 1)
