"""Ports, parents, signals and supervisors, with real sockets and real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import PATIENCE, wait_until

from trading_bot.boot import identity
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.ports import probe
from trading_bot.boot.signals import handle_in_loop
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Supervisor


def test_a_port_in_use_is_one_clear_line_that_names_the_setting():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            OperatorError, match=f"BOT_API_PORT: port {port} on 127.0.0.1 is in use"
        ) as caught:
            probe("127.0.0.1", port, "BOT_API_PORT")
    assert caught.value.code == "BOT_005"
    assert "\n" not in caught.value.line()


def test_a_port_that_is_shared_by_another_server_counts_as_in_use():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OperatorError):
            probe("127.0.0.1", other.getsockname()[1], "BOT_API_PORT")


def test_a_port_that_was_just_given_back_is_free_again():
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server does
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        server.accept()[0].close()
    probe("127.0.0.1", port, "BOT_API_PORT")
    assert port > 0


def test_an_address_that_is_not_ours_names_the_host_setting():
    with pytest.raises(OperatorError, match="BOT_HOST") as caught:
        probe("192.0.2.1", 8000, "BOT_API_PORT")
    assert caught.value.code == "BOT_002"


PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""
CHILD = """
import os, time
from trading_bot.boot.parent import die_with_parent
die_with_parent(os.getppid())
print("on", flush=True)
time.sleep(60)
"""


def test_a_child_ends_when_its_parent_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: is_gone(child))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_child_whose_parent_died_before_it_could_ask_ends_at_once():
    program = "from trading_bot.boot.parent import die_with_up; die_with_up({'TICKERTAPE_PARENT': '1'}); print('alive')"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TICKERTAPE_SUPERVISOR": "tickertape-up"}, Supervisor.UP),
        ({"TICKERTAPE_SUPERVISOR": "compose"}, Supervisor.COMPOSE),
        ({"TICKERTAPE_SUPERVISOR": "somebody"}, Supervisor.NONE),
        ({"SYSTEMD_EXEC_PID": "7"}, Supervisor.SYSTEMD),
        ({"SYSTEMD_EXEC_PID": "8"}, Supervisor.NONE),
        ({}, Supervisor.NONE),
    ],
)
def test_the_supervisor_is_the_one_that_really_restarts_this_process(environment, expected):
    assert identity.supervisor(environment, pid=7) is expected


def test_run_ids_sort_by_time_and_differ():
    now = SystemClock().now_ns()
    ids = [identity.new_run_id(now), identity.new_run_id(now + 2_000_000_000)]
    assert sorted(ids) == ids
    assert identity.new_run_id(now) != identity.new_run_id(now)


def test_a_signal_reaches_its_handler_in_the_loop():
    async def main() -> bool:
        heard = asyncio.Event()
        handle_in_loop({signal.SIGUSR1: heard.set})
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(heard.wait(), PATIENCE)
        return heard.is_set()

    assert asyncio.run(main())
