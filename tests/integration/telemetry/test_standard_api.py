"""A strategy and a library instrumented with OpenTelemetry's API, in a bot that trades."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from opentelemetry import trace
from support.engine import PAIR, Rig, Running, play

from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.engine.standard_spans import take_standard_spans
from trading_bot.strategies.protocol import Stance


class Instrumented:
    """A strategy of somebody who knows OpenTelemetry and nothing of us."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    def on_bar(self, close: Decimal) -> Stance | None:
        tracer = trace.get_tracer("my.strategy")
        with tracer.start_as_current_span("predict", attributes={"close": float(close)}):
            return self._strategy.on_bar(close)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strategy, name)


def instrument(bot: Running) -> None:
    assert take_standard_spans(bot.context)
    strategies = bot.parts.decisions._strategies
    strategies.update({symbol: (name, Instrumented(each)) for symbol, (name, each) in strategies.items()})


def spans_of(bot: Running, trace_id: str | None = None) -> dict[str, Span]:
    return {
        span.name: span
        for recorded in bot.events(SpansRecorded)
        for span in recorded.spans
        if trace_id in {None, span.trace_id}
    }


def test_the_strategys_own_span_stands_in_the_trace_of_its_order(tmp_path: Path):
    async def scenario() -> None:
        async with Rig(tmp_path).running() as bot:
            instrument(bot)
            order = await bot.enter(PAIR)
            await bot.until(lambda: "place order" in spans_of(bot, order.trace_id))
            spans = spans_of(bot, order.trace_id)
            assert spans["predict"].parent_id == spans["evaluate strategy"].span_id
            assert spans["predict"].attributes == {"close": 1.2}

    play(scenario())


def test_a_librarys_span_of_another_thread_comes_onto_the_tape_too(tmp_path: Path):
    async def scenario() -> None:
        async with Rig(tmp_path, telemetry={"idle_span_share": 1}).running() as bot:
            instrument(bot)
            tracer = trace.get_tracer("my.library")
            thread = threading.Thread(target=lambda: tracer.start_span("download features").end())
            thread.start()
            thread.join()
            await bot.until(lambda: "download features" in spans_of(bot))

    play(scenario())
