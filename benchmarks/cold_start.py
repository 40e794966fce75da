"""From starting an exporter to its first right page, on a long journal; beside the same on a short one.

A million events; ten million with `--full` (TICKERTAPE_LONG=1), which take a minute or two to write. The
journal is the demo's mix with a snapshot each thirty seconds, copied behind itself until it is so long.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.command_line import PROGRAM
from benchmarks.rows import Row
from benchmarks.tapes import prolong, record
from trading_bot.boot.home import Home

ROUNDS = 5
BEGINNING = 20_000
SHORT = 1_000
PATIENCE_SECONDS = 60.0


def measure() -> list[Row]:
    """Return the wall time from start to the first page, and what of it the length of the journal costs."""
    events = 10_000_000 if os.environ.get("TICKERTAPE_LONG") else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        long, short = (Home(Path(folder) / name).create() for name in ("long", "short"))
        record(short.journal, SHORT, snapshots=True)
        begun = time.perf_counter()
        record(long.journal, BEGINNING, snapshots=True)
        prolong(long.journal, events)
        written = time.perf_counter() - begun
        _first_page(long)
        pairs = [(_first_page(long), _first_page(short)) for _ in range(ROUNDS)]
    measured, floor = (median(column) for column in zip(*pairs, strict=True))
    floor_is = f"the same on {SHORT:,} events"
    return [
        Row(
            what=f"first page on {events:,} events, wall",
            measured=measured,
            unit="s",
            floor=floor,
            floor_is=floor_is,
            budget=1.0,
        ),
        Row(what="writing that journal once, wall", measured=written, unit="s"),
    ]


def _first_page(home: Home) -> float:
    """Return the seconds from the start of `tickertape exporter` to its first 200."""
    port = _free_port()
    variables = {name: text for name, text in os.environ.items() if not name.startswith("BOT_")}
    variables |= {"BOT_METRICS_PORT": str(port), "BOT_HOME": str(home.path)}
    begun = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "exporter"], env=variables, stdout=subprocess.DEVNULL)
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE_SECONDS:
                raise RuntimeError(f"the exporter gave no page within {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.002)
        return time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/metrics")
        return connection.getresponse().status == http.client.OK
    return False
