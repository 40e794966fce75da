"""A stream in this process over a real tape, and clients with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from exporter.follow import BotView
from exporter.ops.stream.limits import Limits
from exporter.ops.stream.server import StreamServer
from support.command import PATIENCE
from support.history import quote
from support.recorded_bot import RecordedBot
from support.tapes import eventually
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import Event
from trading_bot.contract.stream import Message

KEY = "a-read-key"
PATIENT = Limits(authentication_seconds=PATIENCE, stalled_seconds=PATIENCE, ping_seconds=PATIENCE)
"""A client of a test may be late on a busy machine; who tests one of these limits sets it."""


class StreamRig:
    """A bot's files, their follower and a stream server: `with StreamRig(home) as rig: ...`"""

    def __init__(self, home: Home, limits: Limits | None = None, **settings: Any) -> None:
        self.home = home
        self.clock = SystemClock()
        self.limits = limits or PATIENT
        self.keys = {KEY}
        self.refused: list[TickertapeError] = []
        self.reported: list[TickertapeError] = []
        self.bot = RecordedBot(home, self.clock)
        self.view = BotView(home, self.clock)
        self._settings = BootSettings(home=home.path, stream_port=0, **settings)
        self.server = self._server()

    def _server(self) -> StreamServer:
        return StreamServer(
            self._settings,
            self.view,
            identify=lambda presented: presented if presented in self.keys else None,
            refuse=lambda error, _address: self.refused.append(error),
            report=self.reported.append,
            clock=self.clock,
            limits=self.limits,
        )

    def __enter__(self) -> Self:
        self.bot.live()
        self.view.start()
        assert self.view.journal.wait_until_caught_up(PATIENCE)
        self.server.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.server.stop()
        self.view.stop()
        self.bot.die()

    def append(self, *events: Event) -> int:
        """Commit events; return the last one's sequence number."""
        seq = [self.bot.tape.append(event).seq for event in events][-1]
        self.bot.commit()
        return seq

    def tick(self, price: str = "1.10") -> int:
        """Commit a quote."""
        return self.append(quote("EUR/USD", price, price, self.clock.now_ns()))

    def open(self, path: str = "/ws/v1", key: str | None = KEY, **options: Any) -> connect:
        """Return a connection to be opened: `async with rig.open() as connection`."""
        headers = options.pop("headers", {}) if key is None else {"X-API-Key": key}
        # A client of this library that leaves with more unread than its queue holds does not hear the goodbye.
        options = {"max_queue": None, "open_timeout": PATIENCE, **options}
        address = f"ws://127.0.0.1:{self.server.port}{path}"
        return connect(address, additional_headers=headers, proxy=None, **options)

    def is_empty(self) -> bool:
        """Whether no client is left, nor anything that was kept for one."""
        counts = self.server.counts
        return not self.server.subscriptions() and not counts.connections and not +counts.clients


class Client:
    """What a connection says and hears, decoded."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Message] = []

    async def say(self, **request: Any) -> None:
        await self.connection.send(json.dumps(request))

    async def next(self) -> Message:
        """Return the next message but heartbeats."""
        while True:
            async with asyncio.timeout(PATIENCE):
                message = decoded(await self.connection.recv())
            if message.type != "heartbeat":
                self.heard.append(message)
                return message

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """Return the first message that is wanted; those before it are heard."""
        while True:
            message = await self.next()
            if wanted(message):
                return message

    async def of_type(self, kind: str) -> Message:
        return await self.until(lambda message: message.type == kind)

    async def quiet(self, seconds: float = 0.3) -> list[Message]:
        """Return what comes until nothing has come for a while."""
        found: list[Message] = []
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(seconds):
                    message = decoded(await self.connection.recv())
                if message.type != "heartbeat":
                    found.append(message)
        self.heard += found
        return found


def decoded(data: str | bytes) -> Message:
    decode = msgspec.json.decode if isinstance(data, str) else msgspec.msgpack.decode
    return decode(data, type=Message)


def seq_of(message: Message) -> int:
    assert message.position is not None
    return int(message.position.rpartition("/")[2])


def wait_until_empty(rig: StreamRig) -> None:
    eventually(rig.is_empty)
