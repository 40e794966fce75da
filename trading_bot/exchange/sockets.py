"""A WebSocket that is written to from a queue, so that one slow reader holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from aiohttp import WSMsgType, web

from trading_bot.exchange.lines import Connection
from trading_bot.exchange.venue import VENUE

# aiohttp waits half of this for a ping's answer: who is silent for a minute is let go, as on Binance.
PING_SECONDS: Final = 40.0
CLOSING_SECONDS: Final = 0.5
LARGEST_MESSAGE: Final = 64 * 1024


async def converse(
    request: web.Request,
    opened: Callable[[Connection], None],
    receive: Callable[[Connection, str], None],
    closed: Callable[[Connection], None],
) -> web.StreamResponse:
    """Hold a conversation until either side ends it, the client is too slow, or the exchange stops."""
    venue = request.app[VENUE]
    if not venue.lines.admits(request.remote or ""):
        return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS)
    if venue.lines.gated() is not None:
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
    socket = web.WebSocketResponse(
        heartbeat=PING_SECONDS, max_msg_size=LARGEST_MESSAGE, timeout=CLOSING_SECONDS
    )
    await socket.prepare(request)
    connection = venue.lines.enter()
    opened(connection)
    ends: list[asyncio.Task[object]] = [
        asyncio.create_task(_read(socket, connection, receive)),
        asyncio.create_task(_write(socket, connection)),
        asyncio.create_task(connection.overrun.wait()),
        asyncio.create_task(connection.cut.wait()),
        asyncio.create_task(venue.stopping.wait()),
    ]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        closed(connection)
        venue.lines.leave(connection)
        if connection.cut.is_set() and request.transport is not None:
            request.transport.abort()
        await _end(ends)
        await socket.close()
    return socket


async def _read(
    socket: web.WebSocketResponse, connection: Connection, receive: Callable[[Connection, str], None]
) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            receive(connection, message.data)


async def _write(socket: web.WebSocketResponse, connection: Connection) -> None:
    while True:
        await socket.send_str(await connection.next_message())


async def _end(tasks: list[asyncio.Task[object]]) -> None:
    """Cancel what still runs; raise what went wrong, except that the client is gone."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, ConnectionError):
            raise result
