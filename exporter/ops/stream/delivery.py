"""How messages reach one client: at once where it keeps up, else by the policy of the outbox."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import State

from exporter.ops.stream.counts import StreamCounts
from exporter.ops.stream.limits import Limits
from exporter.ops.stream.outbox import Offered, Outbox
from exporter.ops.stream.outgoing import Outgoing, Variant
from trading_bot.contract.stream import CLOSINGS, CloseCode, Format


class Delivery:
    """The sending half of a connection.

    It writes ready frames to the transport, past the library's ``send``, which would mask nothing, compress
    each message for each client, and wait for a client that is slow. At most one message is left to the
    transport: what waits here can still be conflated.

    Attributes:
        closed_with: the code that this side closed with, None where it did not.
    """

    def __init__(
        self, connection: ServerConnection, written_as: Format, limits: Limits, counts: StreamCounts
    ) -> None:
        self.closed_with: CloseCode | None = None
        self._connection = connection
        self._limits = limits
        self._counts = counts
        self._variant = Variant(written_as, _window_bits(connection))
        self._outbox = Outbox(limits.waiting)
        self._loop = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None
        self._took_at = self._loop.time()
        self._closing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._closing is None and self._connection.state is State.OPEN

    @property
    def has_stalled(self) -> bool:
        """Whether messages wait and the client has taken none for long."""
        stalled = self._loop.time() - self._took_at > self._limits.stalled_seconds
        return self._draining is not None and stalled

    def write_as(self, written_as: Format) -> None:
        """Write in another format from now on; what waits is written in it, too."""
        self._variant = Variant(written_as, self._variant.window_bits)

    def put(self, outgoing: Outgoing) -> None:
        """Send a message at once where the connection takes it, else have it wait."""
        if not self.is_open:
            return
        self._counts.messages[outgoing.label] += 1
        transport = self._connection.transport
        if self._draining is None and not transport.get_write_buffer_size():
            transport.write(outgoing.frame(self._variant))
            return
        offered = self._outbox.offer(outgoing)
        if offered is not Offered.KEPT:
            self._counts.dropped[outgoing.label] += 1
        if offered is Offered.FULL:
            self.close(CloseCode.TOO_SLOW)
        elif self._draining is None:
            self._took_at = self._loop.time()
            self._draining = self._loop.create_task(self._drain())

    def close(self, code: CloseCode) -> None:
        """Close with a code that says why; what still waits is forgotten."""
        if self._closing is None:
            self.closed_with = code
            self._outbox.clear()
            self._closing = self._loop.create_task(self._close(code))

    async def drained(self) -> None:
        """Wait until nothing waits, or the client has had long enough."""
        if self._draining is not None:
            await asyncio.wait([self._draining], timeout=self._limits.stalled_seconds)

    async def end(self) -> None:
        """Leave nothing behind; the connection is closed, or being closed by :meth:`close`."""
        self._outbox.clear()
        if self._closing is not None:
            await self._closing
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait([self._draining])

    async def _drain(self) -> None:
        """Send what waits, each message as soon as the one before it has left this process."""
        try:
            while True:
                await self._connection.drain()
                outgoing = self._outbox.take()
                if outgoing is None or self._connection.state is not State.OPEN:
                    return
                self._took_at = self._loop.time()
                self._connection.transport.write(outgoing.frame(self._variant))
        except OSError:
            return  # the connection is gone; whoever reads from it hears so
        finally:
            self._draining = None

    async def _close(self, code: CloseCode) -> None:
        try:
            async with asyncio.timeout(self._limits.close_seconds):
                await self._connection.close(code, CLOSINGS[code])
        except TimeoutError:
            # The library waits for ever until a client that reads nothing has taken the close frame.
            self._connection.transport.abort()


def _window_bits(connection: ServerConnection) -> int:
    """Return the compression window that was agreed on, 0 for no compression."""
    for extension in connection.protocol.extensions:
        if isinstance(extension, PerMessageDeflate):
            return extension.local_max_window_bits
    return 0
