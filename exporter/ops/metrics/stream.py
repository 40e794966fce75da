"""What the stream counts, as the page shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from exporter.metrics.scrape import Point
from exporter.ops.metrics.registry import Registry
from exporter.ops.stream.counts import StreamCounts
from trading_bot.contract.stream import CLOSED_REASONS, LABELS
from trading_bot.contract.telemetry import metrics


def ask_stream(registry: Registry, counts: StreamCounts) -> None:
    """Have the registry ask for what the stream has counted."""
    registry.ask(metrics.STREAM_CONNECTIONS, lambda: [((), float(counts.connections))])
    registry.ask(metrics.STREAM_CLIENTS, _by(LABELS, counts.clients))
    registry.ask(metrics.STREAM_MESSAGES, _by(LABELS, counts.messages))
    registry.ask(metrics.STREAM_DROPPED, _by(LABELS, counts.dropped))
    registry.ask(metrics.STREAM_CLOSED, _by(CLOSED_REASONS, counts.closed))


def _by(labels: tuple[str, ...], counts: Mapping[str, int]) -> Callable[[], Iterator[Point]]:
    def points() -> Iterator[Point]:
        for label in labels:
            yield (label,), float(counts.get(label, 0))

    return points
