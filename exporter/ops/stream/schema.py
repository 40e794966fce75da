"""The JSON Schema of the protocol, made from the structs that are sent and read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from exporter.ops.representations.errors import ErrorView
from exporter.ops.stream.snapshots import Portfolio, Quotes, StreamState, System, Trading
from trading_bot.contract import stream
from trading_bot.contract.events import EVENTS
from trading_bot.contract.stream import (
    HIDDEN,
    Hello,
    Message,
    Request,
    Rewound,
    Subscriptions,
    Type,
    Unsubscribed,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Final = "#/$defs/{name}"

CONTROL_DATA: Final[dict[Type, Any]] = {
    Type.HELLO: Hello,
    Type.AUTHENTICATED: None,
    Type.SUBSCRIBED: Subscriptions,
    Type.UNSUBSCRIBED: Unsubscribed,
    Type.PONG: None,
    Type.HEARTBEAT: None,
    Type.ERROR: ErrorView,
}
SNAPSHOT_DATA: Final = {
    stream.STATE: StreamState,
    stream.MARKET: Quotes,
    stream.PORTFOLIO: Portfolio,
    stream.TRADES: Trading,
    stream.SYSTEM: System,
}
NOTHING: Final = {"type": "null"}


def schema() -> dict[str, Any]:
    """Return the document: ``$defs/Request`` is what clients send; the whole is what the server sends."""
    events = [event for kind, event in EVENTS.items() if kind not in HIDDEN]
    bodies = [body for body in (*CONTROL_DATA.values(), *SNAPSHOT_DATA.values()) if body is not None]
    types = list(dict.fromkeys((Request, Message, Rewound, *bodies, *events)))
    made, definitions = msgspec.json.schema_components(types, ref_template=REFERENCE)
    references = dict(zip(types, made, strict=True))
    return {
        "$schema": DIALECT,
        "$id": "stream.schema.json",
        "title": "Messages of Tickertape's stream",
        "description": "What the server sends. What it reads is $defs/Request. See docs/stream.md.",
        "allOf": [references[Message], {"oneOf": list(_kinds(references))}],
        "$defs": definitions,
    }


def _kinds(references: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for kind, body in CONTROL_DATA.items():
        yield _kind({"const": stream.CONTROL}, kind, references.get(body, NOTHING))
    for name, body in SNAPSHOT_DATA.items():
        yield _kind({"const": name}, Type.SNAPSHOT, references[body])
    yield _kind({"pattern": f"^{stream.CUSTOM}"}, Type.SNAPSHOT, references[StreamState])
    yield _kind({"const": stream.STATE}, Type.CHANGE, _some_of(references[StreamState]))
    yield _kind({"not": {"const": stream.CONTROL}}, Type.REWOUND, references[Rewound])
    for name, event in EVENTS.items():
        if name not in HIDDEN:
            yield _kind(_channels_of(name), name, references[event])


def _kind(channel: dict[str, Any], kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"channel": channel, "type": {"const": str(kind)}, "data": data}}


def _some_of(reference: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has some members of another."""
    path = f"{reference['$ref']}/properties"
    members = {name: {"$ref": f"{path}/{name}"} for name in StreamState.__struct_fields__}
    return {"type": "object", "properties": members, "additionalProperties": False, "minProperties": 1}


def _channels_of(kind: str) -> dict[str, Any]:
    named = [name for name, channel in stream.CHANNELS.items() if kind in channel.kinds]
    begins = kind.partition(".")[0]
    custom = [f"{stream.CUSTOM}{begins}", f"{stream.CUSTOM}{kind}"]
    return {"enum": [*named, *custom]}
