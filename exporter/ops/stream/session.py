"""One client: who it is, what it asks for, and how it gets what the hub has for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from exporter.ops.representations.errors import represent_error
from exporter.ops.stream.delivery import Delivery
from exporter.ops.stream.history import History
from exporter.ops.stream.hub import Hub
from exporter.ops.stream.limits import Limits, TokenBucket
from exporter.ops.stream.outgoing import Outgoing
from exporter.ops.stream.positions import parsed
from exporter.ops.stream.requests import channels_named, read_request
from exporter.ops.stream.services import Admitted, Services, address_of
from trading_bot.contract import stream
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import NonRetriableError, RetriableError, TickertapeError
from trading_bot.contract.stream import (
    Action,
    Channel,
    CloseCode,
    Hello,
    Request,
    Rewind,
    Subscribed,
    Subscriptions,
    Type,
    Unsubscribed,
)
from trading_bot.journal import TapePosition

REFUSAL_SECONDS: Final = 1.0
"""Between two answers that say that a client sends too much: the answers must not be more than it sends."""


class Session:
    """One connection, from the handshake to its end. A :class:`~exporter.ops.stream.hub.Reader` of the hub.

    Args:
        connection: the open WebSocket.
        admitted: what the handshake said: the key, the path's channel, position and format.
        services: what all sessions share.
    """

    def __init__(self, connection: ServerConnection, admitted: Admitted, services: Services) -> None:
        self._connection = connection
        self._admitted = admitted
        self._services = services
        self._hub: Hub = services.hub
        self._history: History = services.history
        self._limits: Limits = services.limits
        self._secret = admitted.secret
        self._delivery = Delivery(connection, admitted.format, self._limits, services.counts)
        self._loop = asyncio.get_running_loop()
        self._bucket = TokenBucket(
            self._limits.messages_per_second, self._limits.message_burst, self._loop.time()
        )
        self._refused = 0
        self._refused_at = -REFUSAL_SECONDS
        self._catching_up = False

    @property
    def closed_with(self) -> CloseCode | None:
        """The code that this side closed with, None where it did not."""
        return self._delivery.closed_with

    @property
    def is_authenticated(self) -> bool:
        """Whether a valid key was presented."""
        return self._secret is not None

    @property
    def is_catching_up(self) -> bool:
        """Whether it is still being given what it missed."""
        return self._catching_up

    async def serve(self) -> None:
        """Answer the client until the connection is closed."""
        try:
            self.put(self._hub.control(Type.HELLO, self._hello()))
            if self.is_authenticated:
                await self._admit()
                await self._listen()
            elif await self._authenticate():
                await self._listen()
        except ConnectionClosed:
            pass  # the client's decision, or a fault of its frames that the library has answered
        finally:
            self._hub.exit(self)
            await self._delivery.end()

    def close(self, code: CloseCode) -> None:
        """Close with a code that says why; what still waits is forgotten."""
        self._delivery.close(code)

    # The hub's side.

    def put(self, outgoing: Outgoing) -> None:
        """Send a message at once where the connection takes it, else have it wait."""
        self._delivery.put(outgoing)

    def beat(self) -> None:
        """Close a connection whose key is no longer valid, or whose client takes nothing any more."""
        if self._secret is not None and self._services.identify(self._secret) is None:
            self.close(CloseCode.UNAUTHENTICATED)
        elif self._delivery.has_stalled:
            self.close(CloseCode.TOO_SLOW)

    # The client's side.

    async def _authenticate(self) -> bool:
        """Take messages until one has a valid key; return whether one had, in time."""
        deadline = self._loop.time() + self._limits.authentication_seconds
        try:
            while not self.is_authenticated and self._delivery.is_open:
                async with asyncio.timeout_at(deadline):
                    data = await self._connection.recv()
                await self._take(data)
        except TimeoutError:
            self.close(CloseCode.AUTHENTICATION_TIMEOUT)
        return self.is_authenticated

    async def _listen(self) -> None:
        while self._delivery.is_open:
            await self._take(await self._connection.recv())

    async def _take(self, data: str | bytes) -> None:
        """Answer one message."""
        wait = self._bucket.take(self._loop.time())
        if wait:
            self._refuse(wait)
            return
        request = None
        try:
            request = read_request(data)
            await self._answer(request)
        except TickertapeError as error:
            self._report(error, request)

    async def _answer(self, request: Request) -> None:
        newly = not self.is_authenticated
        if (newly or request.auth is not None) and not self._identify(request):
            return
        if request.format is not None:
            self._delivery.write_as(request.format)
        if newly and request.action is Action.AUTH:
            self._send(Type.AUTHENTICATED, None, request)
            await self._admit()
            return
        await self._ANSWERS[request.action](self, request)

    def _identify(self, request: Request) -> bool:
        """Take the request's key, or close; return whether it is valid."""
        if request.auth is not None and self._services.identify(request.auth) is not None:
            self._services.without_key.discard(self)
            self._secret = request.auth
            return True
        given = "no key was sent" if request.auth is None else "the key is not known here"
        error = NonRetriableError("AUTH_001", f"{given}: stream, first message")
        self._services.refuse(error, address_of(self._connection))
        self._report(error, request)
        self.close(CloseCode.UNAUTHENTICATED)
        return False

    async def _admit(self) -> None:
        """Subscribe to the path's channel."""
        if self._admitted.channel is not None:
            await self._subscribe([self._admitted.channel], self._admitted.after, None)

    async def _on_auth(self, request: Request) -> None:
        self._send(Type.AUTHENTICATED, None, request)

    async def _on_ping(self, request: Request) -> None:
        self._send(Type.PONG, None, request)

    async def _on_subscribe(self, request: Request) -> None:
        channels = channels_named(request.channels) or self._of_the_path()
        await self._subscribe(channels, parsed(request.after) if request.after else None, request)

    async def _on_unsubscribe(self, request: Request) -> None:
        wanted = request.channels or tuple(self._hub.subscriptions())
        left = tuple(name for name in dict.fromkeys(wanted) if self._hub.leave(self, name))
        self._send(Type.UNSUBSCRIBED, Unsubscribed(channels=left), request)

    def _of_the_path(self) -> list[Channel]:
        if self._admitted.channel is None:
            raise NonRetriableError("API_021", "channels: expected at least one channel, found none")
        return [self._admitted.channel]

    async def _subscribe(
        self, channels: list[Channel], after: TapePosition | None, request: Request | None
    ) -> None:
        """Acknowledge, then send what was missed or a snapshot, then everything that comes."""
        for channel in channels:
            self._hub.leave(self, channel.name)
        exact = [channel for channel in channels if not channel.conflatable]
        rewound = None
        if after is not None and exact:
            rewound = await self._history.judge(after, _kinds(exact))
        resumes = after is not None and rewound is None
        said = tuple(
            Subscribed(
                channel=channel.name,
                conflatable=channel.conflatable,
                resumed=resumes and not channel.conflatable,
                rewound=None if channel.conflatable else rewound,
            )
            for channel in channels
        )
        self._send(Type.SUBSCRIBED, Subscriptions(channels=said), request)
        floors: dict[str, int] = {}
        if after is not None and resumes:
            floors = await self._catch_up(after, exact)
        # From here on nothing is awaited: what is committed next finds the client subscribed.
        for channel in channels:
            floor = floors.get(channel.name)
            self._hub.join(self, channel, self._hub.begin(self, channel) if floor is None else floor)

    async def _catch_up(self, after: TapePosition, channels: list[Channel]) -> dict[str, int]:
        """Send what was missed; return up to where, by channel, or nothing if that was not possible."""
        kinds, epoch, reached = _kinds(channels), self._hub.epoch, after.seq
        self._catching_up = True
        try:
            while reached < self._hub.seq and self._delivery.is_open:
                passage = await self._history.page(reached, self._hub.seq, kinds)
                if epoch != self._hub.epoch:
                    return self._cannot_resume(channels, Rewind.TAPE_REPLACED)
                for envelope in passage.envelopes:
                    for channel in channels:
                        if envelope.kind in channel.kinds:
                            self.put(self._hub.event(channel, envelope, after.tape_id))
                reached = passage.reached
                await self._delivery.drained()
        except TickertapeError:
            return self._cannot_resume(channels, Rewind.TAPE_UNREADABLE)
        finally:
            self._catching_up = False
        return {channel.name: reached for channel in channels}

    def _cannot_resume(self, channels: list[Channel], reason: Rewind) -> dict[str, int]:
        return {channel.name: self._hub.rewound(self, channel, reason) for channel in channels}

    # Answers.

    def _send(self, kind: Type, data: msgspec.Struct | None, request: Request | None) -> None:
        self.put(self._hub.control(kind, data, request.id if request is not None else None))

    def _refuse(self, wait: float) -> None:
        self._refused += 1
        if self._refused > self._limits.refusals:
            self.close(CloseCode.TOO_MANY_MESSAGES)
            return
        now = self._loop.time()
        if now - self._refused_at >= REFUSAL_SECONDS:
            self._refused_at = now
            rate = self._limits.messages_per_second
            message = f"more than {rate:g} messages a second; wait {wait:.2f} s"
            self._report(RetriableError("API_025", message, retry_after_seconds=round(wait, 3)), None)

    def _report(self, error: TickertapeError, request: Request | None) -> None:
        semantic = error.semantic(self._services.clock.now_ns())
        view = represent_error(semantic)
        view = msgspec.structs.replace(
            view, message=redact(view.message), context=redact(view.context), cause=redact(view.cause)
        )
        answering = request.id if request is not None else None
        self.put(self._hub.control(Type.ERROR, view, answering))

    def _hello(self) -> Hello:
        return Hello(
            bot=self._services.bot,
            protocol=stream.PROTOCOL_VERSION,
            authenticated=self.is_authenticated,
            channels=(*stream.CHANNELS, f"{stream.CUSTOM}<event kind>"),
            heartbeat_seconds=self._limits.heartbeat_seconds,
            messages_per_second=self._limits.messages_per_second,
        )

    _ANSWERS: ClassVar[dict[Action, Callable[[Session, Request], Awaitable[None]]]] = {
        Action.AUTH: _on_auth,
        Action.SUBSCRIBE: _on_subscribe,
        Action.UNSUBSCRIBE: _on_unsubscribe,
        Action.PING: _on_ping,
    }


def _kinds(channels: list[Channel]) -> frozenset[str]:
    return frozenset().union(*(channel.kinds for channel in channels))
