"""What operators were promised, scenario by scenario, against the running process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from support.command import Command, wait_until
from support.ops_process import Answer, OpsProcess
from support.recorded_bot import RecordedBot

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home

pytestmark = pytest.mark.xdist_group("operators' scenarios")  # one process for all of them


def begun(ops: OpsProcess, bot: RecordedBot) -> OpsProcess:
    ops.start(BOT_API_RATE_LIMIT="1000000/second")
    assert wait_until(lambda: ops.get("summary").status == 200)
    assert wait_until(lambda: ops.get("performance").status == 200)
    bot.beat()
    return ops


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[OpsProcess]:
    """Given the bot is running, has an open position, and the API service is started."""
    command = Command(Home(tmp_path_factory.mktemp("acceptance") / "home").create().path)
    ops = OpsProcess(command)
    ending = threading.Event()
    with RecordedBot(ops.home, SystemClock()) as bot:
        bot.live()

        def live() -> None:
            while not ending.wait(0.5):
                bot.beat()

        beating = threading.Thread(target=live)
        beating.start()
        yield begun(ops, bot)
        ending.set()
        beating.join()
        command.stop_all()


@pytest.fixture
def alone(ops, bot) -> OpsProcess:
    """The same, for what happens to the bot or to the service."""
    return begun(ops, bot)


def answers_within(ops: OpsProcess, path: str, seconds: float) -> bool:
    """Whether an answer takes so long when the machine does nothing else just then."""
    return wait_until(lambda: ops.get(path).seconds < seconds)


def is_semantic_error(answer: Answer) -> bool:
    members = {"error_code", "error_type", "message", "cause", "impact", "remediation", "severity"}
    return members <= set(answer.json())


def test_operator_queries_the_summary_of_a_running_bot(running):
    answer = running.get("summary")
    assert answer.status == 200
    assert len(answer.body) < 10_240
    body = answer.json()
    float(body["daily_pnl"])
    alive = {"healthy", "degraded"}  # who beats for the bot may be a moment late
    assert wait_until(lambda: running.get("summary").json()["health_status"] in alive)
    assert answers_within(running, "summary", 0.1)


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
    assert answers_within(running, "state", 0.2)


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


def test_operator_queries_the_summary_while_the_bot_is_not_running(alone, bot):
    bot.die()
    assert wait_until(lambda: alone.get("summary").json()["data_age_seconds"] > 0.1)
    answer = alone.get("summary")
    assert answer.status == 200
    body = answer.json()
    assert body["health_status"] == "offline"
    assert body["position_count"] == 1
    assert body["data_age_seconds"] > 0.1
    assert any("Bot offline" in text for text in body["warnings"])
    age = body["data_age_seconds"]  # told in milliseconds, and an answer may take less
    assert wait_until(lambda: alone.get("summary").json()["data_age_seconds"] > age)


def test_operator_restarts_the_service_and_finds_the_same_state(alone, bot):
    before = alone.get("state").json()
    alone.command.stop_all()
    alone.start()
    assert wait_until(lambda: alone.get("state").status == 200)
    bot.beat()
    after = alone.get("state").json()
    for part in ("account", "positions", "orders", "performance", "config_summary", "timestamp"):
        assert after[part] == before[part]


def test_the_api_port_answers_head_and_conditional_requests(alone, bot):
    def asked_again() -> Answer:
        bot.beat()  # or it is another summary after three seconds
        first = alone.get("summary")
        return alone.get("summary", **{"If-None-Match": first.headers["etag"]})

    def is_unchanged() -> bool:
        again = asked_again()
        return (again.status, again.body) == (304, b"")

    assert alone.get("summary", method="HEAD").body == b""
    assert wait_until(is_unchanged)


def test_each_answer_of_the_state_has_every_field_that_was_promised(running):
    body = running.get("state").json()
    for part, fields in PROMISED_STATE.items():
        one = body[part][0] if isinstance(body[part], list) else body[part]
        assert set(one) >= fields, part
    assert {"timestamp", "data_age_seconds", "warnings"} <= set(body)
    assert all("trace_id" in error for error in running.get("errors").json()["errors"])


PROMISED_STATE = {
    "account": {"buying_power", "account_balance", "cash_balance", "equity", "last_updated"},
    "positions": {
        "symbol",
        "quantity",
        "entry_price",
        "current_price",
        "unrealized_pl",
        "unrealized_pl_pct",
        "last_updated",
    },
    "orders": {
        "id",
        "client_order_id",
        "symbol",
        "side",
        "type",
        "quantity",
        "filled_quantity",
        "status",
        "created_at",
    },
    "performance": {
        "win_rate",
        "avg_risk_reward",
        "total_realized_pl",
        "total_unrealized_pl",
        "total_pl",
        "daily_pnl",
        "current_streak",
        "streak_type",
        "trades_today",
        "session_count",
        "max_drawdown",
    },
    "health": {"status", "reason", "conditions", "circuit_breaker_active", "last_heartbeat"},
    "config_summary": {"mode", "strategy", "limits", "generation", "observed_generation"},
}


def test_operator_asks_whether_the_service_is_up_without_a_key(running):
    answer = running.get("health/healthz", key=None)
    assert answer.status == 200
    assert set(answer.json()) == {"status", "timestamp"}
    ready = running.get("health/readyz", key=None)
    assert (ready.status, ready.json()["status"], ready.json()["dependencies"]) == (200, "ready", None)


def test_operator_reads_an_error_with_its_cause_its_impact_and_what_to_do(running):
    (error, *_) = running.get("errors").json()["errors"]
    assert all(
        error[field] for field in ("error_code", "message", "cause", "impact", "remediation", "severity")
    )
    explained = running.get(f"errors/{error['error_code']}").json()
    assert explained["count"] >= 1
    assert explained["last_seen"]


def test_operator_opens_the_documentation_in_a_browser_without_a_network(running):
    page = running.get("/api/docs", key=None)
    assert page.status == 200
    assert b"://" not in page.body
    for name in ("swagger.js", "swagger.css", "start.js"):
        assert running.get(f"/api/docs/{name}", key=None).status == 200
    document = running.get("openapi.json", key=None).json()
    assert document["openapi"].startswith("3.")
    for path in ("/api/v1/state", "/api/v1/summary", "/api/v1/errors", "/api/v1/performance"):
        operation = document["paths"][path]["get"]
        assert operation["description"]
        assert "example" in operation["responses"]["200"]["content"]["application/json"]
        assert "AUTH_001" in operation["responses"]["401"]["description"]


def test_operator_asks_for_the_performance_of_a_time(running):
    start = datetime.now(UTC) - timedelta(days=2)  # it has traded just now, whatever day it is
    body = running.get(f"performance?start={start:%Y-%m-%d}T00:00:00Z&interval=1d").json()
    totals = body["totals"]
    assert {"pnl", "win_rate", "avg_risk_reward", "trade_count"} <= set(totals)
    assert totals["trade_count"] == 1
    assert sum(one["trades"] for one in body["intervals"]) == 1
    float(body["intervals"][0]["pnl"])
