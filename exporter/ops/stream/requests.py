"""What a client says, read strictly: a fault is an answer with what was expected, never a closed connection."""

from __future__ import annotations

import difflib
from typing import Final

import msgspec

from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events import EVENTS
from trading_bot.contract.stream import CHANNELS, CUSTOM, LONGEST_TEXT, Channel, Request, channel_named

EXAMPLE: Final = '{"action": "subscribe", "channels": ["trades/live"]}'

_json: Final = msgspec.json.Decoder(Request)
_msgpack: Final = msgspec.msgpack.Decoder(Request)


def read_request(data: str | bytes) -> Request:
    """Return the request in a text frame (JSON) or a binary frame (MessagePack).

    Raises:
        NonRetriableError: API_021.
    """
    try:
        return _json.decode(data) if isinstance(data, str) else _msgpack.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        format_name = "JSON" if isinstance(data, str) else "MessagePack"
        found = str(error)[:LONGEST_TEXT]
        message = f"expected a request in {format_name} such as {EXAMPLE}, found: {found}"
        raise NonRetriableError("API_021", message) from error


def channels_named(names: tuple[str, ...]) -> list[Channel]:
    """Return the channels, each once, in the order of the names.

    Raises:
        NonRetriableError: API_022 when one of them does not exist.
    """
    return [_channel(name) for name in dict.fromkeys(names)]


def _channel(name: str) -> Channel:
    channel = channel_named(name)
    if channel is None:
        known = [*CHANNELS, *(f"{CUSTOM}{kind}" for kind in EVENTS)]
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        message = f"there is no channel {name!r}; channels: {', '.join(CHANNELS)}, {CUSTOM}<event kind>{hint}"
        raise NonRetriableError("API_022", message, channel=name, close=close)
    return channel
