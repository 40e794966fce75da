"""Clients of the stream in a process of their own: they note when each message came, and decode nothing.

Bare sockets with as little of the protocol as it takes: a client library would measure itself.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import time
from typing import Final

NAMED: Final = re.compile(rb'"client_order_id": ?"(m\d{6})"')
BEGUN: Final = b"snapshot"
HANDSHAKE: Final = (
    "GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-API-Key: {key}\r\n\r\n"
)


class Client(asyncio.Protocol):
    """One connection. ``seen`` has the name of each message with the monotonic time, nanoseconds, it came at."""

    def __init__(self, handshake: bytes, messages: int) -> None:
        loop = asyncio.get_running_loop()
        self.seen: list[tuple[bytes, int]] = []
        self.begun = loop.create_future()
        self.done = loop.create_future()
        self._handshake = handshake
        self._messages = messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        """Note what came. A message of this size arrives whole."""
        now = time.monotonic_ns()
        if not self.begun.done() and BEGUN in data:
            self.begun.set_result(None)
        self.seen.extend((name, now) for name in NAMED.findall(data))
        if len(self.seen) >= self._messages and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail loudly: a client that was closed would be missing from the figures."""
        for future in (self.begun, self.done):
            if not future.done():
                future.set_exception(exc or ConnectionError("the server closed the connection"))


async def main(port: int, path: str, count: int, key: str, messages: int) -> None:
    """Connect all, say so, and print what came once everybody has everything."""
    loop = asyncio.get_running_loop()
    handshake = HANDSHAKE.format(path=path, key=key).encode()
    clients = []
    for _ in range(count):
        _, client = await loop.create_connection(lambda: Client(handshake, messages), "127.0.0.1", port)
        clients.append(client)
        await client.begun
    print("ready", flush=True)
    await asyncio.gather(*(client.done for client in clients))
    for client in clients:
        for name, at in client.seen:
            print(name.decode(), at)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
