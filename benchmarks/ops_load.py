"""Load for `ops`: `python -m benchmarks.ops_load PORT PATH KEY CONNECTIONS REQUESTS`; prints one JSON object.

So many kept-open connections, each asking again as soon as it was answered, from a process of its own.
What is printed: latencies in milliseconds (P50, P95, P99), requests a second, and how many answers were
none or not 200.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from benchmarks.rows import percentile

CONNECT_AT_ONCE = 50
SECONDS = 120


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = bytearray()
        self._missing: int | None = None
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self) -> None:
        """Send the next request, or close when there were enough."""
        if self._load.left <= 0:
            self._transport.close()
            return
        self._load.left -= 1
        self._asked_at = time.perf_counter()
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is whole."""
        self._received += data
        if self._missing is None:
            head, found, _ = self._received.partition(b"\r\n\r\n")
            if not found:
                return
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            self._missing = len(head) + len(found) + length
        if len(self._received) >= self._missing:
            ok = self._received.startswith(b"HTTP/1.1 200")
            self._received.clear()
            self._missing = None
            self._load.answered((time.perf_counter() - self._asked_at) * 1e3, ok=ok)
            self.ask()

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell the load."""
        self._load.closed()


class Load:
    """What all connections share."""

    def __init__(self, request: bytes, connections: int, requests: int) -> None:
        self.request = request
        self.left = requests
        self.latencies: list[float] = []
        self.errors = 0
        self._open = connections
        self.done = asyncio.Event()

    def answered(self, milliseconds: float, *, ok: bool) -> None:
        """Note one answer."""
        self.latencies.append(milliseconds)
        self.errors += not ok

    def closed(self) -> None:
        """Note that a connection is gone."""
        self._open -= 1
        if self._open == 0:
            self.done.set()


async def run(port: int, request: bytes, connections: int, requests: int) -> dict[str, float]:
    """Ask so often over so many connections, and return what was measured."""
    loop, load = asyncio.get_running_loop(), Load(request, connections, requests)
    clients: list[Client] = []
    for begin in range(0, connections, CONNECT_AT_ONCE):
        part = range(begin, min(begin + CONNECT_AT_ONCE, connections))
        made = [loop.create_connection(lambda: Client(load), "127.0.0.1", port) for _ in part]
        clients += [client for _, client in await asyncio.gather(*made)]
    began = time.perf_counter()
    for client in clients:
        client.ask()
    await asyncio.wait_for(load.done.wait(), SECONDS)
    took = time.perf_counter() - began
    return {
        **{f"p{percent}": percentile(load.latencies, percent) for percent in (50, 95, 99)},
        "a_second": len(load.latencies) / took,
        "errors": load.errors + requests - len(load.latencies),
    }


def main(port: str, path: str, key: str, connections: str, requests: str) -> None:
    """Run as the module says."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode()
    print(json.dumps(asyncio.run(run(int(port), request, int(connections), int(requests)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
