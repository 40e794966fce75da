"""One thread answers everybody: no client may hold it."""

from __future__ import annotations

import json
import socket

import pytest
from support.ops_process import OpsProcess

SLOW = b"POST /api/v1/summary HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: 1000\r\n\r\nhalf"


@pytest.fixture
def running(ops, bot) -> OpsProcess:
    ops.start()
    return ops


def send(ops: OpsProcess, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", ops.port), timeout=30)
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


def test_a_client_that_sends_half_a_body_holds_up_nobody_and_is_told_so(running):
    half = [send(running, SLOW % key(running)) for _ in range(20)]
    assert running.get("health/healthz", key=None).status == 200
    assert running.get("summary").status in {200, 503}
    for connection in half:
        status, problem = answered(connection)
        assert (status, problem["error_code"]) == (408, "API_001")
        connection.close()


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(running):
    said = send(running, SLOW.replace(b"1000", b"2000000") % key(running))
    assert answered(said)[0] == 413
    said.close()
    chunked = SLOW.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")[:-4] % key(running)
    unsaid = send(running, chunked)
    for _ in range(20):
        try:
            unsaid.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        except OSError:
            break
    assert answered(unsaid)[0] == 413
    unsaid.close()
