"""The simulated exchange: what 50 markets cost, and what it adds to a request.

One listener hears the quotes and bars of all markets, four quotes a second each; the share of a core is the
server's processor time over the time of the measurement. Latencies are seen by a client with one kept-open
connection, the floor in the same run on a server that answers the same bytes to everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import aiohttp

from benchmarks.exchange_server import KEY, SECRET, market_id
from benchmarks.rows import Row, percentile

MARKETS = 50
QUOTES_A_SECOND = 4
LISTENED_SECONDS = 10.0
REQUESTS = 300
# More within ten seconds would be refused.
ORDERS = 90
HALF_A_CORE = 50.0
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
BARE = "bare aiohttp server"

Ask = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


def measure() -> list[Row]:
    """Return the share of a core, the lateness of quotes, and latencies of requests."""
    with tempfile.TemporaryDirectory() as folder:
        with _serving("bare") as (_, port):
            bare = asyncio.run(_latencies(port, _get_time))
        with _serving(folder, str(MARKETS)) as (pid, port):
            heard, share, late = asyncio.run(_listen(pid, port))
            asked = asyncio.run(_latencies(port, _get_time))
            ordered = asyncio.run(_latencies(port, _place, ORDERS))
    wanted = MARKETS * QUOTES_A_SECOND * LISTENED_SECONDS
    return [
        Row(
            what=f"{MARKETS} markets, 1 s bars, with quotes",
            measured=share,
            unit="% core",
            budget=HALF_A_CORE,
        ),
        Row(what="quotes heard", measured=heard, unit="quotes", budget=0.98 * wanted, more_is_better=True),
        Row(what="from a quote's time to its listener, p50", measured=percentile(late, 50), unit="ms"),
        Row(what="from a quote's time to its listener, p99", measured=percentile(late, 99), unit="ms"),
        *_compared("time", asked, bare),
        *_compared("order placed, booked on disk", ordered, bare),
    ]


def _compared(what: str, measured: list[float], bare: list[float]) -> Iterator[Row]:
    for percent in (50, 99):
        yield Row(
            what=f"{what}, p{percent}",
            measured=percentile(measured, percent),
            unit="ms",
            floor=percentile(bare, percent),
            floor_is=BARE,
        )


@contextlib.contextmanager
def _serving(*arguments: str) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "benchmarks.exchange_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.pid, int(server.stdout.readline())
        finally:
            server.kill()


async def _listen(pid: int, port: int) -> tuple[float, float, list[float]]:
    """Return quotes heard, the server's share of a core in percent, and how late the quotes were in ms."""
    names = [
        f"{market_id(number).lower()}@{kind}"
        for number in range(MARKETS)
        for kind in ("bookTicker", "kline_1s")
    ]
    late: list[float] = []
    url = f"http://127.0.0.1:{port}/ws"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, max_msg_size=0) as socket:
        await socket.send_json({"method": "SUBSCRIBE", "params": names, "id": 1})
        await socket.receive()
        begun, spent = time.monotonic(), _processor_seconds(pid)
        while time.monotonic() - begun < LISTENED_SECONDS:
            message = await socket.receive_json()
            if "u" in message:  # a quote's number is the time it was made at, in milliseconds
                late.append(time.time() * 1e3 - message["u"])
        share = (_processor_seconds(pid) - spent) / (time.monotonic() - begun) * 100
    return float(len(late)), share, late


async def _latencies(port: int, ask: Ask, requests: int = REQUESTS) -> list[float]:
    """Return how long each of many requests took, in milliseconds, one after the other."""
    took: list[float] = []
    async with aiohttp.ClientSession() as session:
        for _ in range(requests):
            begun = time.perf_counter()
            await ask(session, f"http://127.0.0.1:{port}")
            took.append((time.perf_counter() - begun) * 1e3)
    return took[requests // 10 :]


async def _get_time(session: aiohttp.ClientSession, base: str) -> None:
    async with session.get(f"{base}/api/v3/time") as answer:
        await answer.read()


async def _place(session: aiohttp.ClientSession, base: str) -> None:
    asked = {"symbol": market_id(0), "side": "BUY", "type": "MARKET", "quantity": "10"}
    payload = urlencode({**asked, "timestamp": str(time.time_ns() // 1_000_000)})
    signature = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    url = f"{base}/api/v3/order?{payload}&signature={signature}"
    async with session.post(url, headers={"X-MBX-APIKEY": KEY}) as answer:
        body = await answer.text()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(body)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
