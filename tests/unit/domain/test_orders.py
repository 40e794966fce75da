from __future__ import annotations

from decimal import Decimal

import pytest
from support.lives import fill_of, intent

from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.trading import OrderFilled, Side
from trading_bot.domain.orders import (
    FINAL,
    TRANSITIONS,
    Order,
    OrderStatus,
    next_status,
    status_after_fill,
)

LEGAL = {
    OrderStatus.INTENDED: {
        "order.sent": OrderStatus.SENT,
        "order.acknowledged": OrderStatus.ACKNOWLEDGED,
        "order.cancelled": OrderStatus.CANCELLED,
        "order.rejected": OrderStatus.REJECTED,
        "order.outcome_lost": OrderStatus.UNKNOWN,
    },
    OrderStatus.SENT: {
        "order.acknowledged": OrderStatus.ACKNOWLEDGED,
        "order.cancelled": OrderStatus.CANCELLED,
        "order.rejected": OrderStatus.REJECTED,
        "order.outcome_lost": OrderStatus.UNKNOWN,
    },
    OrderStatus.ACKNOWLEDGED: {
        "order.cancelled": OrderStatus.CANCELLED,
        "order.rejected": OrderStatus.REJECTED,
    },
    OrderStatus.PARTIALLY_FILLED: {
        "order.cancelled": OrderStatus.CANCELLED,
        "order.rejected": OrderStatus.REJECTED,
    },
    OrderStatus.UNKNOWN: {
        "order.acknowledged": OrderStatus.ACKNOWLEDGED,
        "order.cancelled": OrderStatus.CANCELLED,
        "order.rejected": OrderStatus.REJECTED,
    },
}
AFTER_A_PART = {
    OrderStatus.INTENDED: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.SENT: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.ACKNOWLEDGED: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.UNKNOWN: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.CANCELLED: OrderStatus.CANCELLED,
    OrderStatus.REJECTED: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.DENIED: OrderStatus.PARTIALLY_FILLED,
    OrderStatus.FILLED: OrderStatus.FILLED,
}
INTENT = intent("one", "EUR/USD", Side.BUY, Decimal(10), Decimal(1))


def order(status, filled=0):
    return Order(
        client_order_id="one",
        strategy="trend",
        symbol="EUR/USD",
        side=Side.BUY,
        type=INTENT.type,
        time_in_force=INTENT.time_in_force,
        quantity=Decimal(10),
        limit_price=None,
        reference_price=Decimal(1),
        intended_at=1,
        trace_id=None,
        status=status,
        filled_quantity=Decimal(filled),
    )


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_and_event_lead_where_the_table_of_this_test_says_and_else_nowhere(status):
    kinds = [kind for kind in EVENTS if kind != OrderFilled.KIND]
    led = {kind: next_status(order(status), kind) for kind in kinds}
    assert led == {kind: LEGAL.get(status, {}).get(kind, status) for kind in kinds}


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_status_is_left_by_nothing_but_a_late_fill(status):
    assert all(next_status(order(status), kind) is status for kind in EVENTS)
    assert not [pair for pair in TRANSITIONS if pair[0] is status]


@pytest.mark.parametrize("status", OrderStatus)
def test_a_fill_is_the_venues_word_whatever_was_believed(status):
    filled = 10 if status is OrderStatus.FILLED else 0
    part = fill_of(INTENT, "1", Decimal(4), Decimal(1), Decimal(0), "USD")
    rest = fill_of(INTENT, "2", Decimal(10), Decimal(1), Decimal(0), "USD")
    assert status_after_fill(order(status, filled), part) is AFTER_A_PART[status]
    assert status_after_fill(order(status, filled), rest) is OrderStatus.FILLED


def test_what_remains_and_the_mean_price_follow_from_the_fills():
    some = order(OrderStatus.ACKNOWLEDGED)
    assert (some.remaining, some.average_price) == (10, None)
    some.filled_quantity, some.filled_notional = Decimal(4), Decimal(6)
    assert (some.remaining, some.average_price) == (6, Decimal("1.5"))
