"""The bot's books: what is appended to the tape is folded into the live state in the same step."""

from __future__ import annotations

import asyncio

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import Event
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import State
from trading_bot.journal import TapeWriter


class Ledger:
    """The tape's writer and the state that it says. Used from the loop's thread only.

    Attributes:
        state: the fold of everything appended, committed or queued.
    """

    def __init__(self, writer: TapeWriter, state: State) -> None:
        self.state = state
        self.writer = writer

    @property
    def fault(self) -> TickertapeError | None:
        """Why the tape cannot be written at present, or None."""
        return self.writer.fault

    @property
    def next_seq(self) -> int:
        """The sequence number that the next event will have."""
        return self.writer.last + 1

    def append(self, event: Event, *, trace_id: str | None = None, span_id: str | None = None) -> Envelope:
        """Append an event and fold it. Never waits for the disk."""
        envelope = self.writer.append(event, trace_id=trace_id, span_id=span_id)
        self.state = evolve(self.state, envelope)
        return envelope

    async def durable(self) -> None:
        """Wait until everything appended so far would survive a power loss.

        Raises:
            TickertapeError: the tape's fault; what depends on the events must not be done.
        """
        await asyncio.wrap_future(self.writer.make_durable())
