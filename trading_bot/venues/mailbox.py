"""What waits for the reader of a feed: bounded, and the newest quote wins."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from trading_bot.venues.protocol import BadMessage, FeedMessage, Quote

LIMIT: Final = 10_000
"""Bars, reports and notes that may wait. Quotes and refusals are at most one a symbol."""


class Mailbox:
    """One reader, one event loop. Quotes are conflated by symbol; nothing else is dropped silently."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._ordered: deque[FeedMessage] = deque()
        self._newest: dict[tuple[type, str], FeedMessage] = {}
        self._news = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._ordered) + len(self._newest)

    def put(self, message: FeedMessage) -> None:
        """Leave a message.

        Raises:
            asyncio.QueueFull: the reader is so far behind that keeping more would only hide it.
        """
        if isinstance(message, Quote | BadMessage):
            self._newest[type(message), message.symbol] = message
        elif len(self._ordered) >= self._limit:
            raise asyncio.QueueFull
        else:
            self._ordered.append(message)
        self._news.set()

    async def get(self) -> FeedMessage | None:
        """Wait for the next message; None once the mailbox is closed. Reports and bars go before quotes."""
        while not self._closed:
            if self._ordered:
                return self._ordered.popleft()
            if self._newest:
                return self._newest.pop(next(iter(self._newest)))
            self._news.clear()
            await self._news.wait()
        return None

    def clear(self) -> None:
        """Forget all that waits."""
        self._ordered.clear()
        self._newest.clear()

    def close(self) -> None:
        """Let the reader end."""
        self._closed = True
        self._news.set()
