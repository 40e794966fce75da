"""What the ops process says about itself whenever it is scraped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.follow import BotView
from exporter.metrics.page import cpu_seconds, resident_bytes
from exporter.metrics.scrape import Point
from exporter.ops.metrics.registry import Registry
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.journal import TapeWriter


def ask_process(registry: Registry, started_at: int, tape: TapeWriter, view: BotView) -> None:
    """Have the registry ask for start, memory, processor time, the control tape and the lag behind the bot's."""
    asked: dict[str, Callable[[], float]] = {
        metrics.API_START.name: lambda: started_at / SECOND,
        metrics.API_FOLLOW_LAG.name: lambda: view.lag,
        metrics.API_TAPE_POSITION.name: lambda: tape.last,
        metrics.API_TAPE_QUEUE.name: lambda: tape.queued,
        metrics.API_CPU.name: cpu_seconds,
        metrics.API_MEMORY.name: resident_bytes,
    }
    for name, number in asked.items():
        registry.ask(metrics.METRICS[name], _single(number))


def _single(number: Callable[[], float]) -> Callable[[], Iterator[Point]]:
    def points() -> Iterator[Point]:
        yield (), float(number())

    return points
