"""A message on its way out, encoded once for all who get it.

What a server sends is not masked, so a frame is the same bytes for every client of the same format. The
compression of each message begins anew (``server_no_context_takeover``), so that this holds for a
compressed frame too: a thousand clients cost a thousand writes and one encoding.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

import msgspec

from trading_bot.contract.stream import Format, Message, label_of

TEXT, BINARY = 0x81, 0x82
"""First byte of a frame: the whole message, text or binary."""

COMPRESSED: Final = 0x40
SHORT, MEDIUM = 126, 65_536
SMALLEST_COMPRESSED: Final = 200
"""Bytes below which compression saves nothing that is worth its time."""

LEVEL: Final = 3
MEMORY_LEVEL: Final = 5
EMPTY_BLOCK: Final = b"\x00\x00\xff\xff"
"""Ends a flushed block; RFC 7692 leaves it out."""

_json: Final = msgspec.json.Encoder()
_msgpack: Final = msgspec.msgpack.Encoder()


class Variant(msgspec.Struct, frozen=True):
    """How a connection wants its frames. ``window_bits`` is 0 where it does not want them compressed."""

    format: Format = Format.JSON
    window_bits: int = 0


PLAIN: Final = Variant()


class Outgoing:
    """One message for any number of clients.

    Args:
        message: what is sent.
        seq: its place on the tape, by which a client's messages are kept in order.
        key: of a conflatable message: one with the same key takes its place; None for one that must arrive.
        whole: what a client gets instead that has missed the message before it, where the message alone
            would not do.
    """

    __slots__ = ("_frames", "key", "label", "message", "seq", "whole")

    def __init__(
        self, message: Message, seq: int, key: str | None = None, whole: Outgoing | None = None
    ) -> None:
        self.message = message
        self.label = label_of(message.channel)
        self.seq = seq
        self.key = key
        self.whole = whole
        self._frames: dict[Variant, bytes] = {}

    def frame(self, variant: Variant) -> bytes:
        """Return the WebSocket frame, made when it is first wanted."""
        made = self._frames.get(variant)
        if made is None:
            made = self._frames[variant] = _framed(self.message, variant)
        return made


def _framed(message: Message, variant: Variant) -> bytes:
    if variant.format is Format.JSON:
        first, payload = TEXT, _json.encode(message)
    else:
        first, payload = BINARY, _msgpack.encode(message)
    if variant.window_bits and len(payload) >= SMALLEST_COMPRESSED:
        first, payload = first | COMPRESSED, _deflated(payload, variant.window_bits)
    return _head(first, len(payload)) + payload


def _deflated(payload: bytes, window_bits: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, wbits=-window_bits, memLevel=MEMORY_LEVEL)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(EMPTY_BLOCK)


def _head(first: int, length: int) -> bytes:
    if length < SHORT:
        return struct.pack("!BB", first, length)
    if length < MEDIUM:
        return struct.pack("!BBH", first, SHORT, length)
    return struct.pack("!BBQ", first, SHORT + 1, length)
