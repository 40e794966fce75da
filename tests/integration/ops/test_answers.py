"""The application over real tapes, without a socket."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from flask.testing import FlaskClient
from support.recorded_bot import RecordedBot
from support.tapes import eventually, read_all
from werkzeug.test import TestResponse

from exporter.follow import BotView
from exporter.ops.application import create_app
from exporter.ops.lifetime import Lifetime
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import ERRORS, NonRetriableError, TickertapeError
from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.journal import lock_owner

RESOURCES = ("state", "summary", "errors")
RFC_9457 = {"type", "title", "status", "detail", "instance"}
SEMANTIC = {
    "error_code",
    "error_type",
    "message",
    "cause",
    "impact",
    "remediation",
    "severity",
    "retryable",
    "context",
    "timestamp",
    "trace_id",
    "span_id",
    "runbook",
}


class Caller:
    """Asks the application with the home's read key."""

    def __init__(self, client: FlaskClient, home: Home) -> None:
        self.client = client
        self.headers = {"X-API-Key": home.read_key.read_text().strip()}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(f"/api/v1/{path}", headers={**self.headers, **headers})


@pytest.fixture
def lifetime(home) -> Iterator[Lifetime]:
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    yield lifetime
    lifetime.end("the test is over")


@pytest.fixture
def caller(bot, lifetime, home) -> Caller:
    caller = Caller(create_app(lifetime.needs).test_client(), home)
    last = bot.tape.position.seq
    eventually(lambda: reached(lifetime) >= last)
    bot.beat()
    return caller


def reached(lifetime: Lifetime) -> int:
    return lifetime.needs.view.read(lambda state, _health, _position: state.seq)


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert set(body) == RFC_9457 | SEMANTIC | {"errors", "next"}
    assert body["type"] == f"/api/v1/errors/{code}"
    assert body["title"] == ERRORS[code].title
    assert body["error_code"] == code
    assert body["status"] == status
    assert body["detail"] == body["message"]
    assert body["instance"] == response.headers["X-Request-ID"]
    assert body["remediation"]
    assert response.headers["Cache-Control"] == "no-store"
    return body


@pytest.mark.parametrize("resource", RESOURCES)
def test_each_resource_answers_with_the_position_that_it_shows(caller, bot, resource):
    response = caller.get(resource)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-cache"
    tape, run, seq = response.headers["Tickertape-Position"].split("/")
    assert (tape, run) == (bot.tape.tape_id, bot.tape.position.run_id)
    assert int(seq) == bot.tape.committed


@pytest.mark.parametrize("resource", RESOURCES)
def test_an_unchanged_answer_is_304_and_a_changed_one_is_not(caller, bot, lifetime, resource):
    first = caller.get(resource)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    again = caller.get(resource, **{"If-None-Match": f'"other", {etag}'})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == etag
    bot.fail(NonRetriableError("VENUE_001", "another one"))
    eventually(lambda: reached(lifetime) == bot.tape.committed)
    bot.beat()
    changed = caller.get(resource, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_what_is_kept_between_requests_is_never_older_than_the_fold(caller, bot, lifetime):
    for number in range(20):
        bot.fail(NonRetriableError("VENUE_001", f"error {number}"))
        eventually(lambda: reached(lifetime) == bot.tape.committed)
        bot.beat()
        response = caller.get("summary")
        assert response.get_json()["recent_errors"][0]["message"] == f"error {number}"
        assert response.headers["Tickertape-Position"].endswith(f"/{bot.tape.committed}")


def test_the_age_grows_and_warnings_come_while_the_tape_stands_still(home):
    recorded_at = SystemClock().now_ns()
    with RecordedBot(home, ManualClock(recorded_at)) as bot:
        bot.live()
    clock = ManualClock(recorded_at)
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), clock)
    try:
        eventually(lambda: lifetime.needs.view.caught_up)
        caller = Caller(create_app(lifetime.needs).test_client(), home)
        seen = []
        for _ in range(3):
            clock.advance(150.5)
            body = caller.get("summary").get_json()
            seen.append(
                (round(body["data_age_seconds"], 1), any("Stale data" in w for w in body["warnings"]))
            )
    finally:
        lifetime.end("the test is over")
    assert seen == [(150.5, False), (301.0, True), (451.5, True)]


@pytest.mark.parametrize("path", [*RESOURCES, "nowhere", "errors/AUTH_001", ""])
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_without_a_known_key_nothing_is_told_not_even_what_exists(caller, path, headers):
    response = caller.client.get(f"/api/v1/{path}", headers=headers)
    assert_problem(response, 401, "AUTH_001")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Tickertape-Position" not in response.headers


def test_a_key_may_also_come_as_bearer_and_may_be_the_operate_key(caller, home):
    for key in (home.read_key, home.operate_key):
        headers = {"Authorization": f"Bearer {key.read_text().strip()}"}
        assert caller.client.get("/api/v1/summary", headers=headers).status_code == 200


def test_health_is_public_and_says_nothing_of_the_bot(caller):
    response = caller.client.get("/api/v1/health/healthz")
    assert response.status_code == 200
    assert set(response.get_json()) == {"status", "timestamp"}
    assert "Tickertape-Position" not in response.headers


def test_what_does_not_exist_or_is_not_allowed_is_a_problem(caller):
    assert_problem(caller.get("nowhere"), 404, "API_002")
    refused = caller.client.post("/api/v1/state", headers=caller.headers)
    assert_problem(refused, 405, "API_003")
    assert "GET" in refused.headers["Allow"]


def test_a_wrong_parameter_is_named_with_a_valid_example(caller):
    body = assert_problem(caller.get("errors?limit=0&colour=red"), 400, "API_001")
    assert [fault["field"] for fault in body["errors"]] == ["limit", "colour"]
    assert all(set(fault) == {"field", "expected", "found", "example"} for fault in body["errors"])


def test_every_answer_carries_the_security_headers_and_its_id(caller):
    for path in ("summary", "nowhere", "health/healthz"):
        response = caller.get(path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert len(response.headers["X-Request-ID"]) == 32


def test_a_problem_belongs_to_the_trace_of_its_caller(caller):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    response = caller.get("nowhere", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert response.get_json()["trace_id"] == trace
    other = caller.get("nowhere", traceparent=f"00-{'0' * 32}-00f067aa0ba902b7-01").get_json()
    assert other["trace_id"] == other["instance"]


def test_refused_keys_are_recorded_once_a_minute_and_not_each_time(caller, home):
    for _ in range(50):
        caller.client.get("/api/v1/summary")
    eventually(lambda: errors_on(home))
    assert errors_on(home) == ["AUTH_001"]
    log = home.log("ops")
    eventually(lambda: log.exists() and "AUTH_001" in log.read_text())


def errors_on(home: Home) -> list[str]:
    return [
        envelope.payload.error.error_code
        for envelope in read_all(home.control)
        if envelope.kind == "error.recorded"
    ]


def test_our_own_failure_is_on_the_tape_with_its_span_and_in_the_log_but_not_in_the_answer(
    caller, lifetime, home
):
    app = create_app(lifetime.needs)

    @app.get("/api/v1/broken")
    def broken():
        raise ValueError("a secret path /home/somebody")

    response = app.test_client().get("/api/v1/broken", headers=caller.headers)
    body = assert_problem(response, 500, "API_005")
    assert "somebody" not in response.text
    eventually(lambda: {"error.recorded", "spans.recorded"} <= {item.kind for item in read_all(home.control)})
    (error,) = [item for item in read_all(home.control) if item.kind == "error.recorded"]
    (record,) = [item for item in read_all(home.control) if item.kind == "spans.recorded"]
    (span,) = record.payload.spans
    assert error.trace_id == span.trace_id == body["trace_id"]
    assert (span.name, span.error_code) == ("answer request", "API_005")
    assert "somebody" in error.payload.error.cause
    log = home.log("ops")
    eventually(lambda: log.exists() and body["trace_id"] in log.read_text())


def test_until_the_tape_has_been_read_once_it_is_not_ready_and_says_when_to_come_back(caller, lifetime, home):
    unread = BotView(home, SystemClock())  # never started
    app = create_app(msgspec.structs.replace(lifetime.needs, view=unread))
    for resource in RESOURCES:
        response = app.test_client().get(f"/api/v1/{resource}", headers=caller.headers)
        assert_problem(response, 503, "API_004")
        assert response.headers["Retry-After"] == "1"
    assert app.test_client().get("/api/v1/health/healthz").status_code == 200


def test_a_cache_time_that_is_set_is_told_to_the_client(caller, lifetime, home):
    settings = BootSettings(home=home.path, state_cache_ttl=60)
    app = create_app(msgspec.structs.replace(lifetime.needs, settings=settings))
    response = app.test_client().get("/api/v1/summary", headers=caller.headers)
    assert response.headers["Cache-Control"] == "private, max-age=60"


def test_a_frozen_bot_is_offline_with_its_last_known_state(caller, bot):
    bot.beat(silent_for=10)
    body = caller.get("summary").get_json()
    assert body["health_status"] == "offline"
    assert "does not move" in body["health_reason"]
    assert body["position_count"] == 1
    assert any("Bot offline (Frozen)" in text for text in body["warnings"])


def test_a_bot_that_cannot_write_its_journal_is_degraded_and_says_so(caller, bot):
    bot.beat(journal_error="JRNL_004")
    body = caller.get("state").get_json()
    assert body["health"]["status"] == "degraded"
    assert "journal cannot be written" in body["health"]["reason"]
    conditions = {item["name"]: item for item in body["health"]["conditions"]}
    assert conditions["JournalWritable"]["status"] == "False"
    assert conditions["Deciding"]["reason"] == "JournalUnwritable"


def test_a_second_ops_on_a_home_is_refused_and_changes_nothing(lifetime, home):
    eventually(lambda: read_all(home.control))
    with pytest.raises(TickertapeError) as refused:
        Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    assert refused.value.code == "JRNL_003"
    assert [item.kind for item in read_all(home.control)] == ["ops.started"]
    assert lock_owner(home.control) is not None


def test_a_clean_end_says_so_on_the_tape_and_gives_the_locks_back(home):
    Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock()).end("enough")
    assert [item.kind for item in read_all(home.control)] == ["ops.started", "ops.stopped"]
    assert read_all(home.control)[-1].payload.reason == "enough"
    assert lock_owner(home.control) is None
    assert lock_owner(home.ops) is None


def test_data_that_is_old_tells_its_true_age_and_that_it_is_stale(home):
    now = SystemClock().now_ns()
    with RecordedBot(home, ManualClock(now - 400 * SECOND)) as bot:
        bot.live()
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    try:
        eventually(lambda: lifetime.needs.view.caught_up)
        body = Caller(create_app(lifetime.needs).test_client(), home).get("state").get_json()
    finally:
        lifetime.end("the test is over")
    assert 399 < body["data_age_seconds"] < 401 + (SystemClock().now_ns() - now) / SECOND
    assert any(text.startswith("Stale data") for text in body["warnings"])
    assert body["positions"][0]["symbol"] == "EUR/USD"


def test_a_damaged_journal_is_no_refusal_but_offline_with_the_reason(home):
    home.journal.write_bytes(b"no database at all" * 1000)
    lifetime = Lifetime.begin(BootSettings(home=home.path, stream_port=0), SystemClock())
    try:
        eventually(lambda: lifetime.needs.view.caught_up)
        body = Caller(create_app(lifetime.needs).test_client(), home).get("summary").get_json()
    finally:
        lifetime.end("the test is over")
    assert (body["health_status"], body["health_reason"]) == ("offline", "the journal cannot be read")
    assert body["daily_pnl"] is None
    assert body["unknown"]["daily_pnl"]
