"""What operators were promised, scenario by scenario, against the running process."""

from __future__ import annotations

import time

import pytest
from support.command import wait_until
from support.ops_process import Answer, OpsProcess


@pytest.fixture
def running(ops, bot) -> OpsProcess:
    """Given the bot is running, has an open position, and the API service is started."""
    ops.start()
    assert wait_until(lambda: ops.get("summary").status == 200)
    bot.beat()
    return ops


def fastest(ops: OpsProcess, path: str) -> float:
    """Return the seconds that an answer takes when the machine does nothing else just then."""
    return min(ops.get(path).seconds for _ in range(5))


def is_semantic_error(answer: Answer) -> bool:
    members = {"error_code", "error_type", "message", "cause", "impact", "remediation", "severity"}
    return members <= set(answer.json())


def test_operator_queries_the_summary_of_a_running_bot(running):
    answer = running.get("summary")
    assert answer.status == 200
    assert len(answer.body) < 10_240
    body = answer.json()
    assert body["health_status"] in {"healthy", "degraded"}
    float(body["daily_pnl"])
    assert fastest(running, "summary") < 0.1


def test_operator_queries_the_state_of_a_bot_with_open_positions(running):
    answer = running.get("state")
    assert answer.status == 200
    body = answer.json()
    assert body["positions"]
    for position in body["positions"]:
        assert position["symbol"]
        float(position["quantity"])
        float(position["unrealized_pl"])
    float(body["account"]["buying_power"])
    assert fastest(running, "state") < 0.2


@pytest.mark.parametrize("path", ["summary", "state", "errors", "anything"])
@pytest.mark.parametrize("key", [None, "invalid"])
def test_operator_sends_no_key_or_an_invalid_one(running, path, key):
    answer = running.get(path, key=key)
    assert answer.status == 401
    assert is_semantic_error(answer)
    assert answer.json()["error_code"] == "AUTH_001"
    assert any(step["command"] or step["action"] for step in answer.json()["remediation"])


def test_the_remedy_that_a_refusal_names_works(running):
    (step, *_) = running.get("summary", key=None).json()["remediation"]
    assert "--oauth2-bearer" in step["command"]
    key = running.home.read_key.read_text().strip()
    assert running.get("summary", key=None, Authorization=f"Bearer {key}").status == 200


def test_operator_queries_the_summary_while_the_bot_is_not_running(running, bot):
    bot.die()
    time.sleep(0.2)
    answer = running.get("summary")
    assert answer.status == 200
    body = answer.json()
    assert body["health_status"] == "offline"
    assert body["position_count"] == 1
    assert body["data_age_seconds"] > 0.1
    assert any("Bot offline" in text for text in body["warnings"])
    later = running.get("summary").json()
    assert later["data_age_seconds"] > body["data_age_seconds"]


def test_operator_restarts_the_service_and_finds_the_same_state(running, bot):
    before = running.get("state").json()
    running.command.stop_all()
    running.start()
    assert wait_until(lambda: running.get("state").status == 200)
    bot.beat()
    after = running.get("state").json()
    for part in ("account", "positions", "orders", "performance", "config_summary", "timestamp"):
        assert after[part] == before[part]


def test_the_api_port_answers_head_and_conditional_requests(running, bot):
    first = running.get("summary")
    assert running.get("summary", method="HEAD").body == b""
    bot.beat()
    again = running.get("summary", **{"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
