"""From asking for a commit to the moment at which a client of the stream has the message.

The bot's commit, the follower, the hub and the sockets are the real ones; the clients are connections of
another process, which decodes nothing. Beside it, in the same run: a constant body of the same size, sent
by ``websockets``' own ``broadcast`` from a thread that wakes as the hub does, with neither tape nor fold.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.rows import Row, percentile
from exporter.follow import BotView
from exporter.ops.stream.limits import Limits
from exporter.ops.stream.server import StreamServer
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.events.lifecycle import BotBeat
from trading_bot.contract.events.trading import LearnedBy, OrderAcknowledged
from trading_bot.journal import TapeWriter

CLIENTS: Final = (10, 100, 1_000)
BUDGETS: Final = {100: 8.0, 1_000: 30.0}
"""Clients to milliseconds at P99."""

TAIL: Final = 99
MESSAGES: Final = {10: 200, 100: 100, 1_000: 20}
REST_SECONDS: Final = {10: 0.01, 100: 0.03, 1_000: 0.25}
ROUNDS: Final = 5
KEY: Final = "bench"
BODY_BYTES: Final = 300
START_SECONDS: Final = 60
Stamps = dict[str, int]
Send = Callable[[str], None]


def measure() -> list[Row]:
    """Return, for each number of clients, the medians of the rounds' percentiles."""
    _allow_descriptors()
    rows = []
    for clients in CLIENTS:
        turns = [(_streamed(clients), _broadcast(clients)) for _ in range(ROUNDS)]
        streamed, floor = ([turn[which] for turn in turns] for which in (0, 1))
        rows += [_row(clients, percent, streamed, floor) for percent in (50, 99)]
    return rows


def _row(clients: int, percent: int, streamed: list[list[float]], floor: list[list[float]]) -> Row:
    return Row(
        what=f"commit to client, {clients:,} clients, wall p{percent}",
        measured=median(percentile(times, percent) for times in streamed),
        unit="ms",
        floor=median(percentile(times, percent) for times in floor),
        floor_is="websockets' broadcast of a constant body",
        budget=BUDGETS.get(clients) if percent == TAIL else None,
    )


def _allow_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * max(CLIENTS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _streamed(clients: int) -> list[float]:
    """Return milliseconds from commit to client, one for each message and client."""
    with tempfile.TemporaryDirectory() as folder:
        home, clock = Home(Path(folder) / "home").create(), SystemClock()
        with TapeWriter.open(home.journal, bot="bench", run_id="bench", clock=clock) as writer:
            writer.append(BotBeat(cycles=0))
            writer.make_durable().result(30)
            view = BotView(home, clock)
            view.start()
            server = StreamServer(
                BootSettings(home=home.path, stream_port=0),
                view,
                identify=lambda presented: presented if presented == KEY else None,
                refuse=lambda _error, _address: None,
                report=lambda error: print(error, file=sys.stderr),
                clock=clock,
                limits=Limits(connections=2 * max(CLIENTS)),
            )
            view.journal.wait_until_caught_up(30)
            server.start()

            def commit(name: str) -> None:
                event = OrderAcknowledged(
                    client_order_id=name, venue_order_id=name, learned_by=LearnedBy.STREAM, latency_ns=None
                )
                writer.append(event)
                writer.flush()

            try:
                return _times(server.port, "/ws/v1/trades/live", clients, commit)
            finally:
                server.stop()
                view.stop()


def _broadcast(clients: int) -> list[float]:
    """Return the same of a server that only broadcasts."""
    loop, ready, connections = asyncio.new_event_loop(), threading.Event(), set[ServerConnection]()
    ports: list[int] = []
    stopping = asyncio.Event()

    async def handle(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.send(json.dumps({"type": "snapshot"}))
        await connection.wait_closed()
        connections.discard(connection)

    async def run() -> None:
        async with serve(handle, "127.0.0.1", 0, compression=None) as server:
            ports.append(next(iter(server.sockets)).getsockname()[1])
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    ready.wait(START_SECONDS)

    def send(name: str) -> None:
        head = json.dumps({"data": {"client_order_id": name}})
        loop.call_soon_threadsafe(broadcast, connections, head + " " * (BODY_BYTES - len(head)))

    try:
        return _times(ports[0], "/", clients, send)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(START_SECONDS)


def _times(port: int, path: str, clients: int, send: Send) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.stream_clients", str(port), path, str(clients), KEY]
    with subprocess.Popen(
        [*command, str(MESSAGES[clients])], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        sent: Stamps = {}
        for number in range(MESSAGES[clients]):
            name = f"m{number:06d}"
            sent[name] = time.monotonic_ns()
            send(name)
            time.sleep(REST_SECONDS[clients])
        seen = [line.split() for line in process.stdout]
    return [(int(at) - sent[name]) / 1e6 for name, at in seen]
