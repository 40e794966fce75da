"""Ops' own page, as curl and a real Prometheus read it."""

from __future__ import annotations

import http.client
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text
from support.command import PATIENCE, free_ports, wait_until
from support.ops_process import OpsProcess
from support.prometheus_server import scraping

from trading_bot.contract.telemetry.definition import Page
from trading_bot.contract.telemetry.metrics import on_page

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def running(ops, bot) -> OpsProcess:
    ops.start()
    return ops


def page(ops: OpsProcess, accept: str = "", key: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", ops.port, timeout=PATIENCE)
    try:
        headers = {"X-API-Key": ops.home.read_key.read_text().strip() if key is None else key}
        connection.request("GET", "/metrics", headers={**headers, "Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_page_takes_a_key_and_tells_of_this_process_alone(running, promtool: Path):
    assert wait_until(lambda: running.get("state").status == 200)  # the tape has been read
    running.get("summary")
    running.get("nowhere")
    assert page(running, key="")[0] == 401
    status, body = page(running)
    assert status == 200
    families = {family.name: family for family in text(body.decode())}
    known = {metric.name.removesuffix("_total") for metric in on_page(Page.OPS)}
    assert set(families) <= known
    asked = {
        (sample.labels["endpoint"], sample.labels["status"]): sample.value
        for sample in families["tradingbot_api_requests"].samples
    }
    assert asked["/api/v1/summary", "200"] == 1
    assert asked["unmatched", "404"] == 1
    refused = {one.labels["code"]: one.value for one in families["tradingbot_api_refusals"].samples}
    assert (refused["API_002"], refused["AUTH_001"]) == (1, 1)
    assert list(openmetrics(page(running, OPENMETRICS)[1].decode()))
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_a_real_prometheus_scrapes_it_with_the_read_key(running, prometheus: Path, tmp_path: Path):
    key = running.home.read_key.read_text().strip()
    (nobody,) = free_ports(1)
    with scraping(prometheus, tmp_path / "prometheus", nobody, (running.port, key)) as server:
        assert wait_until(lambda: server.has("tradingbot_api_start_timestamp_seconds"))
        assert wait_until(lambda: server.has('tradingbot_api_requests_total{endpoint="/metrics"} > 1'))
