"""Bad days on purpose: what is switched on, and for which symbol."""

from __future__ import annotations

from typing import Final

import msgspec

MUTE_FEED: Final = "mute_feed"
LOST_ACK: Final = "lost_ack"

# Each fault and what a client sees of it.
FAULTS: Final = {
    MUTE_FEED: "Market data sockets stay open and answer pings, but no quote, trade or bar comes.",
    LOST_ACK: (
        "An order is accepted and booked, but neither its answer nor the reports of its arrival come; "
        "the connection is cut after half a minute."
    ),
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is on, for one symbol or, with None, for all."""

    name: str
    symbol: str | None
    since_ns: int


class Faults:
    """The faults that are on. The books record each change before it takes effect here."""

    def __init__(self, switched_on: list[Fault]) -> None:
        self._on = {(fault.name, fault.symbol): fault for fault in switched_on}

    def hits(self, name: str, symbol: str) -> bool:
        """Whether the fault is on for this symbol."""
        return (name, None) in self._on or (name, symbol) in self._on

    def switched_on(self) -> list[Fault]:
        """Return what is on."""
        return list(self._on.values())

    def add(self, fault: Fault) -> None:
        """Take note that a fault is on; one that is on already keeps its beginning."""
        self._on.setdefault((fault.name, fault.symbol), fault)

    def remove(self, name: str, symbol: str | None) -> None:
        """Take note that a fault is off; without a symbol, for every symbol."""
        for key in [key for key in self._on if key[0] == name and symbol in (None, key[1])]:
            del self._on[key]
