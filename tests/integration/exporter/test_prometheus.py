"""A real Prometheus scrapes a running exporter and answers questions about the bot."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.command import free_ports
from support.history import TRACE
from support.pages import get
from support.tapes import eventually

Program = subprocess.Popen[str]

CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: bot
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture
def query(
    tmp_path: Path,
    prometheus: Path,
    start_exporter: Callable[..., Program],
    port_of: Callable[[Program], int],
    bot: Program,
) -> Iterator[Callable[[str], Any]]:
    """Return what asks a Prometheus that scrapes the exporter: ``query("tradingbot_up")``."""
    (port,), scraped = free_ports(1), port_of(start_exporter())
    configuration = tmp_path / "prometheus.yml"
    configuration.write_text(CONFIGURATION.format(port=scraped), encoding="utf-8")
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

    def ask(path: str) -> Any:
        return json.loads(get(port, path).body)["data"]

    try:
        eventually(lambda: _is_ready(port))
        yield ask
    finally:
        server.kill()
        server.wait()


def _is_ready(port: int) -> bool:
    try:
        return get(port, "/-/ready").status == 200
    except OSError:
        return False


def instant(expression: str) -> str:
    return f"/api/v1/query?query={quote(expression)}"


# A busy machine may miss a scrape at any moment, and the series are gone until the next one: each is waited for.


def number(query: Callable[[str], Any], expression: str) -> float | None:
    result = query(instant(expression))["result"]
    return float(result[0]["value"][1]) if result else None


def test_prometheus_answers_about_the_bot_and_finds_the_trace_behind_a_latency(
    query: Callable[[str], Any], bot: Program
):
    eventually(lambda: number(query, "tradingbot_up") == 1)
    eventually(lambda: number(query, 'sum(tradingbot_fills_total{bot="demo"})') == 4)
    eventually(lambda: number(query, "count(tradingbot_condition == 1)") == 8)
    slow = "histogram_quantile(0.9, sum by (le) (tradingbot_order_ack_duration_seconds_bucket))"
    eventually(lambda: 0.01 < (number(query, slow) or 0) <= 0.05)
    eventually(lambda: number(query, 'up{job="bot"}') == 1)
    exemplars = f"/api/v1/query_exemplars?query={quote('tradingbot_order_ack_duration_seconds_bucket')}&start=0&end=9e9"
    traces = {e["labels"]["trace_id"] for series in query(exemplars) for e in series["exemplars"]}
    assert traces == {TRACE}
    bot.kill()
    eventually(lambda: number(query, "tradingbot_up") == 0)
    eventually(lambda: number(query, "tradingbot_account_equity_usd") is None)
    eventually(lambda: number(query, 'tradingbot_up_reason{reason="Dead"}') == 1)
    eventually(lambda: number(query, 'sum(tradingbot_fills_total{bot="demo"})') == 4)


def test_the_scrape_is_the_openmetrics_format_with_types_and_help(query: Callable[[str], Any]):
    eventually(lambda: number(query, "tradingbot_up") == 1)
    metadata = query("/api/v1/metadata?metric=tradingbot_fills")
    declared = metadata.get("tradingbot_fills") or query(
        "/api/v1/metadata?metric=tradingbot_fills_total"
    ).get("tradingbot_fills_total")
    assert declared[0]["type"] == "counter"
    assert declared[0]["help"] == "Executions."
