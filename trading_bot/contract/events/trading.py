"""Trading: signals, verdicts, orders and fills."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from trading_bot.contract.events.definition import Event


class Side(StrEnum):
    """The side of an order or fill."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """The order types that the bot sends."""

    MARKET = "market"
    LIMIT = "limit"


class Trigger(StrEnum):
    """What a protective order waits for: a price that has run away, or one that has come."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "gtc"
    IOC = "ioc"


class Liquidity(StrEnum):
    """Whether a fill took liquidity or made it."""

    TAKER = "taker"
    MAKER = "maker"
    UNKNOWN = "unknown"


class LearnedBy(StrEnum):
    """By which way the bot heard of something from the venue."""

    ANSWER = "answer"
    STREAM = "stream"
    RECONCILIATION = "reconciliation"


class SignalRaised(Event, frozen=True, kw_only=True):
    """A strategy wants to be long, or flat, in a symbol."""

    KIND: ClassVar[str] = "signal.raised"
    REASON: ClassVar[str] = "Where every order's trace begins."

    strategy: str
    symbol: str
    side: Side
    reason: str
    price: Decimal


class OrderDenied(Event, frozen=True, kw_only=True):
    """The risk check refused an order before it was sent."""

    KIND: ClassVar[str] = "order.denied"
    REASON: ClassVar[str] = (
        "A verdict with its numbers: what was asked, which limit, what it would have been."
    )

    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    error_code: str
    limit: str
    """The limit's settings key, or the reason where it is none."""
    limit_value: Decimal | None
    observed: Decimal | None
    message: str


class OrderIntended(Event, frozen=True, kw_only=True):
    """An order is about to be sent. Durable before any byte leaves."""

    KIND: ClassVar[str] = "order.intended"
    REASON: ClassVar[str] = "After a crash the venue can be asked for it by its client order id."

    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None
    reference_price: Decimal
    """The mark when the order was decided on; slippage is measured against it."""
    generation: int
    """The settings in force."""
    trigger: Trigger | None = None
    """Of a protective order: it works at the venue only once ``stop_price`` is reached."""
    stop_price: Decimal | None = None
    pair: str | None = None
    """Of two orders of which one cancels the other: the client order id of the first, in both."""


class OrderSent(Event, frozen=True, kw_only=True):
    """The request was handed to the venue's connection."""

    KIND: ClassVar[str] = "order.sent"
    REASON: ClassVar[str] = "Tells an intent that never left from one whose outcome must be asked for."

    client_order_id: str


class OrderAcknowledged(Event, frozen=True, kw_only=True):
    """The venue has the order."""

    KIND: ClassVar[str] = "order.acknowledged"
    REASON: ClassVar[str] = "From here on the venue answers for the order."

    client_order_id: str
    venue_order_id: str
    learned_by: LearnedBy
    latency_ns: int | None
    """From sent to acknowledged on the bot's monotonic clock; None when a restart or a doubt lay between."""


class OrderFilled(Event, frozen=True, kw_only=True):
    """One execution of an order."""

    KIND: ClassVar[str] = "order.filled"
    REASON: ClassVar[str] = "The only thing that moves a position."

    client_order_id: str
    trade_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    venue_time: int
    """When the venue says that it traded, nanoseconds since the epoch."""
    learned_by: LearnedBy
    latency_ns: int | None
    """From acknowledged to this fill, on the first fill of an order, if not interrupted by a restart."""


class OrderCancelled(Event, frozen=True, kw_only=True):
    """The order is over, with a part or the whole of it unfilled."""

    KIND: ClassVar[str] = "order.cancelled"
    REASON: ClassVar[str] = "An end of an order without a rejection."

    client_order_id: str
    reason: str
    """``requested``, ``expired`` (an IOC remainder) or ``venue``."""
    learned_by: LearnedBy


class OrderRejected(Event, frozen=True, kw_only=True):
    """The venue decoded the order and refused it, or proves that it never had it."""

    KIND: ClassVar[str] = "order.rejected"
    REASON: ClassVar[str] = "An end of an order without a trade."

    client_order_id: str
    reason: str
    """``refused``: a decoded rejection; ``not_found``: asked for by client order id, the venue does not know it;
    ``never_sent``: the intent is on the tape, but nothing was handed to the venue."""
    error_code: str | None
    message: str


class OrderOutcomeLost(Event, frozen=True, kw_only=True):
    """The request was written and no decodable answer came: the outcome is unknown."""

    KIND: ClassVar[str] = "order.outcome_lost"
    REASON: ClassVar[str] = "Unknown is a value: neither failed nor live until the venue says so."

    client_order_id: str
    message: str


class OrderCancelRequested(Event, frozen=True, kw_only=True):
    """A cancel was handed to the venue."""

    KIND: ClassVar[str] = "order.cancel_requested"
    REASON: ClassVar[str] = "Shows who ended an order, also when the cancel fails."

    client_order_id: str
    reason: str
