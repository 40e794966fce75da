"""A simulated exchange as a real process on a free port, and real clients that speak to it.

Run as a program it is that process: ``python exchange_process.py HOME BAR PORT`` prints its port when ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parents[2]


class AnExchange(Protocol):
    """Where an exchange is: its home, which holds the keys, and its port."""

    @property
    def home(self) -> Path: ...

    @property
    def port(self) -> int: ...


class ExchangeProcess:
    """One exchange on one home; it keeps its port when it is started again."""

    def __init__(self, home: Path, bar: str = "1s") -> None:
        self.home = home
        self.bar = bar
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BOT_HOME": str(self.home)}
        command = [sys.executable, str(Path(__file__)), str(self.home), self.bar, str(self.port)]
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the exchange did not start: {self.finish()}")
        self.port = int(line)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.finish()

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.finish()[0]

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def finish(self) -> tuple[int, str]:
        """Wait for the end; returns exit code and what was said on stderr."""
        assert self._process is not None
        from support.command import hold_ports  # noqa: PLC0415 - this file is a program as well, on its own

        _, said = self._process.communicate(timeout=90)
        if self.port:
            hold_ports(self.port)
        code, self._process = self._process.returncode, None
        return code, said

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=90) as response:
            return json.load(response)

    def post(self, path: str, body: object) -> Any:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=90) as response:
            return json.load(response)

    def switch(self, name: str, *, on: bool, **how: Any) -> Any:
        return self.post("/sim/faults", {"name": name, "on": on, **how})

    def books(self) -> Any:
        return self.get("/sim/books")


@contextlib.contextmanager
def exchange_running(home: Path, bar: str = "1s") -> Iterator[ExchangeProcess]:
    """Run an exchange for as long as the block."""
    exchange = ExchangeProcess(home, bar)
    exchange.start()
    try:
        yield exchange
    finally:
        if exchange.running:
            exchange.kill()


@contextlib.asynccontextmanager
async def client_of(exchange: AnExchange, **overrides: Any) -> AsyncIterator[Any]:
    """Open ccxt.pro's Binance on the exchange, with the keys of its home."""
    import ccxt.pro  # noqa: PLC0415 - takes a second, and only some tests need it

    client = ccxt.pro.binance(
        {
            "apiKey": (exchange.home / "venue-key").read_text().strip(),
            "secret": (exchange.home / "venue-secret").read_text().strip(),
            "enableRateLimit": False,
            "timeout": 90_000,  # milliseconds: the end of what hangs; who tests a timeout sets its own
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
            **overrides,
        }
    )
    client.has["fetchCurrencies"] = False
    client.urls["api"] = on_loopback(client.urls["api"], exchange.port)
    try:
        yield client
    finally:
        await client.close()


async def holds(condition: Callable[[], object], seconds: float = 90.0) -> bool:
    """Wait until something holds, and let the client hear meanwhile; return whether it came to it in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True


async def watches(client: Any, *what: str) -> None:
    """Wait until a client has subscribed to what it watches: ``orders``, ``myTrades``, ``balance``."""

    def has_subscribed() -> bool:
        awaited = [name for socket in client.clients.values() for name in socket.futures]
        return all(any(each in name for name in awaited) for each in what)

    assert await holds(has_subscribed), what


def on_loopback(addresses: Any, port: int) -> Any:
    """Return ccxt's addresses with the host replaced, path kept."""
    if isinstance(addresses, dict):
        return {name: on_loopback(address, port) for name, address in addresses.items()}
    scheme, _, rest = addresses.partition("://")
    path = rest.partition("/")[2]
    return f"{scheme.removesuffix('s')}://127.0.0.1:{port}/{path}"


def main(home: str, bar: str, port: str) -> None:
    from trading_bot.boot.home import Home  # noqa: PLC0415 - only the child is an exchange
    from trading_bot.boot.settings import load_settings  # noqa: PLC0415
    from trading_bot.exchange.process import opening, serve  # noqa: PLC0415

    settings = load_settings(home, {}, exchange_port=int(port))
    Home(settings.home).create()
    asyncio.run(serve(settings, opening(bar), ready=lambda chosen: print(chosen, flush=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
