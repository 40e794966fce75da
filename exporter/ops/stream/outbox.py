"""What waits for one client that does not keep up: the policy, without sockets.

Of a conflatable channel the oldest is dropped: a newer message with the same key takes the place of the
one that waits. Of the others nothing is dropped: when too many wait, the connection has to be closed.
Messages leave in the order of their places on the tape, so that a client which has seen a position has
been sent everything up to it.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Final

from exporter.ops.stream.outgoing import Outgoing

MOST_WAITING: Final = 1_000


class Offered(Enum):
    """What became of a message."""

    KEPT = auto()
    REPLACED = auto()
    """An older one of the same key was dropped for it."""
    FULL = auto()
    """It was not taken; nothing can be any more."""


class Outbox:
    """A bounded queue. Bounded are the messages that must arrive; of the others there is one a key."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._facts: deque[Outgoing] = deque()
        self._latest: dict[str, Outgoing] = {}

    def __len__(self) -> int:
        return len(self._facts) + len(self._latest)

    def offer(self, outgoing: Outgoing) -> Offered:
        """Take a message, if there is room for it."""
        if outgoing.key is not None:
            return self._conflate(outgoing, outgoing.key)
        if len(self._facts) >= self._most:
            return Offered.FULL
        self._facts.append(outgoing)
        return Offered.KEPT

    def take(self) -> Outgoing | None:
        """Return the next message, None when nothing waits."""
        key = next(iter(self._latest), None)
        if key is None:
            return self._facts.popleft() if self._facts else None
        if self._facts and self._facts[0].seq <= self._latest[key].seq:
            return self._facts.popleft()
        return self._latest.pop(key)

    def clear(self) -> None:
        """Forget everything."""
        self._facts.clear()
        self._latest.clear()

    def _conflate(self, outgoing: Outgoing, key: str) -> Offered:
        replaced = self._latest.pop(key, None)  # and go to the end: the order is that of the places
        self._latest[key] = outgoing if replaced is None else outgoing.whole or outgoing
        return Offered.KEPT if replaced is None else Offered.REPLACED
