"""What a channel begins with: bounded parts of the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from exporter.ops.representations.account import AccountView, represent_account
from exporter.ops.representations.errors import ErrorView, represent_error
from exporter.ops.representations.health import HealthView, represent_health
from exporter.ops.representations.performance import PerformanceView, represent_performance
from exporter.ops.representations.trading import OrderView, PositionView, represent_order, represent_position
from exporter.ops.representations.values import (
    Amount,
    Moment,
    Unknown,
    moment,
    money,
    quantity,
    without_nulls,
)
from exporter.ops.representations.words import NOTHING_RECORDED, nothing_known, warnings
from trading_bot.contract import stream
from trading_bot.domain.derived import open_positions
from trading_bot.domain.health import Health
from trading_bot.domain.state import Fill, State

MOST_POSITIONS: Final = 200
MOST_ORDERS: Final = 200
MOST_QUOTES: Final = 1_000
MOST_ERRORS: Final = 5


class ModeView(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot may do, and why."""

    mode: str | None
    reason: str
    message: str
    since: Moment | None


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``snapshot`` on ``state``; a ``change`` has those members that changed, whole.

    ``positions`` are the first 200; ``positions_left_out`` says how many more there are.
    """

    mode: ModeView
    account: AccountView
    positions: list[PositionView] | None
    positions_left_out: int
    performance: PerformanceView
    health: HealthView
    recent_errors: list[ErrorView]
    warnings: list[str]
    unknown: Unknown


class Portfolio(msgspec.Struct, frozen=True, kw_only=True):
    """Data of every message on ``portfolio/updates``."""

    account: AccountView
    positions: list[PositionView] | None
    positions_left_out: int
    performance: PerformanceView
    unknown: Unknown


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """The last quote of a symbol, and the last closed bar's close."""

    symbol: str
    bid: Amount | None
    ask: Amount | None
    mark: Amount | None
    quote_at: Moment | None
    bar_close: Amount | None


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``snapshot`` on ``market/stream``."""

    quotes: list[QuoteView]
    left_out: int


class FillView(msgspec.Struct, frozen=True, kw_only=True):
    """One execution."""

    trade_id: str
    client_order_id: str
    symbol: str
    side: str
    quantity: Amount
    price: Amount
    fee: Amount
    fee_asset: str
    realized_pnl: Amount | None
    at: Moment
    trace_id: str | None


class Trading(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``snapshot`` on ``trades/live``: open orders, oldest first, and the last fills, newest first."""

    orders: list[OrderView] | None
    orders_left_out: int
    fills: list[FillView]
    unknown: Unknown


class System(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``snapshot`` on ``system/events``."""

    mode: ModeView
    health: HealthView
    generation: int
    settings_hash: str | None
    recent_errors: list[ErrorView]
    warnings: list[str]


def represent_stream(state: State, health: Health, now_ns: int) -> StreamState:
    """Return what the channel ``state`` shows."""
    nothing = nothing_known(state)
    positions = open_positions(state)
    return StreamState(
        mode=_mode(state),
        account=represent_account(state),
        positions=None
        if nothing
        else [represent_position(state, item) for item in positions[:MOST_POSITIONS]],
        positions_left_out=max(0, len(positions) - MOST_POSITIONS),
        performance=represent_performance(state),
        health=represent_health(state, health),
        recent_errors=_errors(state),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls(
            {"positions": nothing, "mode": None if state.seq else NOTHING_RECORDED},
        ),
    )


def portfolio_of(state: StreamState) -> Portfolio:
    """Return the part of it that is the portfolio."""
    return Portfolio(
        account=state.account,
        positions=state.positions,
        positions_left_out=state.positions_left_out,
        performance=state.performance,
        unknown={name: reason for name, reason in state.unknown.items() if name == "positions"},
    )


def represent_quotes(state: State, _health: Health, _now_ns: int) -> Quotes:
    """Return the last quotes, by symbol."""
    symbols = sorted(state.markets)
    return Quotes(
        quotes=[_quote(state, symbol) for symbol in symbols[:MOST_QUOTES]],
        left_out=max(0, len(symbols) - MOST_QUOTES),
    )


def represent_trading(state: State, _health: Health, _now_ns: int) -> Trading:
    """Return open orders and the last fills."""
    nothing = nothing_known(state)
    orders = list(state.orders.values())
    return Trading(
        orders=None if nothing else [represent_order(order) for order in orders[:MOST_ORDERS]],
        orders_left_out=max(0, len(orders) - MOST_ORDERS),
        fills=[_fill(fill) for fill in reversed(state.fills)],
        unknown=without_nulls({"orders": nothing}),
    )


def represent_system(state: State, health: Health, now_ns: int) -> System:
    """Return what the process does."""
    return System(
        mode=_mode(state),
        health=represent_health(state, health),
        generation=state.settings.generation,
        settings_hash=state.settings.hash,
        recent_errors=_errors(state),
        warnings=warnings(state, health, now_ns),
    )


SNAPSHOTS: Final[dict[str, Callable[[State, Health, int], Any]]] = {
    stream.STATE: represent_stream,
    stream.MARKET: represent_quotes,
    stream.PORTFOLIO: lambda state, health, now: portfolio_of(represent_stream(state, health, now)),
    stream.TRADES: represent_trading,
    stream.SYSTEM: represent_system,
}
"""Channel to its beginning; a custom channel begins with that of ``state``."""


def _mode(state: State) -> ModeView:
    mode = state.mode
    return ModeView(
        mode=mode.mode if state.seq else None,
        reason=mode.reason,
        message=mode.message,
        since=moment(mode.since),
    )


def _errors(state: State) -> list[ErrorView]:
    return [represent_error(error) for error in state.errors[: -MOST_ERRORS - 1 : -1]]


def _quote(state: State, symbol: str) -> QuoteView:
    market = state.markets[symbol]
    return QuoteView(
        symbol=symbol,
        bid=quantity(market.bid),
        ask=quantity(market.ask),
        mark=quantity(market.mark),
        quote_at=moment(market.quote_at),
        bar_close=quantity(market.bar_close),
    )


def _fill(fill: Fill) -> FillView:
    return FillView(
        trade_id=fill.trade_id,
        client_order_id=fill.client_order_id,
        symbol=fill.symbol,
        side=fill.side,
        quantity=quantity(fill.quantity) or "0",
        price=quantity(fill.price) or "0",
        fee=quantity(fill.fee) or "0",
        fee_asset=fill.fee_asset,
        realized_pnl=money(fill.realized_pnl),
        at=moment(fill.at) or "",
        trace_id=fill.trace_id,
    )
