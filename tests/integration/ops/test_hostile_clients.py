"""One thread answers everybody: no client may hold it."""

from __future__ import annotations

import http.client
import json
import socket

from support.command import PATIENCE, wait_until
from support.ops_process import SERVING, OpsProcess

from trading_bot.contract.events.access import WriteAnswered
from trading_bot.journal import TapeReader

SLOW = b"POST /api/v1/summary HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: 1000\r\n\r\nhalf"


def send(ops: OpsProcess, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", ops.port), timeout=PATIENCE)
    connection.sendall(data)
    return connection


def key(ops: OpsProcess) -> bytes:
    return ops.home.operate_key.read_text().strip().encode()


def answered(connection: socket.socket) -> tuple[int, dict]:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        if body.endswith(b"}"):
            break
    return int(head.split()[1]), json.loads(body)


@SERVING
def test_a_client_that_sends_half_a_body_holds_up_nobody_and_is_told_so(serving):
    half = [send(serving, SLOW % key(serving)) for _ in range(20)]
    assert serving.get("health/healthz", key=None).status == 200
    assert serving.get("summary").status in {200, 503}
    for connection in half:
        status, problem = answered(connection)
        assert (status, problem["error_code"]) == (408, "API_001")
        assert problem["errors"][0]["expected"] == "all of it within 5 s"
        connection.close()


@SERVING
def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(serving):
    said = send(serving, SLOW.replace(b"1000", b"2000000") % key(serving))
    status, problem = answered(said)
    assert status == 413
    assert problem["errors"] == [
        {"field": "(body)", "expected": "at most 1048576 bytes", "found": "more", "example": "{}"}
    ]
    said.close()
    chunked = SLOW.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")[:-4] % key(serving)
    unsaid = send(serving, chunked)
    for _ in range(20):
        try:
            unsaid.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except OSError:
            break
    assert answered(unsaid)[0] == 413
    unsaid.close()


ODD = (
    b"",
    b"null",
    b"{",
    b"\xff\xfe",
    b'{"reason": "\\ud800"}',
    b'{"reason": "\xed\xa0\x80"}',
    b'{"reason": 1e400}',
    b'{"reason": NaN}',
    b'{"reason": ' + b"9" * 5000 + b"}",
    b'{"reason": "a", "reason": 1}',
    b"[" * 50_000,
    b'{"settings":' * 300 + b"1" + b"}" * 300,
)
WRITES = (
    ("POST", "control/pause"),
    ("POST", "commands"),
    ("PUT", "config"),
    ("POST", "config/validate"),
    ("PUT", "config/rollback"),
    ("POST", "workflows/check-health/execute"),
    ("POST", "alerts"),
    ("POST", "auth/token"),
    ("POST", "auth/refresh"),
)


def test_no_body_however_odd_is_an_error_of_the_server(ops, bot):
    ops.start(BOT_API_RATE_LIMIT="1000000/second")
    secret = key(ops).decode()
    connection = http.client.HTTPConnection("127.0.0.1", ops.port, timeout=PATIENCE)
    failed = []
    for method, path in WRITES:
        for body in ODD:
            for kind in ("application/json", "text/plain"):
                headers = {"X-API-Key": secret, "Content-Type": kind}
                connection.request(method, f"/api/v1/{path}", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status >= 500:
                    failed.append((answer.status, method, path, kind, body[:80]))
    connection.close()
    assert failed == []


def test_what_a_write_says_stands_in_the_audit_whatever_its_content_type_is(ops, bot):
    ops.start()
    headers = {"X-API-Key": key(ops).decode(), "Content-Type": "text/plain"}
    connection = http.client.HTTPConnection("127.0.0.1", ops.port, timeout=PATIENCE)
    connection.request("POST", "/api/v1/control/pause", b'{"reason": "a look", "dry_run": true}', headers)
    assert connection.getresponse().status == 200
    connection.close()

    def heard() -> list[WriteAnswered]:
        with TapeReader.open(ops.home.control) as tape:
            return [one.payload for one in tape.read(0, 1_000) if isinstance(one.payload, WriteAnswered)]

    assert wait_until(heard)
    assert [(one.reason, one.dry_run) for one in heard()] == [("a look", True)]
