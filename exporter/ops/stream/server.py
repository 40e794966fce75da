"""The stream's server: an asyncio loop in a thread of its own, beside the one that answers requests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Origin

from exporter.follow import BotView
from exporter.ops.stream.counts import StreamCounts
from exporter.ops.stream.door import Door
from exporter.ops.stream.history import History
from exporter.ops.stream.hub import Hub
from exporter.ops.stream.limits import Limits, affordable
from exporter.ops.stream.services import Admitted, Identify, Services, address_of
from exporter.ops.stream.session import Session
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import NonRetriableError, OperatorError, TickertapeError, describe
from trading_bot.contract.stream import CLOSED_BY, CLOSED_BY_CLIENT, CLOSED_BY_PROTOCOL, CloseCode
from trading_bot.domain.clock import Clock
from trading_bot.journal import Page

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5.0
WINDOW_BITS: Final = 12
"""Of a compressed message: 4 KiB, which is more than nearly all of them have."""

PROTOCOL_CLOSE_CODES: Final = frozenset({1002, 1003, 1007, 1009, 1010, 1011})
ANY_ORIGIN: Final = "*"


class Connection(ServerConnection):
    """A connection that knows what its handshake said."""

    admitted: Admitted | None = None


class StreamServer:
    """Serves the stream from :meth:`start` to :meth:`stop`.

    Args:
        settings: host, port, name and the origins that browsers may come from.
        view: the followed journal; its pages are streamed.
        identify: who presents a key or token.
        refuse: records that a key was refused.
        report: records an error of the stream itself.
        limits: what clients may take.

    Attributes:
        counts: what was served so far.
        port: where it listens, once started.
    """

    def __init__(
        self,
        settings: BootSettings,
        view: BotView,
        *,
        identify: Identify,
        refuse: Callable[[TickertapeError, str], object],
        report: Callable[[TickertapeError], object],
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.counts = StreamCounts()
        self.port = settings.stream_port
        self._settings = settings
        self._view = view
        self._identify = identify
        self._refuse = refuse
        self._report = report
        self._clock = clock
        self._limits = affordable(limits or Limits())
        self._sessions: set[Session] = set()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._started = threading.Event()
        self._failure: TickertapeError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._hub: Hub | None = None

    def start(self) -> None:
        """Listen.

        Raises:
            OperatorError: BOT_005, the port cannot be had.
        """
        self._thread.start()
        self._started.wait(START_SECONDS)
        if self._failure is not None:
            raise self._failure

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Close every connection, saying so, and wait so long for the thread's end; may be called twice."""
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(seconds)

    def subscriptions(self) -> dict[str, int]:
        """Return how many readers each channel has."""
        return self._hub.subscriptions() if self._hub is not None else {}

    def tasks(self) -> int:
        """Return how many tasks the loop has: one more for each connection, none for one that is gone."""
        loop = self._loop
        return len(asyncio.all_tasks(loop)) if loop is not None else 0

    # What follows runs on the stream's thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - the thread's end: recorded, and the API says so
            named = error if isinstance(error, TickertapeError) else _as_named(error)
            if not self._started.is_set():
                self._failure = named
            else:
                self._report(named)
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        hub = self._hub = Hub(self._view, self._clock, self.counts, self._limits)
        history = History(self._view.journal.path, self._limits.resumable)
        services = Services(
            bot=self._settings.name,
            hub=hub,
            history=history,
            identify=self._identify,
            refuse=self._refuse,
            clock=self._clock,
            counts=self.counts,
            limits=self._limits,
        )
        hub.position = self._view.journal.position
        self._view.on_change(self._hand_over)
        try:
            server = await self._listen(services)
            self._started.set()
            clockwork = self._loop.create_task(hub.run())
            await self._until_stopped(clockwork)
            await self._close(server)
            clockwork.cancel()
            await asyncio.wait([clockwork])
        finally:
            history.close()

    async def _until_stopped(self, clockwork: asyncio.Task[None]) -> None:
        assert self._stopping is not None
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({stopping, clockwork}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if clockwork.done():
            clockwork.result()  # it never ends by itself: raises what ended it

    def _hand_over(self, page: Page) -> None:
        """Give a page to the loop; called on the follower's thread."""
        if self._loop is not None and self._hub is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._hub.publish, page)

    async def _listen(self, services: Services) -> Server:
        door = Door(
            identify=self._identify,
            has_begun=self._has_begun,
            has_room=lambda known: self._has_room(services, known=known),
            refuse=self._refuse,
            clock=self._clock,
        )

        def admit(connection: ServerConnection, request: Request) -> Response | None:
            answer = door.admit(request, address_of(connection))
            if isinstance(answer, Response):
                return answer
            assert isinstance(connection, Connection)
            connection.admitted = answer
            return None

        async def handle(connection: ServerConnection) -> None:
            await self._handle(connection, services)

        limits, settings = self._limits, self._settings
        try:
            server = await serve(
                handle,
                settings.host,
                settings.stream_port,
                process_request=admit,
                origins=_origins(settings.api_cors_origins),
                create_connection=Connection,
                compression=None,
                extensions=[
                    ServerPerMessageDeflateFactory(
                        server_no_context_takeover=True,
                        client_no_context_takeover=True,
                        server_max_window_bits=WINDOW_BITS,
                    )
                ],
                max_size=limits.message_bytes,
                write_limit=0,  # the outbox is the buffer: what waits there can still be conflated
                ping_interval=limits.ping_seconds,
                ping_timeout=limits.ping_seconds,
                close_timeout=limits.close_seconds,
                server_header=None,
            )
        except OSError as error:
            message = f"BOT_STREAM_PORT: cannot listen on {settings.host}:{settings.stream_port}: {error}"
            raise OperatorError("BOT_005", message, port=settings.stream_port) from error
        self.port = next(iter(server.sockets)).getsockname()[1]
        return server

    def _has_begun(self) -> bool:
        journal, hub = self._view.journal, self._hub
        return (
            journal.caught_up and hub is not None and (hub.position is not None or journal.fault is not None)
        )

    def _has_room(self, services: Services, *, known: bool) -> bool:
        if not known and len(services.without_key) >= self._limits.unauthenticated:
            return False
        return len(self._sessions) < self._limits.connections

    async def _handle(self, connection: ServerConnection, services: Services) -> None:
        assert isinstance(connection, Connection)
        assert connection.admitted is not None
        _bound_kernel_buffer(connection, self._limits.send_buffer_bytes)
        session = Session(connection, connection.admitted, services)
        self._sessions.add(session)
        if not session.is_authenticated:
            services.without_key.add(session)
        services.hub.enter(session)
        self.counts.connections = len(self._sessions)
        try:
            await session.serve()
        except Exception as error:  # one client's loop: recorded, the others go on
            self._report(_as_named(error))
            raise
        finally:
            services.without_key.discard(session)
            self._sessions.discard(session)
            self.counts.connections = len(self._sessions)
            self.counts.closed[_why(session.closed_with, connection.close_code)] += 1

    async def _close(self, server: Server) -> None:
        server.server.close()
        for session in tuple(self._sessions):
            session.close(CloseCode.GOING_AWAY)
        handlers = tuple(server.handler_tasks)
        if handlers:
            await asyncio.wait(handlers, timeout=self._limits.close_seconds + 1)


def _as_named(error: Exception) -> TickertapeError:
    named = NonRetriableError("API_005", f"the stream failed: {describe(error)}")
    named.__cause__ = error
    return named


def _why(closed_with: CloseCode | None, code: int | None) -> str:
    if closed_with is not None:
        return CLOSED_BY[closed_with]
    return CLOSED_BY_PROTOCOL if code in PROTOCOL_CLOSE_CODES else CLOSED_BY_CLIENT


def _origins(allowed: tuple[str, ...]) -> list[Origin | None] | None:
    """Return the origins that may connect; a client that is no browser sends none."""
    return None if ANY_ORIGIN in allowed else [None, *(Origin(origin) for origin in allowed)]


def _bound_kernel_buffer(connection: ServerConnection, size: int) -> None:
    """Have the kernel keep less of what a client does not read, so that the outbox and its policy see it."""
    own: socket.socket | None = connection.transport.get_extra_info("socket")
    if own is not None:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
