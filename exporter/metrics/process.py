"""The process: is it alive, and does it make progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted, seconds, value
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric


def _build(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    run = scrape.state.run
    if run.started_at is not None:
        yield (str(run.version), str(run.python), str(run.venue), str(run.supervisor)), 1.0


def _heartbeat(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    silent_for = scrape.health.silent_for_ns
    return seconds(None if silent_for is None else scrape.now_ns - silent_for)


def _cpu(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    runtime = scrape.state.runtime
    return value(None if runtime.sampled_at is None else runtime.cpu_seconds)


TABLE: Final[Table] = {
    metrics.UP: lambda scrape, _: value(scrape.health.up),
    metrics.UP_REASON: lambda scrape, _: value(1, scrape.health.up_reason),
    metrics.BUILD_INFO: _build,
    metrics.START_TIME: lambda scrape, _: seconds(scrape.state.run.started_at),
    metrics.RUNS: counted,
    metrics.UNCLEAN_STOPS: counted,
    metrics.HEARTBEAT: _heartbeat,
    metrics.LAST_DECISION: lambda scrape, _: seconds(scrape.state.last_decision_at),
    metrics.LAST_ORDER: lambda scrape, _: seconds(scrape.state.last_order_at),
    metrics.LAST_FILL: lambda scrape, _: seconds(scrape.state.last_fill_at),
    metrics.CPU: _cpu,
    metrics.MEMORY: lambda scrape, _: value(scrape.state.runtime.resident_bytes),
    metrics.OPEN_FILES: lambda scrape, _: value(scrape.state.runtime.open_files),
    metrics.THREADS: lambda scrape, _: value(scrape.state.runtime.threads),
    metrics.LOOP_LAG: lambda scrape, _: seconds(scrape.state.runtime.loop_lag_ns),
}
