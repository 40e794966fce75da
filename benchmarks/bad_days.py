"""The loop of the bot's real process on bad days: its p99 must stay within twice that of a quiet one.

One exchange and one bot, bars of a second, five symbols; quiet, with a flapping connection, rate limited, and
again from the beginning: the days take turns, so that whatever else the machine does hits all of them. The
decision cycles are those whose spans the bot wrote on its own tape; lateness is that of its heartbeat, the
worst in each half second.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.rows import Row, percentile
from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import BotReady
from trading_bot.contract.events.observation import RuntimeSampled, SpansRecorded
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import SECOND
from trading_bot.journal import TapeReader

SYMBOLS: Final = ["EUR/USD", "GOOGL/USD", "AAPL/USD", "IBM/USD", "MSFT/USD"]
PORTS: Final = ("BOT_API_PORT", "BOT_METRICS_PORT", "BOT_STREAM_PORT", "BOT_EXCHANGE_PORT")
DAYS: Final[tuple[tuple[str, dict[str, Any] | None], ...]] = (
    ("quiet", None),
    ("flapping_connection", {"size": 2.0}),
    ("rate_limited", {"size": 2.0, "probability": 0.5}),
)
SECONDS: Final = 20.0
ROUNDS, ROUNDS_FULL = 1, 10
Day = tuple[list[float], list[float]]
"""Durations of the decision cycles, and lateness of the heartbeat, in ms."""
WITHIN: Final = 2.0
"""Times the quiet p99."""
SETTINGS: Final = {
    "symbols": SYMBOLS,
    "bar": "1s",
    "strategies": {
        "busy": {"kind": "sma_cross", "symbols": SYMBOLS, "fast": 1, "slow": 2, "order_notional": 1000}
    },
    "limits": {"max_orders_per_minute": 6000, "max_daily_loss": 99_000, "max_drawdown": 0.99},
    "telemetry": {"idle_span_share": 1.0},
    "intervals": {"sample_seconds": 0.5},
}


def measure() -> list[Row]:
    """Return p99 of the decision cycle and lateness of the heartbeat, each bad day beside the quiet one."""
    rounds = ROUNDS_FULL if os.environ.get("TICKERTAPE_LONG") else ROUNDS
    days: dict[str, Day] = {name: ([], []) for name, _ in DAYS}
    with tempfile.TemporaryDirectory() as folder, _floor(Path(folder)) as (home, exchange):
        for name, how in DAYS * rounds:
            cycles, lags = _day(home, exchange, name, how)
            days[name][0].extend(cycles)
            days[name][1].extend(lags)
    quiet_cycles, quiet_lags = days["quiet"]
    rows = []
    for name, (cycles, lags) in days.items():
        floor = percentile(quiet_cycles, 99)
        rows.append(
            _row(f"{name}: decision cycle, p99 of {len(cycles)}", percentile(cycles, 99), floor, name)
        )
        rows.append(
            _row(f"{name}: heartbeat's lateness, p99", percentile(lags, 99), percentile(quiet_lags, 99), name)
        )
    return rows


def _row(what: str, measured: float, quiet: float, day: str) -> Row:
    if day == "quiet":
        return Row(what=what, measured=measured, unit="ms")
    return Row(
        what=what, measured=measured, unit="ms", budget=WITHIN * quiet, floor=quiet, floor_is="a quiet day"
    )


def _day(home: Home, exchange: str, name: str, how: dict[str, Any] | None) -> Day:
    """Live through a day; return the decision cycles' durations and the heartbeat's lateness, in ms."""
    began = time.time_ns()
    if how is not None:
        _tell(exchange, "/sim/faults", {"name": name, "on": True, **how})
    time.sleep(SECONDS)
    ended = time.time_ns()
    if how is not None:
        _tell(exchange, "/sim/faults", {"name": name, "on": False})
    time.sleep(3)
    events = [
        e for e in _tape(home, SpansRecorded.KIND, RuntimeSampled.KIND) if began <= e.ts <= ended + SECOND
    ]
    cycles = [
        (span.ended - span.started) / 1e6
        for event in events
        if isinstance(event.payload, SpansRecorded)
        for span in event.payload.spans
        if span.name == spans.DECIDE_CYCLE
    ]
    lags = [e.payload.loop_lag_ns / 1e6 for e in events if isinstance(e.payload, RuntimeSampled)]
    return cycles, lags


@contextlib.contextmanager
def _floor(folder: Path) -> Iterator[tuple[Home, str]]:
    home = Home(folder / "home").create()
    home.config.write_text(json.dumps(SETTINGS))
    ports = dict(zip(PORTS, map(str, _free_ports(len(PORTS))), strict=True))
    environment = {**os.environ, **ports, "BOT_HOME": str(home.path)}
    exchange = f"http://127.0.0.1:{ports['BOT_EXCHANGE_PORT']}"
    with contextlib.ExitStack() as stack:
        stack.enter_context(_running(environment, "exchange", "--bar", "1s"))
        _until(lambda: _answers(exchange))
        stack.enter_context(_running(environment, "run"))
        _until(lambda: home.journal.exists() and bool(_tape(home, BotReady.KIND)))
        time.sleep(2)
        yield home, exchange


@contextlib.contextmanager
def _running(environment: dict[str, str], *arguments: str) -> Iterator[None]:
    program = Path(sys.executable).parent / "tickertape"
    with subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGKILL)


def _free_ports(count: int) -> Sequence[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _tape(home: Home, *kinds: str) -> list[Envelope]:
    with TapeReader.open(home.journal) as reader:
        found, after = [], 0
        while page := reader.read(after, 5_000, kinds):
            found += page
            after = page[-1].seq
        return found


def _tell(exchange: str, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"{exchange}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()


def _answers(exchange: str) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"{exchange}/sim/clock", timeout=2).close()
        return True
    return False


def _until(condition: Any, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the processes did not get ready")
        time.sleep(0.1)
