"""A real Prometheus evaluates the rules, and a real Alertmanager says what a person reads."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from support.command import PATIENCE, Command, free_ports, wait_until
from support.documents import read_yaml
from support.pages import get
from support.prometheus_server import Prometheus, scraping
from support.rules import ALERTS

from alerts.__main__ import main

QUERIES = [
    (path.stem, query)
    for path in sorted((ALERTS / "runbooks").glob("*.md"))
    for query in read_yaml(path.read_text().split("---")[1])["queries"]
]


def test_a_real_prometheus_evaluates_every_rule_and_answers_every_query_of_the_runbooks(
    tmp_path: Path, command: Command, prometheus: Path, count: Callable[[str, int, str], None]
):
    command.start("up")
    with scraping(prometheus, tmp_path / "prometheus", command.port("BOT_METRICS_PORT")) as server:
        assert wait_until(
            lambda: server.has("bot:up:state == 1 and on (bot) bot:fills:per_minute > 0"), every=0.5
        )
        assert wait_until(lambda: server.has('ALERTS{alertname="Watchdog", alertstate="firing"}'))
        assert wait_until(lambda: server.has("bot:mode:held == 1"))
        broken = [rule for rule in _rules(server) if rule["health"] == "err"]
        assert [(rule["name"], rule["lastError"]) for rule in broken] == []
        for runbook, query in QUERIES:
            series = server.series(query)
            assert isinstance(series, list), (runbook, query)
        assert wait_until(lambda: server.has('bot:pnl_today:usd{bot="demo"}'))
        assert wait_until(lambda: server.has('bot:loss_budget_left:ratio{bot="demo"}'))
    count("queries of runbooks asked of Prometheus", len(QUERIES), "all answered")


def _rules(server: Prometheus) -> list[dict[str, Any]]:
    answer = json.loads(get(server.port, "/api/v1/rules").body)
    return [rule for group in answer["data"]["groups"] for rule in group["rules"]]


class Chat(http.server.ThreadingHTTPServer):
    """Takes what Alertmanager would post to a chat."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), _Taker)


class _Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Chat)
        self.server.messages.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def chat() -> Iterator[Chat]:
    server = Chat()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def manager(tmp_path: Path, alertmanager: Path, chat: Chat) -> Iterator[int]:
    """Return the port of an Alertmanager that collects nothing and tells the chat."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "chat-url").write_text(f"http://127.0.0.1:{chat.server_address[1]}/hook")
    main(["--folder", str(tmp_path), "--chat", "--time-scale", "60", "--secrets", str(secrets)])
    (tmp_path / "templates").symlink_to(ALERTS / "templates")
    configuration = tmp_path / "alertmanager.yml"
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [
            alertmanager,
            f"--config.file={configuration}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert wait_until(lambda: _is_ready(port))
        yield port
    finally:
        process.kill()
        process.wait()


def _is_ready(port: int) -> bool:
    try:
        return get(port, "/-/ready").status == 200
    except OSError:
        return False


def page_of(name: str) -> dict[str, Any]:
    """Return the first page that promtool expects of an alert."""
    for path in sorted((ALERTS / "tests").glob("*.yml")):
        for group in read_yaml(path)["tests"]:
            for check in group.get("alert_rule_test", ()):
                if check["alertname"] == name and check["exp_alerts"]:
                    expected = check["exp_alerts"][0]
                    labels = {"alertname": name, **expected["exp_labels"]}
                    return {"labels": labels, "annotations": expected["exp_annotations"]}
    raise AssertionError(name)


def send(port: int, *alerts: dict[str, Any]) -> None:
    import urllib.request  # noqa: PLC0415 - one POST

    body = json.dumps(list(alerts)).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v2/alerts", body, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=PATIENCE).close()


def states(port: int) -> dict[str, str]:
    answer = json.loads(get(port, f"/api/v2/alerts?{quote('inhibited=true', safe='=')}").body)
    return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in answer}


def test_a_page_carries_what_happened_what_it_costs_and_what_to_do_first(manager: int, chat: Chat):
    send(manager, page_of("OrderUnknown"))
    assert wait_until(lambda: bool(chat.messages))
    (told,) = chat.messages[0]["attachments"]
    page = page_of("OrderUnknown")
    assert told["title"] == "CRITICAL demo: The outcome of an order is not known"
    for part in ("description", "impact", "first_step", "runbook_url", "dashboard_url", "workflow_id"):
        assert page["annotations"][part] in told["text"]


def test_the_death_of_the_bot_silences_what_follows_from_it_and_not_what_it_holds(manager: int, chat: Chat):
    send(manager, page_of("BotDown"))
    assert wait_until(lambda: bool(chat.messages))
    send(manager, *map(page_of, ("FeedStale", "ReconciliationOld", "OrderUnknown", "PositionMismatch")))
    expected = {
        "BotDown": "active",
        "FeedStale": "suppressed",
        "ReconciliationOld": "suppressed",
        "OrderUnknown": "active",
        "PositionMismatch": "active",
    }
    assert wait_until(lambda: states(manager) == expected), states(manager)
