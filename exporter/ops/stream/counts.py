"""What the stream counts of itself. Changed on its thread only; read by whoever renders it."""

from __future__ import annotations

from collections import Counter

import msgspec


class StreamCounts(msgspec.Struct, kw_only=True):
    """Counters since the start, by channel label and by reason, and the clients of this moment."""

    connections: int = 0
    clients: Counter[str] = msgspec.field(default_factory=Counter)
    messages: Counter[str] = msgspec.field(default_factory=Counter)
    dropped: Counter[str] = msgspec.field(default_factory=Counter)
    closed: Counter[str] = msgspec.field(default_factory=Counter)
