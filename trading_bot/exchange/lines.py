"""The open sockets: who may open one, how long it lives, and what faults do to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from trading_bot.domain.clock import SECOND, Clock
from trading_bot.exchange.faults import DROP_CONNECTION, FLAPPING_CONNECTION, MAINTENANCE, Fault, Faults

MOST_QUEUED: Final = 2_000
# Binance's own limits, for one address.
MOST_OPENED: Final = 300
OPENED_WITHIN_NS: Final = 300 * SECOND
MOST_MESSAGES_A_SECOND: Final = 5
LONGEST_LIFE_NS: Final = 24 * 3600 * SECOND
# While one of these strikes, a socket is not opened at all.
GATES: Final = (DROP_CONNECTION, MAINTENANCE)
# A flapping socket lives at least this share of the longest life.
SHORTEST_SHARE: Final = 0.25


class Connection:
    """One client's end. A client that reads too slowly to queue more is cut, as on Binance.

    Attributes:
        opened_ns: when it was opened, by the exchange's clock.
        overrun: set when the client is to be let go in order.
        cut: set when the connection is to break off without a word.
    """

    def __init__(self, opened_ns: int = 0) -> None:
        self.opened_ns = opened_ns
        self.overrun = asyncio.Event()
        self.cut = asyncio.Event()
        self._queue: asyncio.Queue[str] = asyncio.Queue(MOST_QUEUED)
        self._heard: deque[int] = deque(maxlen=MOST_MESSAGES_A_SECOND)

    def send(self, message: str) -> None:
        """Queue a text; never waits."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.overrun.set()

    async def next_message(self) -> str:
        """Return the oldest text that is not sent yet, when there is one."""
        return await self._queue.get()

    def hear(self, now_ns: int) -> bool:
        """Count a message of the client; false for one too many within a second."""
        full = len(self._heard) == MOST_MESSAGES_A_SECOND and now_ns - self._heard[0] < SECOND
        self._heard.append(now_ns)
        return not full


class Lines:
    """All open sockets of one exchange."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._open: set[Connection] = set()
        self._attempts: dict[str, deque[int]] = {}

    def admits(self, address: str) -> bool:
        """Whether an address may open one more socket; counts the attempt."""
        now = self._clock.now_ns()
        attempts = self._attempts.setdefault(address, deque(maxlen=MOST_OPENED))
        many = len(attempts) == MOST_OPENED and now - attempts[0] < OPENED_WITHIN_NS
        attempts.append(now)
        return not many

    def gated(self) -> Fault | None:
        """Return the fault because of which no socket is opened now."""
        return next((fault for name in GATES if (fault := self._faults.strikes(name)) is not None), None)

    def enter(self) -> Connection:
        """Take note of a new socket."""
        connection = Connection(self._clock.now_ns())
        self._open.add(connection)
        flapping = self._faults.strikes(FLAPPING_CONNECTION)
        if flapping is not None:
            _shorten(flapping, self._faults, connection)
        return connection

    def leave(self, connection: Connection) -> None:
        """Take note that a socket is closed."""
        self._open.discard(connection)

    def strike(self, fault: Fault) -> None:
        """Do to the open sockets what a fault does when it is switched on."""
        effect = EFFECTS.get(fault.name)
        if effect is not None:
            for connection in self._open:
                if self._faults.strikes(fault.name) is None:
                    continue
                effect(fault, self._faults, connection)

    def end_old(self) -> None:
        """Let go of who has been connected for a day."""
        now = self._clock.now_ns()
        for connection in self._open:
            if now - connection.opened_ns >= LONGEST_LIFE_NS:
                connection.overrun.set()


def _cut(_fault: Fault, _faults: Faults, connection: Connection) -> None:
    connection.cut.set()


def _shorten(fault: Fault, faults: Faults, connection: Connection) -> None:
    life = fault.size * (SHORTEST_SHARE + (1 - SHORTEST_SHARE) * faults.chance(fault))
    asyncio.get_running_loop().call_later(life, connection.cut.set)


EFFECTS: Final[dict[str, Callable[[Fault, Faults, Connection], None]]] = {
    DROP_CONNECTION: _cut,
    MAINTENANCE: _cut,
    FLAPPING_CONNECTION: _shorten,
}
