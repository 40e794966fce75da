"""Binance Spot's market streams: /ws, /ws/NAME and /stream, with SUBSCRIBE and UNSUBSCRIBE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from trading_bot.exchange.feed import Feed
from trading_bot.exchange.lines import Connection
from trading_bot.exchange.sockets import converse
from trading_bot.exchange.venue import VENUE

FEED = web.AppKey("feed", Feed)


class Message(msgspec.Struct):
    """What a client says. ``id`` comes back in the answer."""

    method: str
    id: int | str | None = None
    params: list[str] = []


def routes() -> list[web.RouteDef]:
    """Return the routes of this interface."""
    return [web.get("/ws", raw), web.get("/ws/{names:.+}", raw), web.get("/stream", combined)]


async def raw(request: web.Request) -> web.StreamResponse:
    """Serve messages as they are; what stands behind /ws/ and is a stream's name is subscribed to."""
    names = request.match_info.get("names", "").split("/")
    return await _serve(request, [name for name in names if "@" in name], wrapped=False)


async def combined(request: web.Request) -> web.StreamResponse:
    """Serve messages with the name of their stream."""
    names = request.query.get("streams", "").split("/")
    return await _serve(request, [name for name in names if name], wrapped=True)


async def _serve(request: web.Request, names: list[str], *, wrapped: bool) -> web.StreamResponse:
    feed, clock = request.app[FEED], request.app[VENUE].clock

    def opened(connection: Connection) -> None:
        for name in names:
            feed.subscribe(connection, name, combined=wrapped)

    def receive(connection: Connection, text: str) -> None:
        if not connection.hear(clock.now_ns()):
            connection.overrun.set()  # more than five messages a second
            return
        connection.send(msgspec.json.encode(_answer(feed, connection, text, wrapped=wrapped)).decode())

    return await converse(request, opened, receive, feed.forget)


def _answer(feed: Feed, connection: Connection, text: str, *, wrapped: bool) -> Any:
    try:
        message = msgspec.json.decode(text, type=Message)
    except msgspec.DecodeError as error:
        return _error(f"Invalid JSON: {error}", None)
    handler = METHODS.get(message.method)
    if handler is None:
        return _error(f"Invalid request: unknown method {message.method}", message.id)
    return handler(feed, connection, message, wrapped)


def _subscribe(feed: Feed, connection: Connection, message: Message, wrapped: bool) -> Any:  # noqa: FBT001 - one signature for the table
    unknown = [name for name in message.params if not feed.subscribe(connection, name, combined=wrapped)]
    if unknown:
        return _error(f"Invalid request: unknown stream {', '.join(unknown)}", message.id)
    return {"result": None, "id": message.id}


def _unsubscribe(feed: Feed, connection: Connection, message: Message, _wrapped: bool) -> Any:  # noqa: FBT001
    for name in message.params:
        feed.unsubscribe(connection, name)
    return {"result": None, "id": message.id}


def _list(feed: Feed, connection: Connection, message: Message, _wrapped: bool) -> Any:  # noqa: FBT001
    return {"result": feed.heard_by(connection), "id": message.id}


def _error(text: str, identity: int | str | None) -> Any:
    return {"error": {"code": 2, "msg": text}, "id": identity}


METHODS: dict[str, Callable[[Feed, Connection, Message, bool], Any]] = {
    "SUBSCRIBE": _subscribe,
    "UNSUBSCRIBE": _unsubscribe,
    "LIST_SUBSCRIPTIONS": _list,
}
