"""Who gets what: channels, their readers, and what each commit means for them. All of it on one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, Protocol

import msgspec

from exporter.ops.stream.counts import StreamCounts
from exporter.ops.stream.limits import Limits
from exporter.ops.stream.outgoing import Outgoing
from exporter.ops.stream.positions import written
from exporter.ops.stream.snapshots import SNAPSHOTS, StreamState, portfolio_of, represent_stream
from exporter.ops.view import View
from trading_bot.contract import stream
from trading_bot.contract.codec import Envelope
from trading_bot.contract.stream import Channel, Message, Rewind, Rewound, Type
from trading_bot.domain.clock import Clock
from trading_bot.domain.health import Health
from trading_bot.domain.state import State
from trading_bot.journal import Page, TapePosition
from trading_bot.telemetry import rfc3339

LOOK_GAP_SECONDS: Final = 0.004
"""Between two looks at the state: a burst of commits is one change, still within 10 ms of each."""

BATCH: Final = 50
"""Clients that get what comes by the clock, before what was committed meanwhile has its turn."""

PORTFOLIO_PARTS: Final = frozenset({"account", "positions", "positions_left_out", "performance"})


class Reader(Protocol):
    """A client, as the hub sees it."""

    @property
    def is_catching_up(self) -> bool:
        """Whether it is still being given what it missed."""
        ...

    def put(self, outgoing: Outgoing) -> None:
        """Send it, or have it wait by the policy of its channel."""
        ...

    def beat(self) -> None:
        """Look after itself: five seconds have passed."""
        ...


class Hub:
    """Channels and their readers.

    Attributes:
        position: after the last event that was given to the readers, None before the first.
        epoch: rises when the tape was replaced and everything that was sent is void.
    """

    def __init__(self, view: View, clock: Clock, counts: StreamCounts, limits: Limits) -> None:
        self.position: TapePosition | None = None
        self.epoch = 0
        self._view = view
        self._clock = clock
        self._counts = counts
        self._limits = limits
        self._sessions: dict[Reader, None] = {}
        self._channels: dict[str, Channel] = {}
        self._readers: dict[str, dict[Reader, int]] = {}
        self._routes: dict[str, tuple[Channel, ...]] = {}
        self._shown: StreamState | None = None
        self._looked_at = 0.0
        self._looking: asyncio.TimerHandle | None = None

    @property
    def seq(self) -> int:
        """The sequence number of :attr:`position`, 0 before the first."""
        return self.position.seq if self.position is not None else 0

    def subscriptions(self) -> dict[str, int]:
        """Return how many readers each channel has; none for one without."""
        return {name: len(readers) for name, readers in self._readers.items()}

    # Clients.

    def enter(self, reader: Reader) -> None:
        """Know a client; it gets heartbeats."""
        self._sessions[reader] = None

    def exit(self, reader: Reader) -> None:
        """Forget a client and its subscriptions."""
        self._sessions.pop(reader, None)
        for name in [name for name, readers in self._readers.items() if reader in readers]:
            self.leave(reader, name)

    def join(self, reader: Reader, channel: Channel, floor: int) -> None:
        """Give a client the channel's messages from now on, but no event up to ``floor``."""
        readers = self._readers.setdefault(channel.name, {})
        if reader not in readers:
            self._counts.clients[stream.label_of(channel.name)] += 1
        readers[reader] = floor
        self._channels[channel.name] = channel
        self._routes.clear()

    def leave(self, reader: Reader, name: str) -> bool:
        """Give a client no more of a channel; return whether it had it."""
        readers = self._readers.get(name, {})
        if reader not in readers:
            return False
        del readers[reader]
        self._counts.clients[stream.label_of(name)] -= 1
        if not readers:
            del self._readers[name], self._channels[name]
            self._routes.clear()
        return True

    def begin(self, reader: Reader, channel: Channel) -> int:
        """Send the channel's snapshot; return the sequence number up to which it tells everything."""
        if channel.name in {stream.STATE, stream.PORTFOLIO}:
            self._look()  # what is shown from here on are changes to exactly this
            assert self._shown is not None
            reader.put(self._whole(self._shown) if channel.name == stream.STATE else self._portfolio())
            return 0
        represent = SNAPSHOTS.get(channel.name, represent_stream)
        now = self._clock.now_ns()
        data, seq = self._view.read(lambda state, health, _: (represent(state, health, now), state.seq))
        key = channel.name if channel.conflatable else None
        reader.put(self._outgoing(channel.name, Type.SNAPSHOT, data, key=key))
        return seq

    # What was committed.

    def publish(self, page: Page) -> None:
        """Give the readers what a page of the tape brings."""
        if page.restarted:
            self.position = page.position
            self._restart()
        else:
            for envelope in page.envelopes:
                for channel in self._routes_of(envelope.kind):
                    self._give(channel, envelope, page.position.tape_id)
            self.position = page.position
        self._look_soon()

    def event(self, channel: Channel, envelope: Envelope, tape_id: str) -> Outgoing:
        """Return an event as a message of a channel."""
        symbol = getattr(envelope.payload, "symbol", "")
        message = Message(
            channel=channel.name,
            type=envelope.kind,
            data=envelope.payload,
            position=f"{tape_id}/{envelope.run_id}/{envelope.seq}",
            ts=rfc3339(envelope.ts),
            trace_id=envelope.trace_id,
        )
        key = f"{channel.name} {envelope.kind} {symbol}" if channel.conflatable else None
        return Outgoing(message, envelope.seq, key)

    def control(self, kind: Type, data: Any, answering: str | int | None = None) -> Outgoing:
        """Return a message that concerns one connection."""
        return self._outgoing(stream.CONTROL, kind, data, answering=answering)

    def rewound(self, reader: Reader, channel: Channel, reason: Rewind) -> int:
        """Tell a client that what it knows of a channel is void, and begin anew."""
        reader.put(self._outgoing(channel.name, Type.REWOUND, Rewound(reason=reason)))
        return self.begin(reader, channel)

    # What comes by the clock.

    async def run(self) -> None:
        """Look at the bot's health often, and send heartbeats and the whole state now and then; until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._limits.heartbeat_seconds
        while True:
            await asyncio.sleep(self._limits.look_seconds)
            self._look_soon()
            if loop.time() >= due:
                due = loop.time() + self._limits.heartbeat_seconds
                await self._beat()

    async def _beat(self) -> None:
        self._look()
        async for readers in _batches(self._readers.get(stream.STATE, {})):
            if self._shown is not None:
                self._send(self._whole(self._shown), readers)
        async for readers in _batches(self._sessions):
            heartbeat = self._outgoing(stream.CONTROL, Type.HEARTBEAT, None, key=Type.HEARTBEAT)
            for reader in readers:
                reader.beat()
            self._send(heartbeat, [reader for reader in readers if not reader.is_catching_up])

    def _look_soon(self) -> None:
        if self._looking is not None or not self._is_watched():
            return
        loop = asyncio.get_running_loop()
        wait = self._looked_at + LOOK_GAP_SECONDS - loop.time()
        if wait > 0:
            self._looking = loop.call_later(wait, self._look)
        else:
            self._look()

    def _is_watched(self) -> bool:
        return stream.STATE in self._readers or stream.PORTFOLIO in self._readers

    def _look(self) -> None:
        """Compare the state with what was shown last, and send what differs."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._looked_at = asyncio.get_running_loop().time()
        now = self._clock.now_ns()
        before, self._shown = self._shown, self._view.read(lambda state, health, _: _seen(state, health, now))
        if before is not None and before != self._shown:
            self._send_changes(before, self._shown)

    def _send_changes(self, before: StreamState, shown: StreamState) -> None:
        changed = {
            name: getattr(shown, name)
            for name in shown.__struct_fields__
            if getattr(shown, name) != getattr(before, name)
        }
        if stream.STATE in self._readers:
            change = self._outgoing(
                stream.STATE, Type.CHANGE, changed, key=stream.STATE, whole=self._whole(shown)
            )
            self._send(change, self._readers[stream.STATE])
        if stream.PORTFOLIO in self._readers and not PORTFOLIO_PARTS.isdisjoint(changed):
            self._send(self._portfolio(), self._readers[stream.PORTFOLIO])

    def _whole(self, shown: StreamState) -> Outgoing:
        return self._outgoing(stream.STATE, Type.SNAPSHOT, shown, key=stream.STATE)

    def _portfolio(self) -> Outgoing:
        assert self._shown is not None
        data = portfolio_of(self._shown)
        return self._outgoing(stream.PORTFOLIO, Type.SNAPSHOT, data, key=stream.PORTFOLIO)

    def _restart(self) -> None:
        self.epoch += 1
        for name, readers in list(self._readers.items()):
            channel = self._channels[name]
            for reader in list(readers):
                readers[reader] = self.rewound(reader, channel, Rewind.TAPE_REPLACED)

    def _routes_of(self, kind: str) -> tuple[Channel, ...]:
        routes = self._routes.get(kind)
        if routes is None:
            routes = tuple(channel for channel in self._channels.values() if kind in channel.kinds)
            self._routes[kind] = routes
        return routes

    def _give(self, channel: Channel, envelope: Envelope, tape_id: str) -> None:
        outgoing = self.event(channel, envelope, tape_id)
        seq = envelope.seq
        self._send(outgoing, [r for r, floor in self._readers[channel.name].items() if floor < seq])

    def _send(self, outgoing: Outgoing, readers: Iterable[Reader]) -> None:
        for reader in tuple(readers):
            reader.put(outgoing)

    def _outgoing(
        self,
        channel: str,
        kind: str,
        data: Any,
        *,
        key: str | None = None,
        whole: Outgoing | None = None,
        answering: str | int | None = None,
    ) -> Outgoing:
        message = Message(
            channel=channel,
            type=kind,
            data=data,
            position=written(self.position),
            ts=rfc3339(self._clock.now_ns()),
            id=answering,
        )
        return Outgoing(message, self.seq, key, whole)


def _seen(state: State, health: Health, now: int) -> StreamState:
    """Return the state without what changes by time alone."""
    return represent_stream(state, msgspec.structs.replace(health, silent_for_ns=None), now)


async def _batches(readers: Iterable[Reader]) -> AsyncIterator[list[Reader]]:
    """Yield the readers a few at a time, and let others have their turn in between."""
    everybody = list(readers)
    for start in range(0, len(everybody), BATCH):
        yield everybody[start : start + BATCH]
        await asyncio.sleep(0)
