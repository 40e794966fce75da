"""The ops process: checks that it may, then has granian serve from a worker of its own."""

from __future__ import annotations

import socket
import sys
from functools import partial
from typing import Final

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from exporter.ops.worker import application
from trading_bot.boot.home import Home
from trading_bot.boot.ports import probe
from trading_bot.boot.settings import BootSettings, url_host
from trading_bot.journal import Lock

PORT_VARIABLE: Final = "BOT_API_PORT"
STREAM_VARIABLE: Final = "BOT_STREAM_PORT"
KILL_SECONDS: Final = 2
HEADER_MILLISECONDS: Final = 5_000
TARGET: Final = "exporter.ops.worker:application"


def run(settings: BootSettings) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean stop, 1 when the worker died.

    One worker with one thread: requests take microseconds and wait for nothing, and a second thread
    would only fight for the interpreter. Bodies and slow work are waited for by the loop, see the bridge.

    Raises:
        OperatorError: JRNL_003 when another ops runs on this home, BOT_005 when the port is in use.
    """
    home = Home(settings.home)
    Lock.acquire(home.ops).release()  # the worker takes it; a second ops hears so here, in one line
    probe(settings.host, settings.api_port, PORT_VARIABLE)
    probe(settings.host, settings.stream_port, STREAM_VARIABLE)
    server = Server(
        TARGET,
        address=_address(settings.host, settings.api_port),
        port=settings.api_port,
        interface=Interfaces.RSGI,
        workers=1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        workers_kill_timeout=KILL_SECONDS,
        log_enabled=False,
    )
    url = f"http://{url_host(settings.host)}:{settings.api_port}/api/v1"
    sys.stdout.write(f"ops: {settings.name} at {url}\n")
    sys.stdout.flush()
    server.serve(target_loader=partial(application, settings), wrap_loader=False)
    return 0


def _address(host: str, port: int) -> str:
    """Return the address of a host name: granian takes nothing else."""
    return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
