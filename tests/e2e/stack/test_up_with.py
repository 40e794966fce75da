"""`tickertape up --with prometheus`: the monitoring beside the processes, on the project's own files."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from urllib.request import Request, urlopen

from support.command import PATIENCE, Command, free_ports, lines_of, wait_until
from support.prometheus_server import Prometheus


def test_prometheus_runs_beside_the_bot_scrapes_it_and_ends_with_it(command: Command, prometheus: Path):
    server = Prometheus(free_ports(1)[0])
    up = command.start(
        "up",
        "--with",
        "prometheus",
        PATH=f"{prometheus.parent}:{os.environ['PATH']}",
        BOT_PROMETHEUS_URL=f"http://127.0.0.1:{server.port}",
    )
    assert wait_until(server.is_ready)
    assert wait_until(lambda: server.has("tradingbot_up == 1"), every=0.3)
    up.send_signal(signal.SIGTERM)
    printed = list(lines_of(up))
    assert f"prometheus at http://127.0.0.1:{server.port}" in printed
    assert not server.is_ready()


def test_prometheus_ends_when_up_is_killed(command: Command, prometheus: Path):
    server = Prometheus(free_ports(1)[0])
    up = command.start(
        "up",
        "--with",
        "prometheus",
        PATH=f"{prometheus.parent}:{os.environ['PATH']}",
        BOT_PROMETHEUS_URL=f"http://127.0.0.1:{server.port}",
    )
    assert wait_until(server.is_ready)
    up.kill()
    assert wait_until(lambda: not server.is_ready())


def test_a_program_that_is_not_on_path_is_named_and_the_rest_runs(command: Command):
    answer = command.run("up", "--with", "alertmanager", "--duration", "1s", PATH="/nonexistent")
    assert "alertmanager is not on PATH: going on without it" in answer.stdout
    assert "stopped: everything has ended" in answer.stdout


def test_an_unknown_program_is_a_usage_error_that_names_the_known_ones(command: Command):
    answer = command.run("up", "--with", "nagios")
    assert answer.returncode == 2
    assert "nagios: expected some of prometheus, alertmanager" in answer.stderr


def test_alertmanager_tells_ops_what_fires_and_no_delivery_fails(
    command: Command, prometheus: Path, alertmanager: Path
):
    server, manager = Prometheus(free_ports(1)[0]), free_ports(1)[0]
    up = command.start(
        "up",
        "--with",
        "prometheus,alertmanager",
        PATH=f"{alertmanager.parent}:{prometheus.parent}:{os.environ['PATH']}",
        BOT_PROMETHEUS_URL=f"http://127.0.0.1:{server.port}",
        BOT_ALERTMANAGER_URL=f"http://127.0.0.1:{manager}",
    )
    assert wait_until(server.is_ready)
    assert wait_until(lambda: server.has('ALERTS{alertname="Watchdog", alertstate="firing"}'), every=0.5)
    assert wait_until(lambda: server.has('up{job="alertmanager"} == 1'), every=0.5)
    assert wait_until(lambda: server.has('up{job="tickertape-ops"} == 1'), every=0.5)
    alert = [{"labels": {"alertname": "Tried", "severity": "critical", "component": "bot", "bot": "demo"}}]
    request = Request(
        f"http://127.0.0.1:{manager}/api/v2/alerts",
        json.dumps(alert).encode(),
        {"Content-Type": "application/json"},
    )
    urlopen(request, timeout=PATIENCE).close()
    told = 'sum(alertmanager_notifications_total{integration="webhook"}) > 0'
    assert wait_until(lambda: server.has(told), every=0.5)
    assert not server.has("sum(alertmanager_notifications_failed_total) > 0")
    up.send_signal(signal.SIGTERM)
    assert f"alertmanager at http://127.0.0.1:{manager}" in list(lines_of(up))
