"""The stream's protocol: its paths, channels, messages and close codes, as data for server and clients.

A message is a text frame with JSON or a binary frame with MessagePack, the same members in both. The
server answers in the format that the connection asked for and reads either at any time.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from trading_bot.contract.events import EVENTS, Retention, market, trading
from trading_bot.contract.events.lifecycle import StateSnapshotted

STATE: Final = "state"
MARKET: Final = "market/stream"
PORTFOLIO: Final = "portfolio/updates"
TRADES: Final = "trades/live"
SYSTEM: Final = "system/events"
CUSTOM: Final = "custom/"
CONTROL: Final = "control"
"""Carries what concerns the connection itself; nobody subscribes to it."""

PROTOCOL_VERSION: Final = 1
STATE_PATH: Final = "/api/v1/stream"
ROOT_PATH: Final = "/ws/v1"
LONGEST_TEXT: Final = 200
MOST_CHANNELS: Final = 32


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel.

    ``kinds`` are the event kinds that it carries. A conflatable one gives a reader that falls behind the
    latest value; of the others every message arrives, or the connection is closed.
    """

    name: str
    carries: str
    snapshot: str
    kinds: frozenset[str] = frozenset()
    conflatable: bool


_MARKET_KINDS: Final = frozenset({market.QuoteConflated.KIND, market.BarClosed.KIND})
_TRADING_KINDS: Final = frozenset(
    kind
    for kind, event in EVENTS.items()
    if event.__module__ == trading.__name__ and event.RETENTION is Retention.FACT
)
_SYSTEM_KINDS: Final = frozenset(
    kind
    for kind, event in EVENTS.items()
    if event.RETENTION is Retention.FACT and kind not in _TRADING_KINDS | _MARKET_KINDS
)
HIDDEN: Final = frozenset({StateSnapshotted.KIND})
"""Kinds that no channel carries: the state that they hold comes as the channel ``state``."""

CHANNELS: Final = {
    channel.name: channel
    for channel in (
        Channel(
            name=STATE,
            carries="account, positions with live P&L, today's performance, health with breakers, last errors",
            snapshot="all of it",
            conflatable=True,
        ),
        Channel(
            name=MARKET,
            carries="quotes and closed bars",
            snapshot="the last quote of each symbol",
            kinds=_MARKET_KINDS,
            conflatable=True,
        ),
        Channel(
            name=PORTFOLIO,
            carries="account, positions and performance, whole, whenever they change",
            snapshot="all of it",
            conflatable=True,
        ),
        Channel(
            name=TRADES,
            carries="signals, orders, denials and fills",
            snapshot="open orders and the last fills",
            kinds=_TRADING_KINDS,
            conflatable=False,
        ),
        Channel(
            name=SYSTEM,
            carries="every other fact: modes, settings, conditions, errors, breakers, reconciliation",
            snapshot="mode, health, settings and the last errors",
            kinds=_SYSTEM_KINDS,
            conflatable=False,
        ),
    )
}
"""The channels with a name of their own. ``custom/<kind>`` and ``custom/<prefix>`` are made from the kinds."""


def channel_named(name: str) -> Channel | None:
    """Return the channel of that name, None where there is none.

    ``custom/order.filled`` carries one kind, ``custom/order`` all kinds that begin with ``order.``.
    """
    known = CHANNELS.get(name)
    if known is not None or not name.startswith(CUSTOM):
        return known
    wanted = name.removeprefix(CUSTOM)
    kinds = frozenset(
        kind for kind in EVENTS if kind not in HIDDEN and (kind == wanted or kind.startswith(f"{wanted}."))
    )
    if not kinds:
        return None
    carries = f"events {', '.join(sorted(kinds))}"
    return Channel(name=name, carries=carries, snapshot="as of state", kinds=kinds, conflatable=False)


def label_of(name: str) -> str:
    """Return a channel's name as a metric's label: the custom ones are one."""
    return CUSTOM.rstrip("/") if name.startswith(CUSTOM) else name


LABELS: Final = (*CHANNELS, CUSTOM.rstrip("/"), CONTROL)


class Format(StrEnum):
    """How the server writes its messages."""

    JSON = "json"
    MSGPACK = "msgpack"


class Action(StrEnum):
    """What a client may ask for."""

    AUTH = "auth"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    PING = "ping"


ShortText = Annotated[str, Meta(max_length=LONGEST_TEXT)]
Secret = Annotated[str, Meta(max_length=8_192, description="An API key, or an access token.")]
Position = Annotated[
    str,
    Meta(
        pattern=r"^[^/\s]{1,80}/[^/\s]{0,80}/\d{1,18}$",
        examples=["5f1c6f/20261122T013322-a1b2c3/4711"],
        description="A place on the tape: tape id, run id and sequence number.",
    ),
]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message of a client.

    ``id`` comes back in the answer. ``auth`` is needed in the first message, unless a header had the key.
    ``channels`` of a subscribe may be empty on a path that names a channel; of an unsubscribe it means all.
    ``after`` resumes the channels of this message behind a position that was seen before. ``format``
    holds for the connection from the answer on.
    """

    action: Action
    channels: Annotated[tuple[ShortText, ...], Meta(max_length=MOST_CHANNELS)] = ()
    auth: Secret | None = None
    format: Format | None = None
    after: Position | None = None
    id: ShortText | int | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the server.

    ``channel`` is where it belongs (``control`` for what concerns the connection), ``type`` the kind of an
    event or one of :class:`Type`. ``position`` is the place on the tape after it: everything of the channel
    up to there has been sent. ``ts`` is when it was recorded, or sent where it is no event; RFC 3339.
    """

    channel: str
    type: str
    data: Any
    position: str | None
    ts: str
    trace_id: str | None = None
    id: str | int | None = None


class Type(StrEnum):
    """The types of messages that are no events."""

    HELLO = "hello"
    AUTHENTICATED = "authenticated"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PONG = "pong"
    HEARTBEAT = "heartbeat"
    ERROR = "error"
    SNAPSHOT = "snapshot"
    CHANGE = "change"
    REWOUND = "rewound"


class Rewind(StrEnum):
    """Why a position could not be resumed from: the channel begins with a snapshot instead."""

    OTHER_TAPE = "OtherTape"
    OTHER_RUN = "OtherRun"
    PAST_THE_END = "PastTheEnd"
    PRUNED = "Pruned"
    TOO_FAR_BEHIND = "TooFarBehind"
    TAPE_UNREADABLE = "TapeUnreadable"
    TAPE_REPLACED = "TapeReplaced"


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``hello``, the first message of every connection."""

    bot: str
    protocol: int
    authenticated: bool
    channels: tuple[str, ...]
    heartbeat_seconds: float
    messages_per_second: float


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """One channel in the data of ``subscribed``.

    ``resumed``: the messages after ``after`` follow, each once. Otherwise a snapshot follows, and ``rewound``
    says why the position was of no use; it is null where none was given, or where the channel always
    begins with its latest value.
    """

    channel: str
    conflatable: bool
    resumed: bool
    rewound: Rewind | None


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``subscribed``: the channels of the request."""

    channels: tuple[Subscribed, ...]


class Unsubscribed(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``unsubscribed``: the channels that were left; those that were not subscribed are not named."""

    channels: tuple[str, ...]


class Rewound(msgspec.Struct, frozen=True, kw_only=True):
    """Data of ``rewound``: what was known is void, a snapshot follows."""

    reason: Rewind


class CloseCode(IntEnum):
    """The codes with which the server closes, beside those of RFC 6455."""

    GOING_AWAY = 1001
    TOO_SLOW = 4000
    UNAUTHENTICATED = 4401
    AUTHENTICATION_TIMEOUT = 4408
    TOO_MANY_MESSAGES = 4429


CLOSINGS: Final = {
    CloseCode.GOING_AWAY: "the server stops; connect again and resume",
    CloseCode.TOO_SLOW: "API_024: the reader does not keep up; nothing is lost, connect again and resume",
    CloseCode.UNAUTHENTICATED: "AUTH_001: the key or token is not valid, or no longer",
    CloseCode.AUTHENTICATION_TIMEOUT: "AUTH_001: no message with auth came in time",
    CloseCode.TOO_MANY_MESSAGES: "API_025: too many messages; send fewer",
}
"""Code to the reason that is sent with it."""

CLOSED_BY: Final = {
    CloseCode.GOING_AWAY: "stopping",
    CloseCode.TOO_SLOW: "slow",
    CloseCode.UNAUTHENTICATED: "unauthenticated",
    CloseCode.AUTHENTICATION_TIMEOUT: "unauthenticated",
    CloseCode.TOO_MANY_MESSAGES: "too_many_messages",
}
CLOSED_BY_CLIENT: Final = "client"
CLOSED_BY_PROTOCOL: Final = "protocol"
CLOSED_REASONS: Final = (*dict.fromkeys(CLOSED_BY.values()), CLOSED_BY_CLIENT, CLOSED_BY_PROTOCOL)
"""Closed set of words for a metric's label."""
