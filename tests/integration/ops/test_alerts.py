"""Active alerts come from a real Alertmanager, with their age, or are not known and say why."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.request
from collections.abc import Iterator

import msgspec
import pytest
from support.command import free_ports, wait_until
from support.pages import get

from exporter.ops.alerts import KEPT_NS, NOT_ASKED, AlertWatch, read_alerts
from trading_bot.boot.clock import SystemClock
from trading_bot.domain.clock import SECOND, ManualClock

CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
ALERTS = [
    {
        "labels": {"alertname": "FeedStale", "severity": "warning", "symbol": "EUR/USD"},
        "annotations": {"summary": "No quotes for EUR/USD"},
    },
    {
        "labels": {"alertname": "BotDown", "severity": "critical"},
        "annotations": {"description": "The bot is not up"},
    },
    {"labels": {"alertname": "Watchdog", "severity": "none"}, "annotations": {}},
]


@pytest.fixture
def manager(alertmanager, tmp_path) -> Iterator[str]:
    """A running Alertmanager's address; empty of alerts."""
    (tmp_path / "alertmanager.yml").write_text(CONFIGURATION)
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [
            alertmanager,
            f"--config.file={tmp_path / 'alertmanager.yml'}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def is_ready() -> bool:
        with contextlib.suppress(OSError):
            return get(port, "/-/ready").status == 200
        return False

    try:
        assert wait_until(is_ready)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def fire(url: str) -> None:
    request = urllib.request.Request(
        f"{url}/api/v2/alerts", json.dumps(ALERTS).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5).close()


def test_alerts_of_a_real_alertmanager_are_seen_the_worst_first_and_in_the_summary(manager, ops, bot):
    fire(manager)
    ops.start(BOT_ALERTMANAGER_URL=manager)
    assert wait_until(lambda: ops.get("summary").json().get("active_alerts") is not None)
    bot.beat()
    answer = ops.get("summary").json()
    # Not what always fires.
    assert [one["name"] for one in answer["active_alerts"]] == ["BotDown", "FeedStale"]
    assert answer["active_alerts"][0]["summary"] == "The bot is not up"
    assert answer["active_alerts"][0]["runbook"] == "/api/v1/runbooks/BotDown"
    assert 0 <= answer["alerts_age_seconds"] < 60
    assert "active_alerts" not in answer["unknown"]


def test_where_alertmanager_does_not_answer_the_alerts_are_unknown_with_the_reason():
    (port,) = free_ports(1)
    watch = AlertWatch(f"http://127.0.0.1:{port}", SystemClock())
    watch.ask()
    seen = watch.seen()
    assert seen.alerts is None
    assert "does not answer" in (seen.unknown or "")


def test_nobody_is_asked_without_an_address():
    watch = AlertWatch()
    watch.start()
    assert watch.seen().unknown == NOT_ASKED


def test_an_old_answer_is_no_answer(manager):
    clock = ManualClock()
    watch = AlertWatch(manager, clock)
    watch.ask()
    assert watch.seen().alerts == ()
    clock.advance(KEPT_NS / SECOND + 1)
    assert watch.seen().alerts is None
    assert watch.seen().unknown


def test_an_answer_that_is_something_else_is_refused():
    with pytest.raises(msgspec.DecodeError):
        read_alerts(b'{"status": "success"}')
