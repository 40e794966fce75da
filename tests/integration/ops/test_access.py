"""Keys, people and rates, against the running process."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
from typing import Any

import jwt
import pytest
from support.command import PATIENCE, PROGRAM, wait_until
from support.ops_process import Answer, OpsProcess

from trading_bot.contract.events.access import WriteAnswered
from trading_bot.journal import TapeReader

PASSWORD = "correct horse battery"


def add_person(ops: OpsProcess, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "user", "add", name, *options, "--home", ops.home.path],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
    )


def post(ops: OpsProcess, path: str, body: Any, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", ops.port, timeout=PATIENCE)
    try:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", f"/api/v1/{path}", data, {"Content-Type": "application/json", **headers})
        return Answer(connection.getresponse(), 0.0)
    finally:
        connection.close()


def sign_in(ops: OpsProcess, name: str = "ada", password: str = PASSWORD) -> Answer:
    return post(ops, "auth/token", {"username": name, "password": password})


def as_bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def running(ops, bot) -> OpsProcess:
    ops.start()
    return ops


def test_a_key_that_is_made_works_within_seconds_and_no_more_once_it_is_revoked(running):
    made = running.command.run("key", "create", "grafana", "--output", "json")
    key = json.loads(made.stdout)[0]["key"]
    assert wait_until(lambda: running.get("state", key).status == 200)
    assert key not in running.home.known_keys.read_text()
    assert running.home.known_keys.stat().st_mode & 0o777 == 0o600
    assert post(running, "control/pause", {"reason": "x"}, **{"X-API-Key": key}).status == 403
    assert running.command.run("key", "revoke", "grafana").returncode == 0
    assert wait_until(lambda: running.get("state", key).status == 401)


def test_a_write_is_on_the_control_tape_with_who_and_why_also_a_refused_one(running):
    key = running.home.read_key.read_text().strip()
    answer = post(running, "control/pause?dry_run=true", {"reason": "a look"}, **{"X-API-Key": key})
    assert (answer.status, answer.json()["error_code"]) == (403, "AUTH_002")
    post(running, "control/pause", {"reason": "nobody"})

    def written() -> list[WriteAnswered]:
        with TapeReader.open(running.home.control) as tape:
            return [each.payload for each in tape.read(0, 1_000) if isinstance(each.payload, WriteAnswered)]

    assert wait_until(lambda: len(written()) == 1)
    (audited,) = written()
    assert (audited.actor, audited.role, audited.status) == ("api-key", "read", 403)
    assert (audited.method, audited.path, audited.reason) == ("POST", "/api/v1/control/pause", "a look")
    assert (audited.dry_run, audited.request_id) == (True, answer.headers["x-request-id"])


def test_a_refused_key_is_recorded_with_where_it_came_from_once_a_minute(running):
    for _ in range(3):
        assert running.get("state", "guessed").status == 401

    def recorded() -> list[dict[str, Any]]:
        log = running.home.log("ops")
        lines = map(json.loads, log.read_text().splitlines()) if log.exists() else ()
        return [line for line in lines if line["error_code"] == "AUTH_001"]

    assert wait_until(lambda: bool(recorded()))
    (line,) = recorded()
    assert line["message"] == "the API key is not known here: GET /api/v1/state"
    assert line["context"]["requests"] == 1
    assert line["context"]["addresses"] == "127.0.0.1 1x"


def test_a_person_signs_in_refreshes_and_signs_out(running):
    assert add_person(running, "ada").returncode == 0
    first = sign_in(running).json()
    assert running.get("state", None, **as_bearer(first["access_token"])).status == 200
    assert running.get("state", None, **as_bearer(first["refresh_token"])).status == 401
    second = post(running, "auth/refresh", {"token": first["refresh_token"]}).json()
    assert running.get("state", None, **as_bearer(second["access_token"])).status == 200
    assert post(running, "auth/revoke", {"token": second["access_token"]}).json() == {"revoked": True}
    assert running.get("state", None, **as_bearer(second["access_token"])).status == 401
    assert (
        post(running, "auth/refresh", {"token": second["refresh_token"]}).json()["error_code"] == "AUTH_003"
    )


def test_a_refresh_token_that_is_used_twice_ends_the_session_for_both(running):
    add_person(running, "ada")
    stolen = sign_in(running).json()
    ours = post(running, "auth/refresh", {"token": stolen["refresh_token"]}).json()
    assert post(running, "auth/refresh", {"token": stolen["refresh_token"]}).status == 401
    assert running.get("state", None, **as_bearer(ours["access_token"])).status == 401
    assert post(running, "auth/refresh", {"token": ours["refresh_token"]}).status == 401


def test_sessions_outlive_a_restart_and_not_their_person(running):
    add_person(running, "ada", "--role", "operate")
    pair = sign_in(running).json()
    running.command.stop_all()
    running.start()
    assert running.get("state", None, **as_bearer(pair["access_token"])).status in {200, 503}
    assert running.command.run("user", "remove", "ada").returncode == 0
    assert wait_until(lambda: running.get("state", None, **as_bearer(pair["access_token"])).status == 401)


def test_wrong_names_and_passwords_and_forged_tokens_are_refused_alike(running):
    add_person(running, "ada")
    wrong, nobody = sign_in(running, password="something else"), sign_in(running, "eve")
    assert (wrong.status, nobody.status) == (401, 401)
    assert wrong.json()["error_code"] == nobody.json()["error_code"] == "AUTH_003"
    forged = jwt.encode({"sub": "ada"}, "another key of 32 bytes or more!!", "HS256")
    unsigned = jwt.encode({"sub": "ada"}, None, "none")
    for token in (forged, unsigned, "a.b.c", "x" * 5000):
        assert running.get("state", None, **as_bearer(token)).status == 401


def test_requests_are_answered_while_passwords_are_checked_and_too_many_are_told_to_wait(ops, bot):
    ops.start()
    add_person(ops, "ada")
    assert sign_in(ops).status == 200
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(sign_in(ops))) for _ in range(30)]
    for thread in threads:
        thread.start()
    assert ops.get("summary").status == 200
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer.status != 200]
    assert {answer.json()["error_code"] for answer in refused} <= {"AUTH_004", "API_006"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)


def test_above_its_rate_a_key_is_told_when_to_come_back_and_what_to_do_instead(ops, bot):
    ops.start(BOT_API_RATE_LIMIT="5/minute")
    answers = [ops.get("state") for _ in range(12)]
    problem = next(answer for answer in answers if answer.status == 429)
    assert problem.json()["error_code"] == "API_006"
    assert 1 <= int(problem.headers["retry-after"]) <= 60
    assert any("stream" in step["action"] for step in problem.json()["remediation"])
    assert ops.get("health/healthz", None).status == 200
    operate = ops.home.operate_key.read_text().strip()
    assert ops.get("state", operate).status in {200, 503}


def test_those_without_a_key_are_counted_by_their_address(ops, bot):
    ops.start(BOT_API_RATE_LIMIT="5/minute")
    assert 429 in {ops.get("state", f"wrong-{number}").status for number in range(12)}
    assert ops.get("state").status in {200, 503}
