"""How much of each limit is used: pure questions to the state, for those who watch the bot.

Of per-symbol limits the most used symbol counts, of per-order limits the largest order sent in the
last 60 s; a close is no matter of the order limit. What the state cannot tell is None, not 0: the price
collar, because the touch that a market order was priced at is not kept; ages that only count while a
session is open; the last minute's orders once more were over in it than are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from trading_bot.contract.events.trading import Side
from trading_bot.contract.settings import Breakers, Limits
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import gross_exposure, open_positions
from trading_bot.domain.guards import (
    fall,
    loss,
    mean_slippage,
    order_error_ratio,
    order_to_trade_ratio,
)
from trading_bot.domain.orders import Order
from trading_bot.domain.risk import RATE_WINDOW_NS
from trading_bot.domain.state import RECENT_ORDERS, ZERO, State


def utilisation(
    state: State, limits: Limits, now_ns: int, breakers: Breakers | None = None
) -> dict[str, Decimal | None]:
    """Return the share of each limit that is used at ``now_ns``, by settings key; None where unknown."""
    counted = breakers or Breakers()
    return {
        name: _share(observe(state, now_ns, counted), Decimal(getattr(limits, name)))
        for name, observe in OBSERVED.items()
    }


def _share(observed: Decimal | None, limit: Decimal) -> Decimal | None:
    return None if observed is None else observed / limit


def _largest_order(state: State, now_ns: int, _breakers: Breakers) -> Decimal | None:
    sent = _sent_last_minute(state, now_ns)
    if sent is None:
        return None
    return max(
        (
            order.quantity * (order.limit_price or order.reference_price)
            for order in sent
            if order.side is Side.BUY
        ),
        default=ZERO,
    )


def _order_count(state: State, now_ns: int, _breakers: Breakers) -> Decimal | None:
    sent = _sent_last_minute(state, now_ns)
    return None if sent is None else Decimal(len(sent))


def _sent_last_minute(state: State, now_ns: int) -> list[Order] | None:
    """Return the orders sent in the last 60 s, or None when some may already be forgotten."""
    since = now_ns - RATE_WINDOW_NS
    closed = list(state.closed_orders.values())
    if len(closed) >= RECENT_ORDERS and (closed[0].ended_at or 0) > since:
        return None
    return [
        order
        for order in (*state.orders.values(), *closed)
        if order.sent_at is not None and order.sent_at > since
    ]


def _largest_position(state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    values = [position.value for position in state.positions.values()]
    known = [abs(value) for value in values if value is not None]
    return max(known, default=ZERO) if len(known) == len(values) else None


def _gross_exposure(state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    return gross_exposure(state)


def _daily_loss(state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    lost = loss(state)
    return None if lost is None else max(ZERO, lost)


def _drawdown(state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    return fall(state)


def _losses_in_a_row(state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    return Decimal(state.guards.consecutive_losses)


def _slippage(state: State, now_ns: int, breakers: Breakers) -> Decimal | None:
    mean = mean_slippage(state, now_ns, breakers)
    return None if mean is None else max(ZERO, mean)


def _oldest_position(state: State, now_ns: int, _breakers: Breakers) -> Decimal | None:
    opened = [position.opened_at for position in open_positions(state) if position.opened_at is not None]
    return Decimal(now_ns - min(opened)) / SECOND if opened else ZERO


def _cannot_tell(_state: State, _now_ns: int, _breakers: Breakers) -> Decimal | None:
    return None


OBSERVED: Final[dict[str, Callable[[State, int, Breakers], Decimal | None]]] = {
    "max_order_notional": _largest_order,
    "max_position_notional": _largest_position,
    "max_gross_exposure": _gross_exposure,
    "price_collar_bps": _cannot_tell,
    "max_orders_per_minute": _order_count,
    "max_daily_loss": _daily_loss,
    "max_drawdown": _drawdown,
    "max_consecutive_losses": _losses_in_a_row,
    "max_order_error_ratio": order_error_ratio,
    "max_slippage_bps": _slippage,
    "max_order_to_trade_ratio": order_to_trade_ratio,
    "max_position_age_seconds": _oldest_position,
    "max_exit_seconds": _cannot_tell,
    "max_mark_age_seconds": _cannot_tell,
    "max_price_jump_bps": _cannot_tell,
}
"""What is compared with each limit; a test holds the keys to the catalogue's."""
