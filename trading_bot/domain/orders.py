"""The life of an order, as a table."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderCancelled,
    OrderFilled,
    OrderOutcomeLost,
    OrderRejected,
    OrderSent,
    OrderType,
    Side,
    TimeInForce,
    Trigger,
)


class OrderStatus(StrEnum):
    """Where an order stands. ``unknown``: it was sent and nobody knows yet what became of it."""

    INTENDED = "intended"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    DENIED = "denied"
    UNKNOWN = "unknown"


FLATTENING: Final = "operator:flatten"
"""What stands for the strategy in orders that close positions on a person's command. No strategy of the settings
can have this name."""

FINAL: Final = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.DENIED}
)
"""States that an order does not leave, but for a late fill, which is always counted."""

_LIVE: Final = (
    OrderStatus.INTENDED,
    OrderStatus.SENT,
    OrderStatus.ACKNOWLEDGED,
    OrderStatus.PARTIALLY_FILLED,
)

TRANSITIONS: Final[dict[tuple[OrderStatus, str], OrderStatus]] = {
    (OrderStatus.INTENDED, OrderSent.KIND): OrderStatus.SENT,
    (OrderStatus.INTENDED, OrderAcknowledged.KIND): OrderStatus.ACKNOWLEDGED,
    (OrderStatus.SENT, OrderAcknowledged.KIND): OrderStatus.ACKNOWLEDGED,
    (OrderStatus.UNKNOWN, OrderAcknowledged.KIND): OrderStatus.ACKNOWLEDGED,
    **{(status, OrderCancelled.KIND): OrderStatus.CANCELLED for status in (*_LIVE, OrderStatus.UNKNOWN)},
    **{(status, OrderRejected.KIND): OrderStatus.REJECTED for status in (*_LIVE, OrderStatus.UNKNOWN)},
    **{
        (status, OrderOutcomeLost.KIND): OrderStatus.UNKNOWN
        for status in (OrderStatus.INTENDED, OrderStatus.SENT)
    },
}
"""(status, event kind) -> status. What is not listed changes nothing: a late or repeated report."""


class Order(msgspec.Struct, kw_only=True):
    """An order and all that is known of it. Times are nanoseconds since the epoch."""

    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None
    reference_price: Decimal
    intended_at: int
    trace_id: str | None
    status: OrderStatus = OrderStatus.INTENDED
    filled_quantity: Decimal = Decimal(0)
    filled_notional: Decimal = Decimal(0)
    venue_order_id: str | None = None
    sent_at: int | None = None
    acknowledged_at: int | None = None
    first_fill_at: int | None = None
    unknown_since: int | None = None
    ended_at: int | None = None
    reason: str | None = None
    failed: bool = False
    """The venue refused it or does not know it, or its outcome was unknown for a while."""
    trigger: Trigger | None = None
    stop_price: Decimal | None = None
    pair: str | None = None

    @property
    def rests(self) -> bool:
        """Whether it waits at the venue, with all that is known of it true: balances do not move by it."""
        waits = self.trigger is not None or (
            self.type is OrderType.LIMIT and self.time_in_force is TimeInForce.GTC
        )
        return waits and self.acknowledged_at is not None and self.unknown_since is None

    @property
    def remaining(self) -> Decimal:
        """Quantity not filled."""
        return self.quantity - self.filled_quantity

    @property
    def average_price(self) -> Decimal | None:
        """Mean price of what was filled, or None."""
        return self.filled_notional / self.filled_quantity if self.filled_quantity else None

    @property
    def is_final(self) -> bool:
        """Whether it is over."""
        return self.status in FINAL


def next_status(order: Order, kind: str) -> OrderStatus:
    """Return the status after an event of ``kind`` other than a fill."""
    return TRANSITIONS.get((order.status, kind), order.status)


def status_after_fill(order: Order, fill: OrderFilled) -> OrderStatus:
    """Return the status after ``fill``: a fill is the venue's word, whatever was believed before.

    A fill of an order that was cancelled leaves it cancelled, unless it completes the order. One of an
    order that was believed rejected shows that the venue has it: it works again.
    """
    if order.filled_quantity + fill.quantity >= order.quantity:
        return OrderStatus.FILLED
    return order.status if order.status is OrderStatus.CANCELLED else OrderStatus.PARTIALLY_FILLED
