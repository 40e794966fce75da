"""What observing a decision cycle costs: ours beside the OpenTelemetry SDK and prometheus_client.

The same 50 µs of work is done bare, observed as the bot does it (a trace of four spans, a histogram, a
counter, one event folded and appended), and observed with the SDK (four spans through the batch
processor to a collector on loopback that answers at once, a counter and a histogram). The variants take
turns, cycle by cycle in rounds, with a rest after each cycle as a loop has that waits for bars.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry, Counter, Histogram

from benchmarks.rows import Row, percentile
from trading_bot.boot.clock import SystemClock
from trading_bot.contract.events.market import BarClosed
from trading_bot.contract.telemetry import metrics, spans
from trading_bot.contract.telemetry.metrics.bounds import CYCLE_BOUNDS
from trading_bot.domain.state import State
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.measurement import Meter
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import Tracer

ROUNDS = 5
CYCLES = 1_000
WORK_SECONDS = 50e-6
REST_SECONDS = 0.0004
WARM_CYCLES = 1_000
RIVAL = "OpenTelemetry SDK and prometheus_client"

Cycle = Callable[[], None]
Variant = tuple[Cycle, Cycle]
"""The cycle, and what brings its other threads to rest after a round."""


def measure() -> list[Row]:
    """Return cost a cycle and the tail of its duration."""
    with tempfile.TemporaryDirectory() as folder, ours(Path(folder)) as observed, sdk() as instrumented:
        variants: dict[str, Variant] = {"bare": (work, _nothing), "ours": observed, "sdk": instrumented}
        rounds = [_round(variants) for _ in range(ROUNDS + 1)][1:]
        warm = {name: median(_warm(variants[name]) for _ in range(ROUNDS)) for name in variants}
    cost = {name: median(_over_bare(taken, name, 50) for taken in rounds) for name in ("ours", "sdk")}
    tail = {name: median(_over_bare(taken, name, 99) for taken in rounds) for name in ("ours", "sdk")}
    worst = {name: median(thousandth(taken[name]) for taken in rounds) for name in variants}
    return [
        _row("observed cost a cycle, wall p50", cost["ours"], cost["sdk"], 10.0),
        Row(
            what="the same as a part of the SDK's",
            measured=cost["ours"] / cost["sdk"],
            unit="ratio",
            budget=0.1,
        ),
        _row(
            "the same without a rest, CPU of the thread",
            warm["ours"] - warm["bare"],
            warm["sdk"] - warm["bare"],
        ),
        _row("p99 of the cycle over the bare loop's, wall", tail["ours"], tail["sdk"], 25.0),
        Row(
            what="p99.9 of the cycle, wall",
            measured=worst["ours"],
            unit="µs",
            floor=worst["bare"],
            floor_is=f"bare loop; the SDK {worst['sdk']:,.0f}",
        ),
    ]


def _row(what: str, measured: float, floor: float, budget: float | None = None) -> Row:
    return Row(what=what, measured=measured, unit="µs", floor=floor, floor_is=RIVAL, budget=budget)


def _round(variants: dict[str, Variant]) -> dict[str, list[float]]:
    return {name: durations(variant) for name, variant in variants.items()}


def _over_bare(taken: dict[str, list[float]], name: str, percent: int) -> float:
    return percentile(taken[name], percent) - percentile(taken["bare"], percent)


def durations(variant: Variant) -> list[float]:
    """Return the durations of cycles, µs."""
    cycle, settle = variant
    taken = []
    for _ in range(CYCLES):
        begun = time.perf_counter()
        cycle()
        taken.append((time.perf_counter() - begun) * 1e6)
        time.sleep(REST_SECONDS)
    settle()
    return taken


def _warm(variant: Variant) -> float:
    """Return the CPU time of this thread for one of many cycles at a stretch, µs."""
    cycle, settle = variant
    begun = time.thread_time()
    for _ in range(WARM_CYCLES):
        cycle()
    used = time.thread_time() - begun
    settle()
    return used / WARM_CYCLES * 1e6


def _nothing() -> None:
    pass


def thousandth(values: list[float]) -> float:
    """Return the value that one in a thousand is above."""
    return sorted(values)[-max(1, len(values) // 1000) - 1]


def work() -> None:
    """Compute for as long as a decision takes."""
    until = time.perf_counter() + WORK_SECONDS
    while time.perf_counter() < until:
        pass


@contextmanager
def ours(folder: Path) -> Iterator[Variant]:
    """Give a cycle that is observed as the bot's are, on a real tape."""
    clock = SystemClock()
    price = Decimal("1.0875")
    with TapeWriter.open(folder / "journal.db", bot="bench", run_id="bench", clock=clock) as writer:
        ledger, tracer, meter = Ledger(writer, State()), Tracer(clock), Meter(writer, {}, clock)

        def cycle() -> None:
            began = clock.monotonic_ns()
            trace = tracer.trace()
            with trace.span(spans.DECIDE_CYCLE) as decide:
                decide.set(spans.SYMBOL, "EUR/USD")
                bar = BarClosed(
                    symbol="EUR/USD",
                    open_time=began,
                    interval_ns=1_000_000_000,
                    open=price,
                    high=price,
                    low=price,
                    close=price,
                    volume=price,
                    skipped=0,
                )
                ledger.append(bar, trace_id=trace.trace_id, span_id=decide.span_id)
                with decide.child(spans.EVALUATE_STRATEGY) as span:
                    span.set(spans.STRATEGY, "trend")
                    work()
                with decide.child(spans.CHECK_RISK) as span:
                    span.set(spans.VERDICT, "passed")
                with decide.child(spans.PLACE_ORDER) as span:
                    span.set(spans.CLIENT_ORDER_ID, "tt-1")
            meter.decisions.observe((clock.monotonic_ns() - began) / 1e9, trace.trace_id)
            meter.counters[metrics.DECISIONS.name] += 1
            recorded = trace.drain()
            if recorded is not None:
                ledger.append(recorded, trace_id=trace.trace_id)

        yield cycle, lambda: _write_down(writer)


def _write_down(writer: TapeWriter) -> None:
    writer.make_durable().result(30)


def _ship(provider: TracerProvider) -> None:
    provider.force_flush()


@contextmanager
def sdk() -> Iterator[Variant]:
    """Give a cycle that is observed with the OpenTelemetry SDK and prometheus_client."""
    registry = CollectorRegistry()
    counter = Counter("decisions", "Decisions.", registry=registry)
    histogram = Histogram("decision_seconds", "Durations.", registry=registry, buckets=CYCLE_BOUNDS)
    with collector() as endpoint:
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        tracer = provider.get_tracer("bench")

        def cycle() -> None:
            began = time.perf_counter()
            with tracer.start_as_current_span(spans.DECIDE_CYCLE) as decide:
                decide.set_attribute(spans.SYMBOL, "EUR/USD")
                with tracer.start_as_current_span(spans.EVALUATE_STRATEGY) as span:
                    span.set_attribute(spans.STRATEGY, "trend")
                    work()
                with tracer.start_as_current_span(spans.CHECK_RISK) as span:
                    span.set_attribute(spans.VERDICT, "passed")
                with tracer.start_as_current_span(spans.PLACE_ORDER) as span:
                    span.set_attribute(spans.CLIENT_ORDER_ID, "tt-1")
            histogram.observe(time.perf_counter() - began)
            counter.inc()

        yield cycle, lambda: _ship(provider)
        provider.shutdown()


@contextmanager
def collector() -> Iterator[str]:
    """Serve an OTLP/HTTP endpoint on loopback that takes everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _TakeAll)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    finally:
        server.shutdown()
        server.server_close()


class _TakeAll(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
