"""The guards over time: which breaker must open, which may close, and what makes equity uncertain.

Pure questions to the state, asked once a second; the pre-trade check (:mod:`~trading_bot.domain.risk`)
is asked before every order. All that they count is in the fold, so a restart forgets nothing of it.

Two kinds of breaker. Those for losses (``max_daily_loss``, ``max_drawdown``) open when the limit is
reached, and close by the next trading day or by a person. Those that count orders and round trips open
above their limit (losses in a row: at it) and close by themselves after the cool-down; half as much is
then enough to open them again. A reset begins a breaker's own count anew and touches nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec

from trading_bot.contract.events.account import BreakerReset
from trading_bot.contract.events.trading import Side
from trading_bot.contract.settings import Breakers, Limits, Settings
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import mark_of, open_positions
from trading_bot.domain.orders import Order
from trading_bot.domain.state import ZERO, Position, State

MAX_DAILY_LOSS: Final = "max_daily_loss"
MAX_DRAWDOWN: Final = "max_drawdown"
MAX_CONSECUTIVE_LOSSES: Final = "max_consecutive_losses"
MAX_ORDER_ERROR_RATIO: Final = "max_order_error_ratio"
MAX_SLIPPAGE: Final = "max_slippage_bps"
MAX_ORDER_TO_TRADE: Final = "max_order_to_trade_ratio"

BY_COOL_DOWN: Final = "cool_down"
BY_DAY: Final = "day"
BY_PERSON: Final = "person"

STUCK: Final = "StuckPosition"
PRICE_JUMP: Final = "PriceJump"
FROZEN_BOOK: Final = "FrozenBook"

BASIS_POINTS: Final = Decimal(10_000)
WARNING_SHARE: Final = Decimal("0.5")
"""Of the daily loss limit, at which it warns."""

IsOpen = Callable[[str], bool]
"""Whether a symbol's session is open."""


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was reached while its breaker is still closed."""

    breaker: str
    error_code: str
    limit_value: Decimal
    observed: Decimal
    message: str


# Losses


def loss(state: State) -> Decimal | None:
    """Return what was lost since the day's start or the breaker's reset; below zero is won; None: unknown."""
    account = state.account
    anchor = account.day_start_equity if account.loss_anchor is None else account.loss_anchor
    return None if account.equity is None or anchor is None else anchor - account.equity


def fall(state: State) -> Decimal | None:
    """Return the fall of equity from its peak, or from the peak since the breaker's reset, as a share of it."""
    account = state.account
    peak = account.peak_equity if account.drawdown_anchor is None else account.drawdown_anchor
    if account.equity is None or peak is None or peak <= 0:
        return None
    return (peak - account.equity) / peak


def anchors_known(state: State) -> bool:
    """Whether the equities that losses are measured from are known."""
    account = state.account
    return account.day_start_equity is not None and account.peak_equity is not None


def loss_warning(state: State, limits: Limits) -> bool | None:
    """Whether half or more of the daily loss limit is used; None while the loss is not known."""
    lost = loss(state)
    return None if lost is None else lost >= limits.max_daily_loss * WARNING_SHARE


def losses(state: State, limits: Limits) -> Iterator[Breach]:
    """Yield each loss limit that is reached.

    A loss that is not known is not reached, and neither is one by a price that is not believed: new risk is
    denied for it, but no breaker opens that a person has to close.
    """
    lost, fallen = loss(state), fall(state)
    if doubted_marks(state):
        return
    if lost is not None and lost >= limits.max_daily_loss:
        yield Breach(
            breaker=MAX_DAILY_LOSS,
            error_code="RISK_006",
            limit_value=limits.max_daily_loss,
            observed=lost,
            message=f"the loss since the day's start is {lost:.2f}, the limit is {limits.max_daily_loss}",
        )
    if fallen is not None and fallen >= limits.max_drawdown:
        yield Breach(
            breaker=MAX_DRAWDOWN,
            error_code="RISK_007",
            limit_value=limits.max_drawdown,
            observed=fallen,
            message=f"equity is {fallen:.2%} below its peak, the limit is {limits.max_drawdown:.2%}",
        )


# Counts


def breaches(state: State, settings: Settings, now_ns: int) -> list[Breach]:
    """Return the limits that were reached and whose breaker is not open yet."""
    found = (*losses(state, settings.limits), *_counted(state, settings, now_ns))
    return [breach for breach in found if breach.breaker not in state.breakers]


def order_error_ratio(state: State, now_ns: int, breakers: Breakers) -> Decimal | None:
    """Return the share of the last orders that failed; None while there are too few."""
    orders = last_orders(state, MAX_ORDER_ERROR_RATIO, breakers, now_ns)
    if len(orders) < _least(state, MAX_ORDER_ERROR_RATIO, breakers):
        return None
    return Decimal(sum(order.failed for order in orders)) / len(orders)


def order_to_trade_ratio(state: State, now_ns: int, breakers: Breakers) -> Decimal | None:
    """Return how many of the last orders there were for each that traded; None while there are too few.

    Where none traded it is the number of orders.
    """
    orders = last_orders(state, MAX_ORDER_TO_TRADE, breakers, now_ns)
    if len(orders) < _least(state, MAX_ORDER_TO_TRADE, breakers):
        return None
    return Decimal(len(orders)) / max(1, sum(order.filled_quantity > 0 for order in orders))


def mean_slippage(state: State, now_ns: int, breakers: Breakers) -> Decimal | None:
    """Return the mean cost of the last filled orders in basis points; None while there are too few."""
    orders = last_orders(state, MAX_SLIPPAGE, breakers, now_ns)
    costs = [cost for order in orders if (cost := _slippage(order)) is not None]
    if len(costs) < _least(state, MAX_SLIPPAGE, breakers):
        return None
    return sum(costs, ZERO) / len(costs)


def last_orders(state: State, breaker: str, breakers: Breakers, now_ns: int) -> list[Order]:
    """Return the last orders that a breaker counts, newest first: sent, over, and not before its reset.

    Protective orders are not among them: they wait for a price that is to be hoped never to come.
    """
    since = max(state.guards.counted_from.get(breaker, 0), now_ns - round(breakers.window_seconds * SECOND))
    newest = (
        order
        for order in reversed(state.closed_orders.values())
        if order.sent_at is not None and order.trigger is None and (order.ended_at or 0) > since
    )
    return list(islice(newest, breakers.orders))


def _least(state: State, breaker: str, breakers: Breakers) -> int:
    least = breakers.least_orders
    return max(1, least // 2) if breaker in state.guards.half_open else least


def _slippage(order: Order) -> Decimal | None:
    price = order.average_price
    if price is None or order.reference_price <= 0:
        return None
    cost = price - order.reference_price if order.side is Side.BUY else order.reference_price - price
    return cost / order.reference_price * BASIS_POINTS


def _counted(state: State, settings: Settings, now_ns: int) -> Iterator[Breach]:
    """Yield the limits that count orders and round trips, where they are passed."""
    limits, breakers = settings.limits, settings.breakers
    in_a_row = state.guards.consecutive_losses
    if in_a_row >= limits.max_consecutive_losses:
        said = f"{in_a_row} round trips in a row lost, the limit is {limits.max_consecutive_losses}"
        limit = Decimal(limits.max_consecutive_losses)
        yield _breach(MAX_CONSECUTIVE_LOSSES, "RISK_014", limit, Decimal(in_a_row), said)
    failed = order_error_ratio(state, now_ns, breakers)
    if failed is not None and failed > limits.max_order_error_ratio:
        said = f"{failed:.0%} of the last orders failed, {limits.max_order_error_ratio:.0%} are allowed"
        yield _breach(MAX_ORDER_ERROR_RATIO, "RISK_015", limits.max_order_error_ratio, failed, said)
    cost = mean_slippage(state, now_ns, breakers)
    if cost is not None and cost > limits.max_slippage_bps:
        said = (
            f"the last fills cost {cost:.1f} bps against their marks, {limits.max_slippage_bps} are allowed"
        )
        yield _breach(MAX_SLIPPAGE, "RISK_016", limits.max_slippage_bps, cost, said)
    ratio = order_to_trade_ratio(state, now_ns, breakers)
    if ratio is not None and ratio > limits.max_order_to_trade_ratio:
        said = f"{ratio:.1f} orders for each that traded, {limits.max_order_to_trade_ratio} are allowed"
        yield _breach(MAX_ORDER_TO_TRADE, "RISK_017", limits.max_order_to_trade_ratio, ratio, said)


def _breach(breaker: str, code: str, limit: Decimal, observed: Decimal, message: str) -> Breach:
    return Breach(breaker=breaker, error_code=code, limit_value=limit, observed=observed, message=message)


# Closing a breaker


def closes_at(state: State, breaker: str, breakers: Breakers) -> int | None:
    """Return when an open breaker closes by itself, nanoseconds since the epoch; None where it does not."""
    opened = state.breakers.get(breaker)
    if opened is None or breaker not in COUNTING:
        return None
    return opened.opened_at + round(breakers.cool_down_seconds * SECOND)


def cooled_down(state: State, breakers: Breakers, now_ns: int) -> list[str]:
    """Return the open breakers whose cool-down is over."""
    ends = {breaker: closes_at(state, breaker, breakers) for breaker in state.breakers}
    return [breaker for breaker, end in ends.items() if end is not None and end <= now_ns]


def reset(
    state: State, breaker: str, how: str, *, actor: str, reason: str, command_id: str | None = None
) -> BreakerReset:
    """Return the event that closes an open breaker, and no other.

    After a person's reset a loss limit is measured from the equity of now, so that the same loss does not
    open it again at once.

    Raises:
        ValueError: the breaker is not open, or it measures losses and equity is not known, or not certain.
    """
    if breaker not in state.breakers:
        raise ValueError(
            f"the breaker {breaker} is not open; open are: {', '.join(state.breakers) or 'none'}"
        )
    anchor = None
    if breaker in ANCHORED and how == BY_PERSON:
        anchor = _certain_equity(state)
    return BreakerReset(
        breaker=breaker,
        actor=actor,
        reason=reason,
        how=how,
        anchor=anchor,
        consequence=_consequence(breaker, how, anchor),
        command_id=command_id,
    )


def _certain_equity(state: State) -> Decimal:
    if state.account.equity is None:
        raise ValueError("equity is not known, so there is nothing to measure further losses from")
    if uncertain := uncertain_marks(state):
        raise ValueError(f"equity is uncertain: the price of {', '.join(uncertain)} is not believed")
    return state.account.equity


def _consequence(breaker: str, how: str, anchor: Decimal | None) -> str:
    if anchor is not None:
        changed = f"{ANCHORED[breaker]} is measured from an equity of {anchor:.2f} on"
        return f"{changed}; the day's result, the recorded peak, every other breaker and all positions stay"
    if how == BY_DAY:
        return "the loss is measured from the new day's start; the peak and every other breaker stay"
    counted = "losses in a row" if breaker == MAX_CONSECUTIVE_LOSSES else "the orders it looks at"
    half = "; half as much opens it again" if how == BY_COOL_DOWN else ""
    return f"{counted} are counted anew{half}; every other breaker and limit stays"


ANCHORED: Final = {MAX_DAILY_LOSS: "the daily loss", MAX_DRAWDOWN: "the drawdown"}
"""Breakers that measure from an equity, and what they measure."""

COUNTING: Final = frozenset({MAX_CONSECUTIVE_LOSSES, MAX_ORDER_ERROR_RATIO, MAX_SLIPPAGE, MAX_ORDER_TO_TRADE})
"""Breakers that close by themselves."""


# Positions and marks


def is_sellable(state: State, position: Position) -> bool:
    """Whether the venue would take an order over all of a position at its mark; where that is not known, too."""
    rules, mark = state.instruments.get(position.symbol), mark_of(state, position.symbol)
    return rules is None or mark is None or rules.accepts(rules.round_quantity(position.quantity), mark)


def stuck_positions(state: State, limits: Limits, now_ns: int, is_open: IsOpen) -> dict[str, str]:
    """Return the symbols whose position should be flat and is not, and why.

    A closed market is no fault of it. What the venue would not take is not stuck: nobody could sell it.
    """
    found = {}
    for position in open_positions(state):
        if not is_sellable(state, position):
            continue
        age, waiting = _since(position.opened_at, now_ns), _since(position.exit_wanted_at, now_ns)
        if waiting > limits.max_exit_seconds and is_open(position.symbol):
            found[position.symbol] = (
                f"{position.symbol} was to be closed {waiting:.0f} s ago and is not, "
                f"{limits.max_exit_seconds:g} s are allowed"
            )
        elif age > limits.max_position_age_seconds:
            found[position.symbol] = (
                f"the position in {position.symbol} is {age:.0f} s old, "
                f"{limits.max_position_age_seconds:g} s are allowed"
            )
    return found


def old_marks(state: State, limits: Limits, now_ns: int, is_open: IsOpen) -> dict[str, str]:
    """Return the held symbols whose mark is too old to value them while their session is open, and why."""
    found = {}
    for position in open_positions(state):
        market = state.markets.get(position.symbol)
        age = _since(market.quote_at if market is not None else None, now_ns)
        if age > limits.max_mark_age_seconds and is_open(position.symbol):
            found[position.symbol] = (
                f"the mark of {position.symbol} is {age:.0f} s old, {limits.max_mark_age_seconds:g} s are allowed"
            )
    return found


def doubted_marks(state: State) -> list[str]:
    """Return the held symbols, be it dust, whose price jumped and is not believed; often none.

    Where nothing is held a price moves no equity, so that all limits stay in force.
    """
    return [
        symbol
        for symbol in state.account.doubted
        if (position := state.positions.get(symbol)) is not None and position.quantity
    ]


def uncertain_marks(state: State) -> list[str]:
    """Return the held symbols whose price is not believed, because it jumped or because it stands still."""
    frozen = (
        position.symbol
        for position in open_positions(state)
        if (market := state.markets.get(position.symbol)) is not None and FROZEN_BOOK in market.blocks
    )
    return list(dict.fromkeys((*doubted_marks(state), *frozen)))


def jump(state: State, symbol: str, price: Decimal) -> Decimal | None:
    """Return how far a price is from the last believed one, in basis points; None while there is none."""
    market = state.markets.get(symbol)
    if market is None or not market.reference:
        return None
    return abs(price - market.reference) / market.reference * BASIS_POINTS


def _since(then: int | None, now_ns: int) -> float:
    return 0.0 if then is None else (now_ns - then) / SECOND
