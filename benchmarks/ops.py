"""The ops endpoint under load, beside a bare handler on the same server and FastAPI on uvicorn.

A bot trades beside it, so that its bodies change. Every answer is asked for by a client process of its own
over kept-open connections; the bare handler and FastAPI answer a constant body of the same size. The rate
limit is set so high that it counts every request and refuses none. Servers take turns.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.command_line import PROGRAM
from benchmarks.decision_cycle import REST_SECONDS, ours
from benchmarks.memory import _free_port, _megabytes
from benchmarks.rows import Row, percentile
from trading_bot.boot.home import Home

RATE = "1000000000/minute"
PATHS = {"summary": "/api/v1/summary", "state": "/api/v1/state", "metrics": "/api/v1/metrics"}
CONNECTIONS = (1, 10, 100, 1_000)
REQUESTS, LONG_REQUESTS = 1_000, 20_000
MEMORY_REQUESTS, LONG_MEMORY_REQUESTS = 5_000, 100_000
FLOOD_SECONDS, LONG_FLOOD_SECONDS = 4.0, 15.0
FLOODED, FLOOD_CONNECTIONS = 10**9, 20
SCRAPES_A_SECOND = 10
BARE, RIVAL = "bare handler, same server and size", "FastAPI on uvicorn, same size"
BUDGETS = {("summary", 10, 95): 2.0, ("state", 10, 95): 2.0, ("summary", 1_000, 99): 200.0} | {
    ("state", 1_000, 99): 200.0
}
START_SECONDS = 30.0


class Target(msgspec.Struct, frozen=True):
    """A server that is asked."""

    port: int
    key: str = ""


def measure() -> list[Row]:
    """Return latencies, memory, and what the bot and the exporter notice of a flood."""
    print(f"  (rate limit while measuring: {RATE})", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home").create()
        with _trading(home), _ops(home) as (ops, pid):
            rows = [row for name in PATHS for row in _latencies(name, ops)]
            rows += _memory(ops, pid)
        rows += _disturbance(Path(folder) / "flooded")
    return rows


def _is_long() -> bool:
    return "TICKERTAPE_LONG" in os.environ


def _latencies(name: str, ops: Target) -> Iterator[Row]:
    size = str(len(_get(ops, PATHS[name])))
    requests = LONG_REQUESTS if _is_long() else REQUESTS
    with _beside("bare", size) as bare, _beside("fastapi", size) as rival:
        for connections in CONNECTIONS:
            found = {
                label: _load(target, PATHS[name], connections, max(requests, 2 * connections))
                for label, target in (("ours", ops), ("bare", bare), ("rival", rival))
            }
            yield from _rows(f"{name} ({size} B), {connections} connections", name, connections, found)


def _rows(what: str, name: str, connections: int, found: dict[str, dict[str, float]]) -> Iterator[Row]:
    for percent in (50, 95, 99):
        measured, floor, rival = (found[label][f"p{percent}"] for label in ("ours", "bare", "rival"))
        yield Row(
            what=f"{what}, P{percent}",
            measured=measured,
            unit="ms",
            floor=floor,
            floor_is=BARE,
            budget=BUDGETS.get((name, connections, percent)),
        )
        yield Row(what=f"  {RIVAL}", measured=rival, unit="ms")
    yield Row(
        what=f"{what}, a second",
        measured=found["ours"]["a_second"],
        unit="requests",
        floor=found["bare"]["a_second"],
        floor_is=f"{BARE}; FastAPI {found['rival']['a_second']:,.0f}",
        more_is_better=True,
    )
    yield Row(what=f"{what}, not answered with 200", measured=found["ours"]["errors"], unit="requests")


def _memory(ops: Target, pid: int) -> list[Row]:
    requests = LONG_MEMORY_REQUESTS if _is_long() else MEMORY_REQUESTS
    before = _megabytes(pid)
    for path in PATHS.values():
        _load(ops, path, 10, requests // len(PATHS))
    after = _megabytes(pid)
    return [
        Row(what="memory of ops before", measured=before, unit="MB"),
        Row(
            what=f"memory of ops after {requests:,} requests",
            measured=after,
            unit="MB",
            floor=before,
            floor_is="before",
        ),
    ]


def _disturbance(folder: Path) -> list[Row]:
    """A decision cycle on a tape that ops and exporter follow, while one or the other server is flooded."""
    seconds = LONG_FLOOD_SECONDS if _is_long() else FLOOD_SECONDS
    home = Home(folder).create()
    cycles: dict[str, list[float]] = {"quiet": [], "bare": [], "ours": []}
    scrapes: dict[str, list[float]] = {"quiet": [], "bare": [], "ours": []}
    with (
        ours(home.path) as (cycle, _),
        _exporter(home) as exporter,
        _ops(home) as (ops, _pid),
        _beside("bare", str(len(_get(ops, PATHS["summary"])))) as bare,
    ):
        for _ in range(3):
            for label, target in (("quiet", None), ("bare", bare), ("ours", ops)):
                with _flood(target), _scraped(exporter, scrapes[label]):
                    cycles[label].append(_tail(cycle, seconds / 3))
    return [
        Row(
            what="p99 of the decision cycle, API flooded, 10 scrapes/s",
            measured=median(cycles["ours"]),
            unit="µs",
            floor=median(cycles["bare"]),
            floor_is=f"the same flood against the bare handler; no flood {median(cycles['quiet']):.0f}",
        ),
        Row(
            what="the same as a part of the bare handler's",
            measured=median(cycles["ours"]) / median(cycles["bare"]),
            unit="ratio",
            budget=1.1,
        ),
        Row(
            what="P99 of the exporter's scrape, API flooded",
            measured=percentile(scrapes["ours"], 99),
            unit="ms",
            floor=percentile(scrapes["bare"], 99),
            floor_is=f"flood of the bare handler; no flood {percentile(scrapes['quiet'], 99):.1f}",
        ),
    ]


def _tail(cycle: Callable[[], None], seconds: float) -> float:
    """Return the p99 of the cycle's duration in microseconds."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        cycle()
        taken.append((time.perf_counter() - began) * 1e6)
        time.sleep(REST_SECONDS)
    return percentile(taken, 99)


@contextlib.contextmanager
def _flood(target: Target | None) -> Iterator[None]:
    if target is None:
        yield
        return
    process = _client(target, PATHS["summary"], FLOOD_CONNECTIONS, FLOODED)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _scraped(exporter: Target, into: list[float]) -> Iterator[None]:
    ending = threading.Event()

    def scrape() -> None:
        while not ending.wait(1 / SCRAPES_A_SECOND):
            began = time.perf_counter()
            _get(exporter, "/metrics")
            into.append((time.perf_counter() - began) * 1e3)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _load(target: Target, path: str, connections: int, requests: int) -> dict[str, float]:
    out, _ = _client(target, path, connections, requests).communicate()
    found: dict[str, float] = json.loads(out)
    return found


def _client(target: Target, path: str, connections: int, requests: int) -> subprocess.Popen[str]:
    asked = (str(target.port), path, target.key, str(connections), str(requests))
    command = [sys.executable, "-m", "benchmarks.ops_load", *asked]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def _trading(home: Home) -> Iterator[None]:
    with _process([sys.executable, "-m", "benchmarks.memory_bot", str(home.path)]):
        time.sleep(2)
        yield


@contextlib.contextmanager
def _ops(home: Home) -> Iterator[tuple[Target, int]]:
    target = Target(_free_port(), home.read_key.read_text(encoding="ascii").strip())
    ports = {"BOT_API_PORT": str(target.port), "BOT_STREAM_PORT": str(_free_port())}
    command = [str(PROGRAM), "ops", "--home", str(home.path)]
    with _process(command, BOT_API_RATE_LIMIT=RATE, **ports) as pid:
        _await(target, PATHS["summary"])
        yield target, pid


@contextlib.contextmanager
def _exporter(home: Home) -> Iterator[Target]:
    target = Target(_free_port())
    command = [str(PROGRAM), "exporter", "--home", str(home.path)]
    with _process(command, BOT_METRICS_PORT=str(target.port)):
        _await(target, "/metrics")
        yield target


@contextlib.contextmanager
def _beside(name: str, size: str) -> Iterator[Target]:
    target = Target(_free_port())
    with _process([sys.executable, "-m", "benchmarks.ops_server", name, str(target.port), size]):
        _await(target, "/x")
        yield target


@contextlib.contextmanager
def _process(command: list[str], **variables: str) -> Iterator[int]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("BOT_", "OTEL_"))}
    process = subprocess.Popen(
        command,
        env={**environment, **variables},
        stdin=subprocess.PIPE,  # one of them runs until it ends
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _await(target: Target, path: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            _get(target, path)
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers {path} on port {target.port}")


def _get(target: Target, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    try:
        connection.request("GET", path, headers={"X-API-Key": target.key})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == http.HTTPStatus.OK, body
        return body
    finally:
        connection.close()
