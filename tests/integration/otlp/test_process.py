"""The exporter as a process while it ships: killed at any moment, asked to end, or without a collector."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable

import pytest
from support.collector import COLLECTORS, Collector, collecting, environment_of
from support.command import PATIENCE, Command
from support.pages import get
from support.recording import Recording, expected_logs, expected_spans
from support.tapes import eventually

from trading_bot.boot.home import Home

CYCLES = 400
"""Recorded between two kills: two pages of each signal, and what the last kill left."""


@pytest.fixture
def home(command: Command) -> Home:
    return Home(command.home).create()


def scrape(command: Command, name: str, **labels: str) -> float | None:
    try:
        page = get(command.port("BOT_METRICS_PORT"), "/metrics")
    except OSError:
        return None
    return page.value(name, **labels) if page.status == 200 else None


def telemetry_flows(command: Command) -> bool:
    return scrape(command, "tradingbot_condition", condition="TelemetryFlowing", status="True") == 1


@pytest.mark.serial
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", COLLECTORS)
def test_kill_9_while_it_ships_leaves_nothing_missing_at_the_collector(
    kind: str, command: Command, journal: Recording, long_run: bool, count: Callable[[str, int, str], None]
):
    kills, chance = (20 if long_run else 3), random.Random(3)
    with collecting(kind) as collector:
        collector.book.delay = 0.1
        for number in range(kills):
            journal.tell(range(number * CYCLES, (number + 1) * CYCLES))
            before = collector.book.requests
            exporter = command.start("exporter", **environment_of(collector))
            eventually(lambda before=before: collector.book.requests > before)
            time.sleep(chance.uniform(0, 0.35))
            exporter.kill()
            exporter.wait()
        everything = range(kills * CYCLES)
        command.start("exporter", **environment_of(collector))
        eventually(lambda: len(collector.book.span_ids()) == len(expected_spans(everything)), 120)
        eventually(lambda: len(collector.book.log_numbers()) == len(everything), 120)
        spans, logs = collector.book.span_ids(), collector.book.log_numbers()
    assert set(spans) == set(expected_spans(everything))
    assert set(logs) == set(expected_logs(everything))
    again = sum(spans.values()) - len(spans) + sum(logs.values()) - len(logs)
    count(
        f"kill -9 of the exporter while it ships over {kind}", kills, f"nothing missing, {again} sent again"
    )


@pytest.mark.parametrize("kind", COLLECTORS)
def test_it_ends_soon_and_silently_while_a_send_hangs(kind: str, command: Command, journal: Recording):
    with collecting(kind) as collector:
        collector.book.delay = 6 * PATIENCE
        journal.tell(range(10))
        exporter = command.start("exporter", **environment_of(collector, OTEL_EXPORTER_OTLP_TIMEOUT="600"))
        eventually(lambda: collector.book.requests >= 2)
        exporter.terminate()
        assert exporter.wait(PATIENCE) == 0, "it waited for the send"
        collector.book.over.set()
    assert said(exporter).count("\n") == 1  # where its metrics are


@pytest.mark.parametrize("kind", COLLECTORS)
def test_a_dead_collector_is_one_line_in_the_log_and_false_in_the_condition(
    kind: str, command: Command, home: Home, journal: Recording
):
    journal.tell(range(10))
    with collecting(kind) as collector:
        variables = environment_of(collector, OTEL_EXPORTER_OTLP_TIMEOUT="0.3")
    exporter = command.start("exporter", **variables)
    failures = "tradingbot_telemetry_export_failures_total"
    for signal in ("traces", "logs"):
        eventually(lambda signal=signal: (scrape(command, failures, tape="journal", signal=signal) or 0) >= 3)
    assert scrape(command, "tradingbot_telemetry_lag_events", tape="journal", signal="traces") == 20
    assert scrape(command, "tradingbot_exporter_errors_total", code="TEL_011") == 2
    assert home.log("exporter").read_text().count('"TEL_011"') == 2  # one a signal
    exporter.terminate()
    assert exporter.wait(PATIENCE) == 0
    assert said(exporter).count("\n") == 1


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=PATIENCE)[0]


def test_what_is_shipped_is_on_the_metrics_page_and_survives_a_restart(
    command: Command, journal: Recording, http_collector: Collector
):
    labels = {"tape": "journal", "signal": "traces"}
    journal.tell(range(30))
    for _ in range(2):
        exporter = command.start("exporter", **environment_of(http_collector))
        eventually(lambda: scrape(command, "tradingbot_telemetry_shipped_total", **labels) == 90)
        assert scrape(command, "tradingbot_telemetry_dropped_total", **labels) == 0
        eventually(lambda: scrape(command, "tradingbot_telemetry_lag_events", **labels) == 0)
        stamped = scrape(command, "tradingbot_telemetry_shipped_timestamp_seconds", **labels)
        assert stamped is not None
        assert abs(time.time() - stamped) < 120
        eventually(lambda: telemetry_flows(command))
        exporter.terminate()
        assert exporter.wait(PATIENCE) == 0
