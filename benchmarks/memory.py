"""What the processes occupy: resident memory, ten seconds after the start.

The bot without ccxt is composed as its process composes it, with the in-memory venue, and trades nothing;
the others are `tickertape up` as the demo runs it, shipping spans to a collector and scraped once a
second. The floor is an interpreter that does nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.command_line import PROGRAM
from benchmarks.decision_cycle import collector
from benchmarks.rows import Row

SETTLED_SECONDS = 10.0
LOOKS = 5
LOOK_SECONDS = 0.4
BUDGETS = {"bot without ccxt": 40.0, "bot with ccxt": 150.0, "exporter": 80.0, "ops": 120.0}
NAMES = {"run": "bot with ccxt", "exporter": "exporter", "ops": "ops", "exchange": "exchange"}
"""By subcommand."""
PORTS = ("BOT_API_PORT", "BOT_METRICS_PORT", "BOT_STREAM_PORT", "BOT_EXCHANGE_PORT")


def measure() -> list[Row]:
    """Return megabytes of each process, its children included."""
    with tempfile.TemporaryDirectory() as folder:
        with _running([sys.executable, "-c", "input()"]) as nothing:
            floor = _megabytes(nothing)
        with _running([sys.executable, "-m", "benchmarks.memory_bot", f"{folder}/bot"]) as bot:
            time.sleep(SETTLED_SECONDS / 2)
            found = {"bot without ccxt": _settled(bot)}
        ports = {name: str(_free_port()) for name in PORTS}
        with (
            collector() as traces,
            _running([PROGRAM, "up", "--home", f"{folder}/up"], **ports, **_otlp(traces)) as up,
        ):
            _scrape(int(ports["BOT_METRICS_PORT"]), SETTLED_SECONDS)
            found |= {name: _settled(pid) for pid, name in _named_children(up)}
    return [
        Row(
            what=name,
            measured=megabytes,
            unit="MB",
            floor=floor,
            floor_is="python that does nothing",
            budget=BUDGETS.get(name),
        )
        for name, megabytes in found.items()
    ]


@contextlib.contextmanager
def _running(command: list[str], **variables: str) -> Iterator[int]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("BOT_", "OTEL_"))}
    process = subprocess.Popen(
        command, env={**environment, **variables}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(0.5)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _otlp(traces: str) -> dict[str, str]:
    endpoint = traces.removesuffix("/v1/traces")
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}


def _scrape(port: int, seconds: float) -> None:
    """Ask for the page once a second, as Prometheus does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/metrics")
            connection.getresponse().read()
        connection.close()
        time.sleep(1)


def _settled(pid: int) -> float:
    looks = []
    for _ in range(LOOKS):
        looks.append(_megabytes(pid))
        time.sleep(LOOK_SECONDS)
    return median(looks)


def _megabytes(pid: int) -> float:
    """Return what a process and its children occupy, resident, in millions of bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    own = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return own + sum(_megabytes(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _named_children(up: int) -> list[tuple[int, str]]:
    named = []
    for pid in _children(up):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        named += [(pid, name) for subcommand, name in NAMES.items() if subcommand in words]
    return named


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
