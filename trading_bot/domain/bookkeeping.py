"""The books: what fills and adoptions do to balances, positions, equity and performance.

Weighted average cost. A fee is valued in the account currency at the fill's price and lowers realized
P&L; where it is taken from the base asset it also lowers the quantity held. So at every moment

    equity = adopted money + realized P&L + unrealized P&L

as long as every entry price and every fee's value is known.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.account import BalanceAdopted, PositionAdopted
from trading_bot.contract.events.trading import OrderFilled, Side
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.derived import is_open, mark_of
from trading_bot.domain.guards import doubted_marks
from trading_bot.domain.rounding import MONEY
from trading_bot.domain.state import RECENT_FILLS, ZERO, Account, Fill, Position, State

UNATTRIBUTED: Final = "unattributed"
"""What stands for the strategy of a position that none has bought: one that was adopted from the venue."""


def apply_fill(state: State, fill: OrderFilled, envelope: Envelope, strategy: str | None = None) -> None:
    """Book one execution; ``strategy`` is the one whose order it was, None where that is not known."""
    base, _, quote = fill.symbol.partition("/")
    position = position_of(state, fill.symbol)
    if fill.side is Side.BUY and strategy is not None:
        position.strategy = strategy
    realized = _trade(state, position, fill, envelope.ts)
    _move_balances(state.account, fill, base, quote)
    _add(state.account.fees, fill.fee_asset, fill.fee)
    if fill.fee_asset in (base, quote):
        fee_value = fill.fee * (fill.price if fill.fee_asset == base else 1)
    else:
        fee_value = _take_fee_elsewhere(state, fill, quote, envelope.ts)
    _book_result(state, position, realized, fee_value)
    state.account.updated_at = position.updated_at = envelope.ts
    _remember(state, fill, realized, envelope)
    tally.count(state, metrics.FILLS, fill.symbol, fill.side, fill.liquidity)
    tally.count(state, metrics.FILL_NOTIONAL, fill.symbol, fill.side, by=float(fill.quantity * fill.price))
    remark(state, fill.symbol, envelope.ts)
    _close_trip(state, position, envelope.ts)


def position_of(state: State, symbol: str) -> Position:
    """Return the symbol's position, an empty one if there was none."""
    position = state.positions.get(symbol)
    if position is None:
        position = state.positions[symbol] = Position(symbol=symbol)
    return position


def _trade(state: State, position: Position, fill: OrderFilled, at: int) -> Decimal | None:
    """Change quantity and entry price; return the gross result of a sale, None if it is not known."""
    base_fee = fill.fee if fill.fee_asset == fill.symbol.partition("/")[0] else ZERO
    if fill.side is Side.BUY:
        _buy(state, position, fill.quantity - base_fee, fill.price)
        if not position.trip_open:
            position.trip_open, position.opened_at, position.trip_pnl = True, at, ZERO
        return ZERO
    gone = fill.quantity + base_fee
    if gone > position.quantity:
        position.entry_price, position.unknown_reason = None, "sold more than was on the books"
    gross = None if position.entry_price is None else (fill.price - position.entry_price) * gone
    position.quantity -= gone
    if position.quantity == 0:
        position.entry_price, position.unknown_reason = ZERO, None
    return gross


def _buy(state: State, position: Position, received: Decimal, price: Decimal) -> None:
    if position.entry_price is None and not is_open(state, position):
        # Dust of unknown cost must not hide the cost of all that is bought from here on.
        position.entry_price, position.unknown_reason = price, None
    total = position.quantity + received
    if position.entry_price is not None:
        cost = position.quantity * position.entry_price + received * price
        position.entry_price = cost / total if total else ZERO
    position.quantity = total


def _move_balances(account: Account, fill: OrderFilled, base: str, quote: str) -> None:
    sign = 1 if fill.side is Side.BUY else -1
    _add(account.balances, base, sign * fill.quantity)
    _add(account.balances, quote, -sign * fill.quantity * fill.price)
    if fill.fee_asset in (base, quote):
        _add(account.balances, fill.fee_asset, -fill.fee)


def _take_fee_elsewhere(state: State, fill: OrderFilled, quote: str, at: int) -> Decimal:
    """Book a fee that was taken from an asset that was not traded, and return its value.

    Where the books hold the asset, they hold less of it now, as if the fee had been sold at the mark. Where
    they do not, somebody else's money paid: equity is less by its value all the same, or a result would look
    better than it is.
    """
    account, symbol = state.account, f"{fill.fee_asset}/{quote}"
    mark, position = mark_of(state, symbol), state.positions.get(symbol)
    if not fill.fee:
        return ZERO
    if mark is None:
        account.fees_unvalued = True
    value = fill.fee * (mark or ZERO)
    if position is None or position.quantity < fill.fee:
        account.fees_outside += value
        return value
    _add(account.balances, fill.fee_asset, -fill.fee)
    if position.entry_price is not None and mark is not None:
        _book_result(state, position, (mark - position.entry_price) * fill.fee, ZERO)
    position.quantity -= fill.fee
    if position.quantity == 0:
        position.entry_price, position.unknown_reason = ZERO, None
    remark(state, symbol, at)
    _close_trip(state, position, at)
    return value


def _book_result(state: State, position: Position, gross: Decimal | None, fee_value: Decimal) -> None:
    result = (gross or ZERO) - fee_value
    position.realized_pnl += result
    position.trip_pnl += result
    state.account.realized_pnl += result
    _add(state.account.realized_by_strategy, position.strategy or UNATTRIBUTED, result)


def _remember(state: State, fill: OrderFilled, realized: Decimal | None, envelope: Envelope) -> None:
    state.fills.append(
        Fill(
            trade_id=fill.trade_id,
            client_order_id=fill.client_order_id,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            fee=fill.fee,
            fee_asset=fill.fee_asset,
            at=envelope.ts,
            trace_id=envelope.trace_id,
            realized_pnl=realized if fill.side is Side.SELL else None,
        )
    )
    del state.fills[:-RECENT_FILLS]


def _close_trip(state: State, position: Position, at: int) -> None:
    """Count a round trip once the position is flat, dust aside."""
    if not position.trip_open or is_open(state, position):
        return
    position.trip_open, position.opened_at = False, None
    position.exit_wanted_at = None
    performance = state.performance
    performance.trades_today += 1
    performance.last_trade_at = at
    if position.trip_pnl > 0:
        result, performance.won = "won", performance.won + 1
        performance.gross_profit += position.trip_pnl
        performance.streak = max(performance.streak, 0) + 1
        state.guards.consecutive_losses = 0
    elif position.trip_pnl < 0:
        result, performance.lost = "lost", performance.lost + 1
        performance.gross_loss -= position.trip_pnl
        performance.streak = min(performance.streak, 0) - 1
        state.guards.consecutive_losses += 1
    else:
        result, performance.even, performance.streak = "even", performance.even + 1, 0
    tally.count(state, metrics.TRADES, position.symbol, result)


def remark(state: State, symbol: str, at: int) -> None:
    """Value a symbol's position at its mark again, and equity, peak and drawdown with it."""
    position = state.positions.get(symbol)
    account = state.account
    if position is not None:
        mark = mark_of(state, symbol)
        value = ZERO if position.quantity == 0 else None if mark is None else position.quantity * mark
        if position.value is None and value is not None and position.entry_price is None:
            _move_anchors(account, value)  # taken over before there was a mark: no result of the day
        account.positions_value += (value or ZERO) - (position.value or ZERO)
        position.value = value
        position.updated_at = at
    _set_equity(state, position)


def take_mark(state: State, symbol: str, at: int) -> None:
    """Do what :func:`remark` does after a quote; where nothing is held it changes no money."""
    position = state.positions.get(symbol)
    if state.account.equity is None or (position is not None and (position.quantity or position.value != 0)):
        remark(state, symbol, at)
    elif position is not None:
        position.updated_at = at


def _set_equity(state: State, changed: Position | None = None) -> None:
    """Set equity, peak and drawdown after the value of one position, or of none, has changed."""
    account = state.account
    if not _is_valued(state, changed):
        account.equity = None
        return
    cash = account.balances.get(account.currency, ZERO)
    equity = account.equity = cash + account.positions_value - account.fees_outside
    if doubted_marks(state):
        return
    if account.drawdown_anchor is not None and equity > account.drawdown_anchor:
        account.drawdown_anchor = equity
    if account.peak_equity is None or equity > account.peak_equity:
        account.peak_equity = equity
    elif account.peak_equity > 0:
        drawdown = MONEY.divide(account.peak_equity - equity, account.peak_equity)
        account.max_drawdown = max(account.max_drawdown, drawdown)


def _is_valued(state: State, changed: Position | None) -> bool:
    """Whether the account is open and every position has a value."""
    if state.account.equity is not None:  # then all had one before
        return changed is None or changed.value is not None
    opened = state.account.opened_at is not None
    return opened and all(position.value is not None for position in state.positions.values())


def adopt_balance(state: State, event: BalanceAdopted, at: int) -> None:
    """Take a balance over. Cash that came or went is no result: the anchors move with it."""
    account = state.account
    if account.opened_at is None:
        account.opened_at = at
    moved = event.amount - account.balances.get(event.asset, ZERO)
    account.balances[event.asset] = event.amount
    account.updated_at = at
    if event.asset == account.currency and event.reason != "opening":
        _move_anchors(account, moved)
    _set_equity(state)


def adopt_position(state: State, event: PositionAdopted, at: int) -> None:
    """Take a position over from the venue; its entry price is not known from here on."""
    position = position_of(state, event.symbol)
    base = event.symbol.partition("/")[0]
    mark = mark_of(state, event.symbol)
    state.account.balances[base] = state.account.balances.get(base, ZERO) + event.quantity - position.quantity
    if mark is not None:
        _move_anchors(state.account, (event.quantity - position.quantity) * mark)
    position.quantity = event.quantity
    position.updated_at = at
    position.entry_price, position.unknown_reason = (None, event.reason) if event.quantity else (ZERO, None)
    position.trip_open = position.trip_open and event.quantity != 0
    remark(state, event.symbol, at)


def _move_anchors(account: Account, moved: Decimal) -> None:
    if account.peak_equity is not None:
        account.peak_equity += moved
    if account.day_start_equity is not None:
        account.day_start_equity += moved
    if account.loss_anchor is not None:
        account.loss_anchor += moved
    if account.drawdown_anchor is not None:
        account.drawdown_anchor += moved


def _add(amounts: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    amounts[asset] = amounts.get(asset, ZERO) + amount
