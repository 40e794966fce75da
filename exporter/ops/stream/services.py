"""What all sessions share, and what the handshake found out about one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from exporter.ops.stream.counts import StreamCounts
from exporter.ops.stream.limits import Limits
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.stream import Channel, Format
from trading_bot.domain.clock import Clock
from trading_bot.journal import TapePosition

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from exporter.ops.stream.history import History
    from exporter.ops.stream.hub import Hub

Identify = Callable[[str], object | None]
"""Who presents a key or token, None for nobody; fast enough for a loop."""


def address_of(connection: ServerConnection) -> str:
    """Return where a client is; nothing where it has gone already."""
    address = connection.remote_address
    return str(address[0]) if address else ""


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """What the handshake said. ``secret`` is a key that was valid, None where none was sent."""

    secret: str | None
    channel: Channel | None
    after: TapePosition | None
    format: Format


class Services(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What sessions use. ``refuse`` records a few of those that were refused for their key."""

    bot: str
    hub: Hub
    history: History
    identify: Identify
    refuse: Callable[[TickertapeError, str], object]
    clock: Clock
    counts: StreamCounts
    limits: Limits
    without_key: set[object] = msgspec.field(default_factory=set)
    """The sessions that have not presented a valid key yet."""
