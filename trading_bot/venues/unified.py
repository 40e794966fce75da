"""Any exchange, through ccxt's unified streams.

A ``watch_…`` call wakes once for several messages, so it only keeps the subscription alive here; what
came is read from ccxt's caches after each message of a socket. A bar is closed when a newer one appears.
"""

from __future__ import annotations

import asyncio
from asyncio import FIRST_EXCEPTION
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from trading_bot.contract.errors.definition import describe
from trading_bot.venues.ccxt_client import PassOn
from trading_bot.venues.decoding import decoded, fill_of, order_of
from trading_bot.venues.feed import Feed
from trading_bot.venues.protocol import StreamName

CONFIRMED_AFTER_SECONDS: Final = 1.0
"""ccxt does not say when a private subscription stands: one that was not refused by then does."""
CACHED: Final = 100
"""Rows that ccxt keeps of bars, orders and executions: more than one message brings."""


class UnifiedDialect:
    """The three streams of an exchange that ccxt knows, over as many sockets as ccxt opens."""

    def __init__(self, client: Any, symbols: tuple[str, ...], interval: str, timeout_seconds: float) -> None:
        self.feed: Feed
        self._client = client
        self._symbols = symbols
        self._interval = interval
        self._confirmed_after = min(timeout_seconds, CONFIRMED_AFTER_SECONDS)
        self._sockets: dict[StreamName, Any] = {}
        self._quotes: dict[str, Any] = {}
        self._forming: dict[str, int] = {}
        self._watchers: Final[dict[StreamName, Callable[[], Coroutine[Any, Any, None]]]] = {
            StreamName.QUOTES: self._watch_quotes,
            StreamName.BARS: self._watch_bars,
            StreamName.ORDERS: self._watch_orders,
        }
        client.options.update(OHLCVLimit=CACHED, ordersLimit=CACHED, tradesLimit=CACHED)
        client.tap = self._tap

    async def watch(self, stream: StreamName) -> NoReturn:
        """See :class:`~trading_bot.venues.streams.Dialect`."""
        self._client.ws_dial_backoff = {}
        while True:
            await self._watchers[stream]()

    async def drop(self, stream: StreamName) -> None:
        """See :class:`~trading_bot.venues.streams.Dialect`. A socket that has brought nothing yet goes too."""
        own = self._sockets.pop(stream, None)
        others = list(self._sockets.values())
        for address, socket in list(self._client.clients.items()):
            if socket is own or socket not in others:
                del self._client.clients[address]
                await socket.close()

    async def _watch_quotes(self) -> None:
        await self._client.watch_bids_asks(list(self._symbols))

    async def _watch_bars(self) -> None:
        await self._client.watch_ohlcv_for_symbols([[symbol, self._interval] for symbol in self._symbols])

    async def _watch_orders(self) -> None:
        watchers = [
            asyncio.ensure_future(self._client.watch_orders()),
            asyncio.ensure_future(self._client.watch_my_trades()),
        ]
        try:
            done, _ = await asyncio.wait(watchers, timeout=self._confirmed_after, return_when=FIRST_EXCEPTION)
            if not any(task.exception() for task in done):
                self.feed.flowing(StreamName.ORDERS)
                await asyncio.wait(watchers, return_when=FIRST_EXCEPTION)
            for task in watchers:
                if task.done():
                    task.result()
        finally:
            for task in watchers:
                task.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    def _tap(self, socket: Any, message: Any, pass_on: PassOn) -> None:
        try:
            pass_on(socket, message)
            self._read_quotes(socket)
            self._read_bars(socket)
            self._read_orders(socket)
        except Exception as error:  # noqa: BLE001 - an exception here would end ccxt's reading without a word
            socket.on_error(ConnectionError(f"message not understood: {describe(error)}"))

    def _read_quotes(self, socket: Any) -> None:
        for symbol in self._symbols:
            ticker = self._client.bidsasks.get(symbol)
            if ticker is not None and ticker is not self._quotes.get(symbol):
                self._quotes[symbol] = ticker
                self._sockets[StreamName.QUOTES] = socket
                self.feed.quote(symbol, ticker["bid"], ticker["ask"], ticker["timestamp"])

    def _read_bars(self, socket: Any) -> None:
        for symbol in self._symbols:
            rows = self._client.ohlcvs.get(symbol, {}).get(self._interval)
            if rows and rows[-1][0] != self._forming.get(symbol):
                self._sockets[StreamName.BARS] = socket
                self._close_bars(symbol, list(rows))

    def _close_bars(self, symbol: str, rows: list[Any]) -> None:
        forming = rows[-1][0]
        first_to_close = self._forming.get(symbol, forming)
        self._forming[symbol] = forming
        for row in rows:
            if first_to_close <= row[0] < forming:
                self.feed.bar(symbol, row, closed=True)

    def _read_orders(self, socket: Any) -> None:
        for answer in self._taken(self._client.myTrades, socket):
            self.feed.fill(decoded("execution", fill_of, answer))
        for answer in self._taken(self._client.orders, socket):
            self.feed.order(decoded("order", order_of, answer))

    def _taken(self, cache: Any, socket: Any) -> list[Any]:
        answers = [answer for answer in cache or () if answer["symbol"] in self._symbols]
        if cache:
            self._sockets[StreamName.ORDERS] = socket
            self.feed.flowing(StreamName.ORDERS)
            cache.clear()
        return answers
