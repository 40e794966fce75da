"""The process that serves: one server and one writer, whatever is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from support.command import PATIENCE, free_ports, processes_of, wait_until
from support.ops_process import SERVING, OpsProcess
from support.tapes import read_all

from trading_bot.boot.home import Home
from trading_bot.journal import lock_owner


def kinds(home: Home) -> list[str]:
    return [item.kind for item in read_all(home.control)]


def is_gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def listeners(port: int) -> int:
    """Return how many sockets listen on a port of this machine."""
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    wanted, listening = f"0100007F:{port:04X}", "0A"
    return sum(row.split()[1] == wanted and row.split()[3] == listening for row in rows)


def connect_and_say_nothing(port: int) -> list[socket.socket]:
    """Return connections that would keep a server waiting: idle, half a request, a body that never comes."""
    openings = (
        b"",
        b"GET /api/v1/health/healthz HT",
        b"GET /api/v1/health/healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\nabc",
    )
    connections = []
    for opening in openings:
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        connection.sendall(opening)
        connections.append(connection)
    return connections


@SERVING
def test_one_worker_serves_and_holds_the_locks(serving):
    processes = processes_of(serving.home.path)
    worker = serving.worker()
    assert worker in processes
    assert lock_owner(serving.home.control) == worker
    assert listeners(serving.port) == 1
    assert len(processes) == 2


def test_sigterm_ends_it_cleanly_and_soon_even_while_clients_say_nothing(ops):
    process = ops.start()
    clients = connect_and_say_nothing(ops.port)
    assert ops.is_up()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 30  # three on a quiet machine; the clients would stay for ever
    assert kinds(ops.home) == ["ops.started", "ops.stopped"]
    assert processes_of(ops.home.path) == {}
    for client in clients:
        client.close()


def test_ctrl_c_in_a_terminal_reaches_both_processes_and_ends_them_cleanly(ops):
    process = ops.start()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert kinds(ops.home)[-1] == "ops.stopped"


@SERVING
def test_a_slow_client_does_not_hold_up_the_others(serving):
    def is_answered_before_they_are_dropped() -> bool:
        clients = connect_and_say_nothing(serving.port)
        seconds = serving.get("summary").seconds
        for client in clients:
            client.close()
        return seconds < 4  # a client that says nothing is dropped after five

    assert wait_until(is_answered_before_they_are_dropped)  # a busy machine may need longer, at times


@SERVING
def test_a_second_ops_on_a_home_is_one_clear_line(serving):
    port = free_ports(1)[0]
    second = serving.command.run("ops", BOT_API_PORT=str(port), BOT_STREAM_PORT=str(free_ports(1)[0]))
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "JRNL_003" in second.stderr
    assert str(serving.worker()) in second.stderr
    assert listeners(port) == 0


def test_a_port_in_use_is_one_clear_line_that_names_the_setting(ops):
    with socket.create_server(("127.0.0.1", ops.port)):
        refused = ops.command.run("ops")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "BOT_API_PORT" in refused.stderr


def test_a_control_tape_that_cannot_be_opened_is_one_clear_line(ops):
    ops.home.control.write_bytes(b"something else entirely" * 500)
    refused = ops.command.run("ops")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "JRNL_002" in refused.stderr
    assert processes_of(ops.home.path) == {}


def restarted(ops: OpsProcess) -> subprocess.Popen[str]:
    """Start it again like a supervisor does: until it stays."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        process = ops.command.start("ops")
        if wait_until(lambda started=process: ops.worker() is not None or started.poll() is not None) and (
            process.poll() is None
        ):
            return process
        time.sleep(0.2)
    pytest.fail("ops could not be started again")


def assert_one_server_and_one_writer(ops: OpsProcess, process: subprocess.Popen[str]) -> None:
    assert wait_until(ops.is_up)
    worker = ops.worker()
    assert lock_owner(ops.home.control) == worker
    assert listeners(ops.port) == 1
    assert set(processes_of(ops.home.path)) == {process.pid, worker}
    assert wait_until(lambda: ops.get("summary").status == 200)


def test_after_kill_9_of_the_parent_and_then_of_the_worker_there_is_one_server_and_one_writer(ops):
    process = ops.start()
    worker = ops.worker()
    os.kill(worker, signal.SIGSTOP)  # it cannot even obey the kernel's signal
    process.kill()
    process.wait()
    refused = ops.command.run("ops")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: is_gone(worker))
    again = restarted(ops)
    assert_one_server_and_one_writer(ops, again)
    assert ops.worker() != worker
    runs = {item.run_id for item in read_all(ops.home.control)}
    assert len(runs) == 2
    assert kinds(ops.home).count("ops.started") == 2


def test_after_kill_9_of_the_parent_the_worker_ends_by_itself_and_says_so(ops):
    process = ops.start()
    worker = ops.worker()
    client = socket.create_connection(("127.0.0.1", ops.port))
    process.kill()
    process.wait()
    assert wait_until(lambda: is_gone(worker))
    client.close()
    assert kinds(ops.home) == ["ops.started", "ops.stopped"]
    assert_one_server_and_one_writer(ops, restarted(ops))


def test_after_kill_9_of_the_worker_its_parent_ends_with_a_failure_so_that_it_is_started_again(ops):
    process = ops.start()
    os.kill(ops.worker(), signal.SIGKILL)
    assert process.wait(PATIENCE) == 1
    assert_one_server_and_one_writer(ops, restarted(ops))


@SERVING
def test_ops_started_says_what_runs(serving):
    assert wait_until(lambda: serving.home.control.exists() and bool(kinds(serving.home)))
    assert kinds(serving.home)[0] == "ops.started"
    started = read_all(serving.home.control)[0].payload
    assert started.pid == serving.worker()
    assert started.version
