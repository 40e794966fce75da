"""What one connection, and all of them together, may take."""

from __future__ import annotations

import resource
from typing import Final

import msgspec

RESERVED_DESCRIPTORS: Final = 256
"""File descriptors that are left for everything else in the process."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a stream. Times are seconds, sizes bytes.

    ``refusals`` is how many messages above the rate are tolerated before the connection is closed;
    ``resumable`` how many events a client may have missed and still get each of them; ``stalled_seconds``
    how long a client may take nothing at all of what waits for it.
    """

    connections: int = 2_000
    unauthenticated: int = 200
    authentication_seconds: float = 5.0
    message_bytes: int = 64 * 1024
    messages_per_second: float = 20.0
    message_burst: int = 40
    refusals: int = 100
    waiting: int = 1_000
    send_buffer_bytes: int = 256 * 1024
    resumable: int = 100_000
    heartbeat_seconds: float = 5.0
    look_seconds: float = 0.5
    stalled_seconds: float = 30.0
    close_seconds: float = 3.0
    ping_seconds: float = 20.0


def affordable(limits: Limits) -> Limits:
    """Return the limits with no more connections than this process has descriptors for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(1, soft - RESERVED_DESCRIPTORS) if soft != resource.RLIM_INFINITY else limits.connections
    return msgspec.structs.replace(limits, connections=min(limits.connections, most))


class TokenBucket:
    """Lets through ``rate`` a second, and ``burst`` at once. Times are seconds of any steady clock."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float) -> float:
        """Take one; return 0, or the seconds until there is one again."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
