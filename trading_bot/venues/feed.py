"""What every dialect reports to: decoded once, delivered to one mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from trading_bot.contract.errors.definition import TickertapeError
from trading_bot.domain.clock import Clock
from trading_bot.venues.decoding import bar_of, quote_of
from trading_bot.venues.mailbox import Mailbox
from trading_bot.venues.protocol import (
    BadMessage,
    FeedMessage,
    FillReport,
    OrderReport,
    StreamName,
    VenueFill,
    VenueOrder,
)
from trading_bot.venues.streams import BarSequence, Dialect, Stream

OF_THE_READER: Final = (StreamName.BARS, StreamName.ORDERS)
"""Streams that must be subscribed anew when the reader fell so far behind that its mailbox is full."""


class Feed:
    """The three streams of one venue and the mailbox that they fill."""

    def __init__(self, dialect: Dialect, bars: BarSequence, clock: Clock, mailbox: Mailbox) -> None:
        self._clock = clock
        self._mailbox = mailbox
        self._bars = bars
        self._tasks: list[asyncio.Task[None]] = []
        self._streams = {name: Stream(name, dialect, self.deliver, clock) for name in StreamName}

    async def listen(self) -> AsyncIterator[FeedMessage]:
        """Start the streams and yield what they bring, until :meth:`stop` or until the reader leaves."""
        self._tasks = [asyncio.ensure_future(stream.run()) for stream in self._streams.values()]
        for task in self._tasks:
            # A stream never ends by itself: if one does, the reader must not wait for ever.
            task.add_done_callback(lambda _: self._mailbox.close())
        try:
            while (message := await self._mailbox.get()) is not None:
                yield message
        finally:
            ended = await self.stop()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def stop(self) -> list[BaseException | None]:
        """End the streams, before the client: one that comes back later would open it again."""
        self._mailbox.close()
        self._bars.stop()
        for task in self._tasks:
            task.cancel()
        return await asyncio.gather(*self._tasks, return_exceptions=True)

    def flowing(self, stream: StreamName) -> None:
        """Note a sign of life."""
        self._streams[stream].flowing()

    def break_off(self, stream: StreamName) -> None:
        """Give a connection up, so that it is made anew."""
        self._streams[stream].break_off()

    def quote(self, symbol: str, bid: object, ask: object, venue_time: int | None) -> None:
        """Take a quote; ``venue_time`` in milliseconds."""
        self.flowing(StreamName.QUOTES)
        self._decoded(
            symbol, lambda: quote_of(symbol, bid, ask, venue_time, self._clock.now_ns()), self.deliver
        )

    def bar(self, symbol: str, row: list[Any], *, closed: bool) -> None:
        """Take a bar as [open time in ms, open, high, low, close, volume]; one that is not closed is a sign of life."""
        self.flowing(StreamName.BARS)
        if closed:
            self._decoded(symbol, lambda: bar_of(symbol, row), self._bars.closed)

    def order(self, order: VenueOrder) -> None:
        """Take a report on an order."""
        self.deliver(OrderReport(order=order))

    def fill(self, fill: VenueFill) -> None:
        """Take a report on an execution."""
        self.deliver(FillReport(fill=fill))

    def deliver(self, message: FeedMessage) -> None:
        """Put a message into the mailbox; where it is full, start over, which the reader is told."""
        try:
            self._mailbox.put(message)
        except asyncio.QueueFull:
            self._mailbox.clear()
            for stream in OF_THE_READER:
                self.break_off(stream)

    def _decoded(self, symbol: str, decode: Callable[[], Any], take: Callable[[Any], None]) -> None:
        try:
            message = decode()
        except TickertapeError as error:
            self.deliver(BadMessage(symbol=symbol, message=error.message))
        else:
            take(message)
