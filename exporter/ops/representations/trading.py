"""Open positions and open orders as they are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from exporter.ops.representations.values import (
    Amount,
    Moment,
    Unknown,
    moment,
    money,
    quantity,
    share,
    without_nulls,
)
from trading_bot.domain.derived import unrealized_pnl
from trading_bot.domain.orders import Order
from trading_bot.domain.state import Position, State

HUNDRED: Final = Decimal(100)


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """One open position."""

    symbol: str
    quantity: Amount
    entry_price: Amount | None
    current_price: Amount | None
    unrealized_pl: Amount | None
    unrealized_pl_pct: float | None
    last_updated: Moment | None
    unknown: Unknown


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order that is not over. ``id`` is the venue's."""

    id: str | None
    client_order_id: str
    symbol: str
    side: str
    type: str
    quantity: Amount
    filled_quantity: Amount
    status: str
    reason: str | None
    created_at: Moment
    trace_id: str | None
    unknown: Unknown


def represent_position(state: State, position: Position) -> PositionView:
    """Return one position at its mark."""
    market = state.markets.get(position.symbol)
    mark = market.mark if market else None
    profit = unrealized_pnl(position)
    cost = None if position.entry_price is None else abs(position.quantity * position.entry_price)
    no_entry = (
        (position.unknown_reason or "taken over from the venue without its fills")
        if position.entry_price is None
        else None
    )
    no_mark = f"no quote of {position.symbol} yet" if mark is None else None
    no_profit = (no_entry or no_mark or "the position has not been valued yet") if profit is None else None
    percent = None if profit is None or not cost else share(profit / cost * HUNDRED)
    return PositionView(
        symbol=position.symbol,
        quantity=quantity(position.quantity) or "0",
        entry_price=quantity(position.entry_price),
        current_price=quantity(mark),
        unrealized_pl=money(profit),
        unrealized_pl_pct=percent,
        last_updated=moment(position.updated_at),
        unknown=without_nulls(
            {
                "entry_price": no_entry,
                "current_price": no_mark,
                "unrealized_pl": no_profit,
                "unrealized_pl_pct": no_profit or ("it cost nothing" if percent is None else None),
            }
        ),
    )


def represent_order(order: Order) -> OrderView:
    """Return one order."""
    no_id = None if order.venue_order_id is not None else "the venue has not acknowledged it"
    return OrderView(
        id=order.venue_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.trigger or order.type,
        quantity=quantity(order.quantity) or "0",
        filled_quantity=quantity(order.filled_quantity) or "0",
        status=order.status,
        reason=order.reason,
        created_at=moment(order.intended_at) or "",
        trace_id=order.trace_id,
        unknown=without_nulls({"id": no_id}),
    )
