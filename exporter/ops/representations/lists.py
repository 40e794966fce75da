"""``/conditions``, ``/positions``, ``/orders``, ``/trades``: parts of the state as lists of their own."""

from __future__ import annotations

import msgspec

from exporter.ops.representations.health import ConditionView, represent_health
from exporter.ops.representations.paging import DEFAULT_LIMIT, link, part_of
from exporter.ops.representations.trading import OrderView, PositionView, represent_order, represent_position
from exporter.ops.representations.values import (
    Amount,
    Moment,
    Unknown,
    age_seconds,
    moment,
    money,
    quantity,
    without_nulls,
)
from exporter.ops.representations.words import NOTHING_RECORDED, nothing_known, warnings
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.derived import open_positions
from trading_bot.domain.health import Health
from trading_bot.domain.orders import Order
from trading_bot.domain.state import RECENT_FILLS, RECENT_ORDERS, Fill, State

OPEN, CLOSED, UNKNOWN, ALL = "open", "closed", "unknown", "all"


class ListWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list, of one symbol or of all."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    symbol: str | None = None
    status: str | None = None


class ConditionList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /conditions``; those that are not true come first."""

    health_status: str
    health_reason: str
    conditions: list[ConditionView]
    limit: int
    returned: int
    total: int
    truncated: bool
    next: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


class PositionList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /positions``, by symbol."""

    positions: list[PositionView] | None
    limit: int
    returned: int
    total: int | None
    truncated: bool
    next: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


class OrderList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /orders``, newest first. ``older`` says where those are that are kept no more."""

    orders: list[OrderView] | None
    limit: int
    returned: int
    total: int | None
    truncated: bool
    next: str | None
    older: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


class TradeView(msgspec.Struct, frozen=True, kw_only=True):
    """One fill. ``realized_pl`` is of a sale, before fees."""

    trade_id: str
    client_order_id: str
    symbol: str
    side: str
    quantity: Amount
    price: Amount
    fee: Amount
    fee_asset: str
    realized_pl: Amount | None
    timestamp: Moment
    trace_id: str | None
    unknown: Unknown


class TradeList(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /trades``, newest first. ``recorded_total`` counts every fill since the journal began."""

    trades: list[TradeView] | None
    limit: int
    returned: int
    total: int | None
    recorded_total: int | None
    truncated: bool
    next: str | None
    older: str | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


def represent_conditions(state: State, health: Health, now_ns: int, wanted: ListWanted) -> ConditionList:
    """Return the conditions that health is made of, what is wrong first."""
    shown = represent_health(state, health)
    ordered = sorted(
        shown.conditions, key=lambda one: (one.status == "True", one.reason == "NotObservedHere")
    )
    part = part_of(ordered, lambda one: one.name, wanted.limit, wanted.after)
    return ConditionList(
        health_status=shown.status,
        health_reason=shown.reason,
        conditions=list(part.items),
        limit=wanted.limit,
        returned=len(part.items),
        total=part.total,
        truncated=part.cursor is not None,
        next=_next("conditions", wanted, part.cursor),
        warnings=warnings(state, health, now_ns),
        unknown=_unrecorded(state),
        data_age_seconds=_age(state, now_ns),
        generated_at=moment(now_ns) or "",
    )


def represent_positions(state: State, health: Health, now_ns: int, wanted: ListWanted) -> PositionList:
    """Return open positions."""
    nothing = nothing_known(state)
    held = [one for one in open_positions(state) if wanted.symbol in (None, one.symbol)]
    part = part_of(held, lambda one: one.symbol, wanted.limit, wanted.after)
    return PositionList(
        positions=None if nothing else [represent_position(state, one) for one in part.items],
        limit=wanted.limit,
        returned=0 if nothing else len(part.items),
        total=None if nothing else part.total,
        truncated=part.cursor is not None,
        next=_next("positions", wanted, part.cursor),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls({"positions": nothing, "total": nothing}) | _unrecorded(state),
        data_age_seconds=_age(state, now_ns),
        generated_at=moment(now_ns) or "",
    )


def represent_orders(state: State, health: Health, now_ns: int, wanted: ListWanted) -> OrderList:
    """Return open and closed orders."""
    nothing = nothing_known(state)
    part = part_of(_orders(state, wanted), lambda one: one.client_order_id, wanted.limit, wanted.after)
    full = len(state.closed_orders) >= RECENT_ORDERS and wanted.status in (CLOSED, ALL, None)
    return OrderList(
        orders=None if nothing else [represent_order(one) for one in part.items],
        limit=wanted.limit,
        returned=0 if nothing else len(part.items),
        total=None if nothing else part.total,
        truncated=part.cursor is not None or full,
        next=_next("orders", wanted, part.cursor),
        older=link("/api/v1/events", kind="order.intended") if full and part.cursor is None else None,
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls({"orders": nothing, "total": nothing}) | _unrecorded(state),
        data_age_seconds=_age(state, now_ns),
        generated_at=moment(now_ns) or "",
    )


def represent_trades(state: State, health: Health, now_ns: int, wanted: ListWanted) -> TradeList:
    """Return the last fills."""
    nothing = nothing_known(state)
    fills = [one for one in reversed(state.fills) if wanted.symbol in (None, one.symbol)]
    part = part_of(fills, _name_of_fill, wanted.limit, wanted.after)
    full = len(state.fills) >= RECENT_FILLS
    return TradeList(
        trades=None if nothing else [represent_trade(one) for one in part.items],
        limit=wanted.limit,
        returned=0 if nothing else len(part.items),
        total=None if nothing else part.total,
        recorded_total=None if nothing else int(sum(state.counts.get(metrics.FILLS.name, {}).values())),
        truncated=part.cursor is not None or full,
        next=_next("trades", wanted, part.cursor),
        older=link("/api/v1/events", kind="order.filled") if full and part.cursor is None else None,
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls(dict.fromkeys(("trades", "total", "recorded_total"), nothing))
        | _unrecorded(state),
        data_age_seconds=_age(state, now_ns),
        generated_at=moment(now_ns) or "",
    )


def represent_trade(fill: Fill) -> TradeView:
    """Return one fill."""
    sold = fill.side == "sell"
    why = "the entry price of what was sold is not known" if sold else "a purchase realizes nothing"
    return TradeView(
        trade_id=fill.trade_id,
        client_order_id=fill.client_order_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=quantity(fill.quantity) or "0",
        price=quantity(fill.price) or "0",
        fee=quantity(fill.fee) or "0",
        fee_asset=fill.fee_asset,
        realized_pl=money(fill.realized_pnl),
        timestamp=moment(fill.at) or "",
        trace_id=fill.trace_id,
        unknown={} if fill.realized_pnl is not None else {"realized_pl": why},
    )


def _orders(state: State, wanted: ListWanted) -> list[Order]:
    closed = list(state.closed_orders.values()) if wanted.status in (CLOSED, ALL, None) else []
    going = list(state.orders.values()) if wanted.status in (OPEN, UNKNOWN, ALL, None) else []
    if wanted.status == UNKNOWN:
        going = [one for one in going if one.unknown_since is not None]
    orders = [one for one in (*closed, *going) if wanted.symbol in (None, one.symbol)]
    orders.sort(key=lambda one: (one.intended_at, one.client_order_id), reverse=True)
    return orders


def _name_of_fill(fill: Fill) -> str:
    return f"{fill.symbol}:{fill.trade_id}"  # a venue counts its trades by symbol


def _next(name: str, wanted: ListWanted, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = {"limit": wanted.limit, "status": wanted.status, "symbol": wanted.symbol, "after": cursor}
    return link(f"/api/v1/{name}", **query)


def _age(state: State, now_ns: int) -> float | None:
    return age_seconds(state.ts if state.seq else None, now_ns)


def _unrecorded(state: State) -> dict[str, str]:
    return {} if state.seq else {"data_age_seconds": NOTHING_RECORDED}
