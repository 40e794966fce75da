"""A whole trading floor of real processes: exchange, bot, exporter and ops on homes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from support.command import PATIENCE, Command, hold_ports, wait_until
from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.trading import OrderFilled, OrderIntended
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader, replay

SYMBOLS: Final = ("EUR/USD", "GOOGL/USD", "AAPL/USD", "IBM/USD", "MSFT/USD")
LISTENS_ON: Final = {
    "exchange": ("BOT_EXCHANGE_PORT",),
    "exporter": ("BOT_METRICS_PORT",),
    "ops": ("BOT_API_PORT", "BOT_STREAM_PORT"),
}
DAY_SECONDS: Final = 86_400
NO_PROXY: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def busy_settings(**changes: Any) -> dict[str, Any]:
    """Return settings that trade each symbol on about every second bar, with limits out of the way."""
    settings: dict[str, Any] = {
        "symbols": list(SYMBOLS),
        "bar": "1s",
        "strategies": {
            "busy": {
                "kind": "sma_cross",
                "symbols": list(SYMBOLS),
                "fast": 1,
                "slow": 2,
                "order_notional": 1000,
            }
        },
        "limits": {
            "max_orders_per_minute": 6000,
            "max_daily_loss": 99_000,
            "max_drawdown": 0.99,
            "price_collar_bps": 2000,
            "max_consecutive_losses": 10_000,
            "max_order_error_ratio": 1,
            "max_slippage_bps": 10_000,
            "max_order_to_trade_ratio": 1_000_000,
        },
        "intervals": {"snapshot_seconds": 1, "sample_seconds": 0.5, "reconcile_seconds": 3},
    }
    return {**settings, **changes}


class ExchangeAt(NamedTuple):
    """The exchange's home, which holds the keys, and its port."""

    home: Path
    port: int


def losing_settings(max_daily_loss: float, **limits: Any) -> dict[str, Any]:
    """Return changes of :func:`busy_settings` that lose by their commissions: orders large, moves small."""
    strategy = {"kind": "sma_cross", "symbols": ["EUR/USD"], "fast": 1, "slow": 2, "order_notional": 40_000}
    return {
        "symbols": ["EUR/USD"],
        "strategies": {"busy": strategy},
        "limits": {
            "max_order_notional": 50_000,
            "max_position_notional": 60_000,
            "max_gross_exposure": 60_000,
            "max_orders_per_minute": 6000,
            "price_collar_bps": 2000,
            "max_drawdown": 0.99,
            "max_daily_loss": max_daily_loss,
            **limits,
        },
    }


def within_one_day(seconds: float = PATIENCE) -> None:
    """Wait for midnight, UTC, if it is so near: a new day begins with no loss, and its breaker is closed."""
    left = DAY_SECONDS - time.time() % DAY_SECONDS
    if left < seconds:
        time.sleep(left)


class Floor:
    """One exchange and one bot's home, each process started and ended by name.

    The exchange has a home of its own, so that what happens to the bot's home does not happen to it.
    """

    def __init__(
        self, command: Command, exchange_home: Path, settings: dict[str, Any], *plays: str | Path
    ) -> None:
        """``plays`` are the exchange's arguments, a bar a second of the bundled series where there are none."""
        self.command = command
        self._plays = plays or ("--bar", "1s")
        self.home = Home(command.home)
        self._exchange_home = exchange_home
        self._settings = settings
        self._running: dict[str, subprocess.Popen[str]] = {}

    def open(self) -> None:
        """Start the exchange, and make the bot's home with its keys and settings."""
        self.home.create()
        exchange = Home(self._exchange_home).create()
        for ours, theirs in (
            (self.home.venue_key, exchange.venue_key),
            (self.home.venue_secret, exchange.venue_secret),
        ):
            ours.write_bytes(theirs.read_bytes())
        self.home.config.write_text(json.dumps(self._settings))
        self.start("exchange")
        assert wait_until(lambda: self.answers("BOT_EXCHANGE_PORT", "/sim/clock")), self.said("exchange")
        # who is killed and started all the time asks more in a minute than an exchange allows
        self.post("/sim/limits", {"request_weight": 1_000_000})

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start ``run``, ``exporter``, ``ops`` or ``exchange``."""
        options = {"BOT_HOME": str(self._exchange_home)} if name == "exchange" else {}
        arguments = map(str, self._plays) if name == "exchange" else ()
        process = self._running[name] = self.command.start(name, *arguments, **options)
        return process

    def kill(self, name: str) -> None:
        """kill -9; returns when the process is gone. Its ports are kept for it."""
        self.signal(name, signal.SIGKILL)
        self._running[name].wait(PATIENCE)
        hold_ports(*map(self.command.port, LISTENS_ON.get(name, ())))

    def signal(self, name: str, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def stop(self, name: str) -> tuple[int, float]:
        """Ask for a clean stop; return exit code and seconds taken."""
        begun = time.monotonic()
        self.signal(name, signal.SIGTERM)
        code = self._running[name].wait(PATIENCE)
        return code, time.monotonic() - begun

    def said(self, name: str) -> str:
        """End a process and return what it said."""
        process = self._running[name]
        process.kill()
        return process.communicate()[0]

    # What the exchange says

    @property
    def exchange(self) -> ExchangeAt:
        """Return where the exchange is, for clients of one's own."""
        return ExchangeAt(self._exchange_home, self.command.port("BOT_EXCHANGE_PORT"))

    def get(self, variable: str, path: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.command.port(variable)}{path}")
        if self.home.read_key.exists():
            request.add_header("X-API-Key", self.home.read_key.read_text().strip())
        with NO_PROXY.open(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def answers(self, variable: str, path: str) -> bool:
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(self.get(variable, path))
        return False

    def books(self) -> dict[str, Any]:
        """Return balances, orders, trades and how often each client order id came in, complete."""
        books = json.loads(self.get("BOT_EXCHANGE_PORT", "/sim/books?limit=10000"))
        assert not any(books["left_out"].values()), "the test is too long for the exchange's list"
        return books

    def switch(self, fault: str, *, on: bool, **how: Any) -> None:
        self.post("/sim/faults", {"name": fault, "on": on, **how})

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Tell the simulation something."""
        url = f"http://127.0.0.1:{self.command.port('BOT_EXCHANGE_PORT')}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        NO_PROXY.open(request, timeout=PATIENCE).close()

    # What the tape says

    def events(self, *kinds: str, after: int = 0) -> list[Envelope]:
        """Return what is on the tape, all of it, or of some kinds."""
        try:
            with TapeReader.open(self.home.journal) as reader:
                return list(_pages(reader, after, kinds or None))
        except TickertapeError:
            return []

    def state(self) -> State:
        """Return the fold of the tape as it is now."""
        with TapeReader.open(self.home.journal) as reader:
            return replay(reader, evolve, State, restore)[0]

    def wait_for(self, kind: str, after: int = 0, seconds: float = PATIENCE, **fields: Any) -> Envelope:
        """Wait for an event with these fields and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for envelope in self.events(kind, after=after):
                if all(getattr(envelope.payload, name) == value for name, value in fields.items()):
                    return envelope
            time.sleep(0.03)
        raise AssertionError(f"no {kind} {fields} within {seconds} s")

    # What the exporter and ops say

    def metrics(self) -> dict[str, float]:
        """Return the samples of /metrics by name with labels, as they stand on the page."""
        page = self.get("BOT_METRICS_PORT", "/metrics")
        lines = [line for line in page.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def sample(self, metric: str) -> float | None:
        """Return the sum over a metric's series; None where it is not on the page, or nobody answers."""
        with contextlib.suppress(OSError):
            series = [value for name, value in self.metrics().items() if name.partition("{")[0] == metric]
            return sum(series) if series else None
        return None

    def await_ops(self) -> None:
        """Wait until ops answers about the bot: it serves before it has read the bot's tape."""
        assert wait_until(lambda: self.answers("BOT_API_PORT", "/api/v1/config")), self.said("ops")

    def summary(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.get("BOT_API_PORT", "/api/v1/summary"))
        return answer

    def close(self) -> None:
        """End what is still there, also what is stopped."""
        for process in self._running.values():
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)


def disagreement(floor: Floor, *, foreign: bool = False) -> str | None:
    """Say how the exchange's books and the bot's tape differ, or None: trade for trade, and each balance.

    With ``foreign`` trades of others on the account count in the balances alone.
    """
    books, state = floor.books(), floor.state()
    orders = _own_orders(floor, books) if foreign else None  # each look takes time, and trading goes on
    at_exchange = {
        (trade["symbol"], str(trade["trade_id"]))
        for trade in books["trades"]
        if orders is None or trade["order_id"] in orders
    }
    booked = [fill_of(envelope) for envelope in floor.events(OrderFilled.KIND)]
    ours = {(fill.symbol, fill.trade_id) for fill in booked}
    if at_exchange != ours:
        return f"fills differ: {at_exchange ^ ours}"
    if len(booked) != len(ours):
        return "a fill stands twice on the tape"
    balances = {
        asset: Decimal(amount["free"]) + Decimal(amount["locked"])
        for asset, amount in books["balances"].items()
    }
    for asset in {*balances, *state.account.balances}:
        there, here = balances.get(asset, Decimal(0)), state.account.balances.get(asset, Decimal(0))
        if there != here:
            return f"{asset}: {there} at the exchange, {here} in the bot's books"
    return None


def _own_orders(floor: Floor, books: dict[str, Any]) -> set[Any]:
    """Return the exchange's ids of the orders that the bot has meant to send."""
    own = {
        getattr(envelope.payload, "client_order_id", None) for envelope in floor.events(OrderIntended.KIND)
    }
    return {order["order_id"] for order in books["orders"] if order["client_order_id"] in own}


def agree(floor: Floor, seconds: float = PATIENCE, *, foreign: bool = False) -> None:
    """Wait for a moment, between two orders, at which both sides say the same; see :func:`disagreement`."""
    deadline, found = time.monotonic() + seconds, "never compared"
    while (found := disagreement(floor, foreign=foreign)) is not None:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def fill_of(envelope: Envelope) -> OrderFilled:
    assert isinstance(envelope.payload, OrderFilled)
    return envelope.payload


def _pages(reader: TapeReader, after: int, kinds: tuple[str, ...] | None) -> Iterator[Envelope]:
    while page := reader.read(after, 5_000, kinds):
        yield from page
        after = page[-1].seq
