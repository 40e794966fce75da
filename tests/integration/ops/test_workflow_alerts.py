"""Alertmanager's alerts: kept as facts, starting what the table says, with the evidence at the incident."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import PATIENCE, Command, free_ports, wait_until
from support.ops_process import OpsProcess
from support.scripted_bot import ScriptedBot
from support.workflow_api import WorkflowApi

from trading_bot.boot.home import Home
from trading_bot.boot.settings_file import replace_file
from trading_bot.contract.events.lifecycle import ErrorRecorded
from trading_bot.contract.events.observation import Span
from trading_bot.contract.events.workflow import AlertReceived
from trading_bot.journal import TapeReader


def webhook(*alerts: dict, status: str = "firing") -> dict:
    """Return what Alertmanager sends."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="BotDown"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "tickertape",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
        "alerts": list(alerts),
    }


def alert(name: str = "BotDown", fingerprint: str = "c2b4dd0f8a1e6f35", **fields) -> dict:
    return {
        "status": "firing",
        "labels": {"alertname": name, "severity": "critical", "bot": "demo"},
        "annotations": {"summary": "The bot is down"},
        "startsAt": "2026-11-22T01:33:22.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://127.0.0.1:9090/graph",
        "fingerprint": fingerprint,
        **fields,
    }


@pytest.fixture
def api(tmp_path):
    with served(tmp_path) as api:
        yield api


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """One process for what is refused: it starts nothing that others see."""
    with served(tmp_path_factory.mktemp("refusing")) as api:
        yield api


REFUSING = pytest.mark.xdist_group("workflows that are refused")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[WorkflowApi]:
    home = Home(folder / "home").create()
    ops = OpsProcess(Command(home.path))
    with ScriptedBot(home):
        try:
            process = ops.command.start("ops", BOT_API_RATE_LIMIT="1000000/second")
            api = WorkflowApi(home, ops.port)
            assert wait_until(lambda: ops.is_up() or process.poll() is not None)
            assert process.poll() is None, process.stdout.read()
            assert wait_until(lambda: api.ask("GET", "summary").status == 200)
            yield api
        finally:
            ops.command.stop_all()


def test_an_alert_gathers_the_evidence_of_check_health_once(api):
    answer = api.ask("POST", "alerts", webhook(alert()))
    assert answer.status == 202, answer.body
    taken = answer.json()["alerts"][0]
    assert (taken["workflow_id"], taken["reason"]) == ("check-health", "Triggered")
    again = api.ask("POST", "alerts", webhook(alert())).json()["alerts"][0]
    assert (again["workflow_id"], again["reason"]) == (None, "AlreadyTriggered")
    other = api.ask("POST", "alerts", webhook(alert("FeedStale", "d" * 16))).json()["alerts"][0]
    assert other["reason"] == "CoolDown"
    resolved = webhook(alert(status="resolved", endsAt="2026-11-22T02:00:00Z"), status="resolved")
    assert api.ask("POST", "alerts", resolved).json()["alerts"][0]["reason"] == "Resolved"

    def incident() -> dict:
        found = {one["incident"]: one for one in api.get("alerts")["incidents"]}
        return found[taken["incident"]]

    assert wait_until(lambda: incident()["execution_state"] == "completed")
    found = incident()
    assert (found["status"], found["workflow_id"]) == ("resolved", "check-health")
    assert found["verdict"].split(":")[0] in {"healthy", "unhealthy", "unknown"}
    assert len(json.dumps(found["evidence"])) < 20_000
    look = next(step for step in found["evidence"] if step["id"] == "look")
    assert look["outputs"]["health"]
    assert all(one["holds"] for one in look["evidence"])
    execution = api.get(f"workflows/executions/{found['execution_id']}")
    assert (execution["started_by"], execution["incident"]) == ("alert", taken["incident"])
    with TapeReader.open(api.home.control) as reader:
        kept = reader.read(0, 10, (AlertReceived.KIND,))
    assert [envelope.payload.status for envelope in kept] == ["firing", "firing", "firing", "resolved"]


def test_the_table_of_triggers_is_read_while_ops_runs_and_a_broken_one_is_refused_field_by_field(api):
    def told(name: str) -> tuple[str | None, str]:
        taken = api.ask("POST", "alerts", webhook(alert(name, name * 4))).json()["alerts"][0]
        return taken["workflow_id"], taken["reason"]

    def rules() -> list[str]:
        return [rule["workflow"] for rule in api.get("alerts")["triggers"]["rules"]]

    own = api.home.workflows / "triggers.yaml"
    own.parent.mkdir()
    replace_file(own, "triggers:\n  - {alert: FeedStale, workflow: export-logs, enabled: true}\n")
    assert wait_until(lambda: rules() == ["export-logs"])
    assert told("BotDown") == (None, "NoTrigger")
    replace_file(own, "triggers:\n  - {alert: FeedStale, workflow: flatten-and-pause, enabled: true}\n")
    assert wait_until(lambda: bool(api.get("alerts")["triggers"]["errors"]))
    (wrong,) = api.get("alerts")["triggers"]["errors"]
    assert (wrong["field"], wrong["found"]) == ("triggers[0].workflow", "flatten-and-pause")
    assert rules() == ["export-logs"]
    assert told("FeedStale") == ("export-logs", "Triggered")
    with TapeReader.open(api.home.control) as reader:
        recorded = [envelope.payload.error for envelope in reader.read(0, 10, (ErrorRecorded.KIND,))]
    assert [error.error_code for error in recorded] == ["WF_001"]
    assert recorded[0].message.startswith("triggers.yaml: triggers[0].workflow: ")


@REFUSING
def test_who_may_only_read_sends_no_alerts(refusing):
    key = refusing.home.read_key.read_text().strip()
    refused = refusing.ask("POST", "alerts", webhook(alert()), **{"X-API-Key": key})
    assert (refused.status, refused.json()["error_code"]) == (403, "AUTH_002")
    assert refusing.ask("POST", "workflows/check-health/execute", None, **{"X-API-Key": key}).status == 403
    assert refusing.get("alerts")["incidents"] == []


@REFUSING
def test_a_file_that_is_no_workflow_is_listed_with_what_is_wrong_and_cannot_be_executed(refusing):
    refusing.home.workflows.mkdir()
    replace_file(refusing.home.workflows / "broken.yaml", "id: broken\nname: Broken\n")
    assert wait_until(lambda: any(one["id"] == "broken" for one in refusing.get("workflows")["workflows"]))
    entry = next(one for one in refusing.get("workflows")["workflows"] if one["id"] == "broken")
    assert not entry["valid"]
    assert {"steps", "risk", "description"} <= {fault["field"] for fault in entry["errors"]}
    refused = refusing.ask("POST", "workflows/broken/execute")
    assert (refused.status, refused.json()["error_code"]) == (422, "WF_001")


@REFUSING
def test_every_refusal_of_a_workflow_names_its_code(refusing):
    assert refusing.ask("POST", "workflows/nothing/execute").json()["error_code"] == "WF_002"
    assert refusing.ask("GET", "workflows/executions/nothing").json()["error_code"] == "WF_002"
    wrong = refusing.ask("POST", "workflows/export-logs/execute", {"parameters": {"days": "x", "more": 1}})
    assert (wrong.status, wrong.json()["error_code"]) == (422, "WF_003")
    assert {one["field"] for one in wrong.json()["errors"]} == {"parameters.days", "parameters.more"}
    none = refusing.ask("POST", "workflows/update-targets/execute?dry_run=true", {})
    assert [one["field"] for one in none.json()["errors"]] == [
        "parameters.stop_loss_pct",
        "parameters.symbol",
        "parameters.take_profit_pct",
    ]
    first = refusing.ask("POST", "workflows/export-logs/execute", {}, **{"Idempotency-Key": "k"})
    assert first.status == 202
    other = refusing.ask(
        "POST", "workflows/export-logs/execute", {"parameters": {"days": 2}}, **{"Idempotency-Key": "k"}
    )
    assert (other.status, other.json()["error_code"]) == (409, "WF_015")
    refusing.followed(first.json()["execution_id"])
    over = refusing.ask("POST", f"workflows/executions/{first.json()['execution_id']}/approve")
    assert (over.status, over.json()["error_code"]) == (409, "WF_014")


def test_the_page_of_ops_counts_executions_and_the_trace_has_a_span_for_each_step(api):
    execution = api.followed(api.execute("export-logs"))
    text = raw(api, "/metrics")
    assert (
        'tradingbot_workflow_executions_total{bot="demo",outcome="completed",workflow="export-logs"} 1'
        in text
    )
    assert 'tradingbot_workflow_step_duration_seconds_count{bot="demo",workflow="export-logs"} 3' in text
    assert 'tradingbot_workflow_running{bot="demo"} 0' in text

    def kept() -> list[Span]:
        with TapeReader.open(api.home.control) as reader:
            return [
                span
                for envelope in reader.of_trace(execution["trace_id"], 100)
                if envelope.kind == "spans.recorded"
                for span in envelope.payload.spans
            ]

    assert wait_until(lambda: {"run workflow", "answer request"} <= {span.name for span in kept()})
    found = kept()
    root = next(span for span in found if span.name == "run workflow")
    steps = [span for span in found if span.name == "run step"]
    assert [span.attributes["tradingbot.workflow.step"] for span in steps] == ["room", "copy", "manifest"]
    assert {span.parent_id for span in steps} == {root.span_id}
    assert any(span.name == "answer request" and span.span_id == root.parent_id for span in found)


def raw(api: WorkflowApi, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"X-API-Key": api.home.operate_key.read_text().strip()})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_a_real_alertmanager_is_understood(api, alertmanager, tmp_path):
    (port,) = free_ports(1)
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        "route: {receiver: ops, group_wait: 0s, group_interval: 1s}\n"
        "receivers:\n"
        "  - name: ops\n"
        "    webhook_configs:\n"
        f"      - url: http://127.0.0.1:{api.port}/api/v1/alerts\n"
        f"        http_config: {{authorization: {{credentials_file: {api.home.operate_key}}}}}\n"
    )
    process = subprocess.Popen(
        [
            str(alertmanager),
            f"--config.file={config}",
            f"--storage.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        labels = {"alertname": "BotFrozen", "severity": "critical", "bot": "demo"}
        sent = [{"labels": labels, "annotations": {"summary": "It does not move"}}]
        assert wait_until(lambda: post(port, "/api/v2/alerts", sent) == 200, every=0.2)
        assert wait_until(lambda: bool(api.get("alerts")["incidents"]), every=0.2)
        incident = api.get("alerts")["incidents"][0]
        assert (incident["name"], incident["status"], incident["labels"]) == ("BotFrozen", "firing", labels)
        assert incident["annotations"]["summary"] == "It does not move"
        assert incident["workflow_id"] == "check-health"
        assert incident["starts_at"]
        assert api.followed(incident["execution_id"])["state"] == "completed"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def post(port: int, path: str, body: object) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
