"""What follows from the state: values that are worked out when asked for, never stored.

None is a value that is not known.
"""

from __future__ import annotations

from decimal import Decimal

from trading_bot.domain.orders import Order
from trading_bot.domain.state import ZERO, Position, State


def mark_of(state: State, symbol: str) -> Decimal | None:
    """Return the middle of the last bid and ask, or None."""
    market = state.markets.get(symbol)
    return market.mark if market else None


def is_open(state: State, position: Position) -> bool:
    """Whether a position is more than dust: at least one lot that the venue would take."""
    instrument = state.instruments.get(position.symbol)
    if instrument is None:
        return position.quantity != 0
    return abs(position.quantity) >= max(instrument.lot, instrument.minimum_quantity)


def open_positions(state: State) -> list[Position]:
    """Return the positions that are more than dust, by symbol."""
    return [
        state.positions[symbol]
        for symbol in sorted(state.positions)
        if is_open(state, state.positions[symbol])
    ]


def unrealized_pnl(position: Position) -> Decimal | None:
    """Return the profit and loss at the mark, or None when mark or entry price is not known."""
    if position.quantity == 0:
        return ZERO
    if position.value is None or position.entry_price is None:
        return None
    return position.value - position.quantity * position.entry_price


def total_unrealized_pnl(state: State) -> Decimal | None:
    """Return the sum over all positions, or None when one of them is not known."""
    parts = [unrealized_pnl(position) for position in state.positions.values()]
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None


def gross_exposure(state: State) -> Decimal | None:
    """Return the sum of the positions' absolute values, or None when one of them is not known."""
    if any(position.value is None for position in state.positions.values()):
        return None
    return sum((abs(position.value or ZERO) for position in state.positions.values()), ZERO)


def daily_pnl(state: State) -> Decimal | None:
    """Return realized plus unrealized since the trading day's start, or None."""
    account = state.account
    if account.equity is None or account.day_start_equity is None:
        return None
    return account.equity - account.day_start_equity


def drawdown(state: State) -> Decimal | None:
    """Return the fall of equity from its peak as a share of the peak, or None."""
    account = state.account
    if account.equity is None or account.peak_equity is None or account.peak_equity <= 0:
        return None
    return (account.peak_equity - account.equity) / account.peak_equity


def unknown_orders(state: State) -> list[Order]:
    """Return the orders whose outcome is not known, oldest first."""
    return [order for order in state.orders.values() if order.unknown_since is not None]


def unknown_reason(state: State) -> str | None:
    """Say why equity is not known, or None if it is."""
    if state.account.equity is not None:
        return None
    if state.account.opened_at is None:
        return "the account's balances have not been read yet"
    missing = sorted(position.symbol for position in state.positions.values() if position.value is None)
    return f"no mark yet for {', '.join(missing)}" if missing else "no quote since the account was opened"
