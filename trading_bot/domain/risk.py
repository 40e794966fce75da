"""The pre-trade check: pure questions to the state, asked before every order.

How the comparisons end where a value stands exactly at its limit:

* notional, exposure, collar and rate: at the limit passes, over it is denied;
* daily loss and drawdown: at the limit nothing new passes (:mod:`~trading_bot.domain.guards`).

A *close* is a sell of no more than what is held and not yet offered by another sell. Closes are never
denied by a notional, exposure or loss limit. They are denied like everything else by what makes an
order senseless or dangerous: a paused or halted mode, an order whose outcome is unknown, a mismatch,
a missing mark, the venue's minimum, the collar, and the order rate (the last guard against a ban by
the venue). A stale feed denies a close with a limit price, which would come from an old quote; a
market close passes. Outside its session a symbol takes no new risk. A value that is not known never passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.contract.settings import Settings
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import gross_exposure, mark_of, unknown_reason
from trading_bot.domain.guards import FROZEN_BOOK, PRICE_JUMP, STUCK, anchors_known, losses, uncertain_marks
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import FLATTENING, Order
from trading_bot.domain.sessions import Hours
from trading_bot.domain.state import ZERO, State

RATE_WINDOW_NS: Final = 60 * SECOND

GREATEST: Final = Decimal(10) ** 15
"""No price and no quantity is as much as this; beyond, arithmetic itself would fail."""

BASIS_POINTS: Final = Decimal(10_000)

ALLOWS_CLOSES: Final = frozenset(
    {"StaleFeed", FROZEN_BOOK, "UnknownSession", "Unprotected", "NoHistory", STUCK, PRICE_JUMP}
)
"""Reasons of a blocked symbol under which what is held is certain, so that it may be closed."""

OLD_PRICES: Final = frozenset({"StaleFeed", FROZEN_BOOK, PRICE_JUMP})
"""Reasons under which a limit price would come from a quote that is old, or not believed."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """An order that somebody wants to send. ``quantity`` is on the lot.

    ``price`` is the limit price, or for a market order the touch that it is expected to trade at.
    ``protective``: it closes what a stop-loss or take-profit would have closed, so only a halt stops it.
    """

    strategy: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal
    protective: bool = False


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order is not sent. ``limit`` is one of the catalogue's ``labels.DENIALS``."""

    error_code: str
    limit: str
    limit_value: Decimal | None
    observed: Decimal | None
    message: str


def check_order(
    state: State,
    settings: Settings,
    instrument: Instrument,
    proposal: Proposal,
    recent_order_times: Sequence[int],
    hours: Hours,
    now_ns: int,
) -> Denial | None:
    """Return the first reason not to send ``proposal``, or None if it may be sent.

    Args:
        state: the live state; orders on their way count as if they were filled.
        settings: in force.
        instrument: the venue's rules for the proposal's symbol.
        proposal: the order; it must not be in ``state`` yet.
        recent_order_times: when orders were sent, nanoseconds since the epoch, in any order; those
            60 s and more away are not counted, to either side: a clock may have been set back.
        hours: when markets are open.
        now_ns: nanoseconds since the epoch.
    """
    if not _is_order(proposal):
        message = f"{proposal.quantity} {proposal.symbol} at {proposal.price} is not an order"
        return _denial("RISK_010", "unknown_value", None, None, message)
    case = _Case(
        state=state,
        settings=settings,
        instrument=instrument,
        proposal=proposal,
        sent_last_minute=sum(abs(now_ns - sent) < RATE_WINDOW_NS for sent in recent_order_times),
        is_close=proposal.side is Side.SELL and proposal.quantity <= sellable(state, instrument),
        mark=mark_of(state, proposal.symbol),
        is_open=hours.is_open(settings.sessions.get(proposal.symbol), now_ns),
    )
    checks = CHECKS if case.is_close else (*CHECKS, *NEW_RISK_CHECKS)
    return next((denial for check in checks if (denial := check(case)) is not None), None)


def _is_order(proposal: Proposal) -> bool:
    numbers = (proposal.price, proposal.quantity)
    return all(number.is_finite() and abs(number) < GREATEST for number in numbers) and proposal.price > 0


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """One question, with what several checks need."""

    state: State
    settings: Settings
    instrument: Instrument
    proposal: Proposal
    sent_last_minute: int
    is_close: bool
    mark: Decimal | None
    is_open: bool

    @property
    def known_mark(self) -> Decimal:
        """The mark, for the checks that come after the one that denies a missing one."""
        assert self.mark is not None
        return self.mark


def _denial(
    code: str, limit: str, limit_value: Decimal | None, observed: Decimal | None, message: str
) -> Denial:
    return Denial(error_code=code, limit=limit, limit_value=limit_value, observed=observed, message=message)


def _mode(case: _Case) -> Denial | None:
    mode = case.state.mode
    if mode.mode is Mode.RUNNING or (mode.mode is Mode.REDUCE_ONLY and case.is_close):
        return None
    if case.proposal.protective and case.is_close and mode.mode is not Mode.HALTED:
        return None
    if case.proposal.strategy == FLATTENING and case.is_close:
        return None  # a person closes what is held: the kill switch stops orders, not the way out
    return _denial("RISK_008", "mode", None, None, f"the mode is {mode.mode}: {mode.message}")


def _block(case: _Case) -> Denial | None:
    reason = next(_block_reasons(case), None)
    if reason is None:
        return None
    return _denial("RISK_009", "symbol_blocked", None, None, f"{case.proposal.symbol} is blocked: {reason}")


def _block_reasons(case: _Case) -> Iterator[str]:
    """Yield what blocks the symbol: as recorded, and as it follows from orders and books by itself."""
    symbol = case.proposal.symbol
    market = case.state.markets.get(symbol)
    for block in market.blocks.values() if market else ():
        has_old_price = block.reason in OLD_PRICES and case.proposal.type is OrderType.LIMIT
        if not case.is_close or block.reason not in ALLOWS_CLOSES or has_old_price:
            yield f"{block.reason}, {block.message}"
    for order in case.state.orders.values():
        if order.symbol == symbol and order.unknown_since is not None:
            yield f"UnknownOrder, the outcome of {order.client_order_id} is not known"
    for mismatch in case.state.reconciliation.mismatches.values():
        if mismatch.symbol == symbol:
            yield f"Mismatch, {mismatch.message}"


def _missing_mark(case: _Case) -> Denial | None:
    if case.mark is not None and case.mark > 0:
        return None
    return _denial("RISK_010", "unknown_value", None, None, f"there is no mark for {case.proposal.symbol}")


def _minimum(case: _Case) -> Denial | None:
    rules, price = case.instrument, case.proposal.price
    quantity = rules.round_quantity(case.proposal.quantity)
    if quantity > 0 and rules.accepts(quantity, price):
        return None
    if quantity <= 0 or quantity < rules.minimum_quantity:
        least, found, what = max(rules.minimum_quantity, rules.lot), quantity, "quantity"
    else:
        least, found, what = rules.minimum_notional, quantity * price, "value"
    message = f"the {what} {found} is below the venue's minimum of {least} for {rules.symbol}"
    return _denial("RISK_011", "venue_minimum", least, found, message)


def _session(case: _Case) -> Denial | None:
    if case.is_open:
        return None
    message = f"{case.proposal.symbol} is outside its session: prices are not watched until it opens"
    return _denial("RISK_024", "session", None, None, message)


def _balance(case: _Case) -> Denial | None:
    state, rules, proposal = case.state, case.instrument, case.proposal
    if state.account.opened_at is None:
        return _denial("RISK_010", "unknown_value", None, None, unknown_reason(state) or "no balances yet")
    if proposal.side is Side.SELL:
        asset, needed, free = rules.base, proposal.quantity, sellable(state, rules)
    else:
        promised = sum((order.remaining * _price_of(order) for order in _open_buys(state)), ZERO)
        asset, needed = rules.quote, proposal.quantity * proposal.price
        free = state.account.balances.get(rules.quote, ZERO) - promised
    if needed <= free:
        return None
    return _denial("RISK_012", "balance", free, needed, f"{needed} {asset} are needed and {free} are free")


def _rate(case: _Case) -> Denial | None:
    limit, observed = case.settings.limits.max_orders_per_minute, case.sent_last_minute + 1
    if observed <= limit:
        return None
    message = f"this would be order {observed} within 60 s, {limit} are allowed"
    return _denial("RISK_005", "max_orders_per_minute", Decimal(limit), Decimal(observed), message)


def _collar(case: _Case) -> Denial | None:
    limit = case.settings.limits.price_collar_bps
    observed = abs(case.proposal.price - case.known_mark) / case.known_mark * BASIS_POINTS
    if observed <= limit:
        return None
    message = (
        f"{case.proposal.price} is {observed:.1f} bps from the mark {case.known_mark}, {limit} are allowed"
    )
    return _denial("RISK_004", "price_collar_bps", limit, observed, message)


def _breaker(case: _Case) -> Denial | None:
    breaker = next(iter(case.state.breakers.values()), None)
    if breaker is None:
        return None
    message = f"the breaker {breaker.breaker} is open: {breaker.message}"
    return _denial(breaker.error_code, breaker.breaker, breaker.limit_value, breaker.observed, message)


def _missing_money(case: _Case) -> Denial | None:
    if uncertain := uncertain_marks(case.state):
        message = f"equity is uncertain: the price of {', '.join(uncertain)} is not believed"
        return _denial("RISK_019", "unknown_value", None, None, message)
    if case.state.account.equity is not None and anchors_known(case.state):
        return None
    message = unknown_reason(case.state) or "the equity at the day's start or its peak is not known"
    return _denial("RISK_010", "unknown_value", None, None, message)


def _order_notional(case: _Case) -> Denial | None:
    limit = case.settings.limits.max_order_notional
    return _over("RISK_001", "max_order_notional", limit, case.proposal.quantity * case.proposal.price)


def _position_notional(case: _Case) -> Denial | None:
    symbol = case.proposal.symbol
    position = case.state.positions.get(symbol)
    held = (position.value or ZERO) if position else ZERO
    on_the_way = _worth(case.state, (order for order in _open_buys(case.state) if order.symbol == symbol))
    limit = case.settings.limits.max_position_notional
    return _over("RISK_002", "max_position_notional", limit, held + on_the_way + _worth_of_proposal(case))


def _gross_exposure(case: _Case) -> Denial | None:
    held = gross_exposure(case.state) or ZERO  # it is known: equity is, and that was checked before
    on_the_way = _worth(case.state, _open_buys(case.state))
    limit = case.settings.limits.max_gross_exposure
    return _over("RISK_003", "max_gross_exposure", limit, held + on_the_way + _worth_of_proposal(case))


def _over(code: str, limit: str, limit_value: Decimal, observed: Decimal) -> Denial | None:
    if observed <= limit_value:
        return None
    message = f"{limit} is {limit_value}, it would be {observed:.2f}"
    return _denial(code, limit, limit_value, observed, message)


def _loss(case: _Case) -> Denial | None:
    breach = next(losses(case.state, case.settings.limits), None)
    if breach is None:
        return None
    return _denial(breach.error_code, breach.breaker, breach.limit_value, breach.observed, breach.message)


CHECKS: Final[tuple[Callable[[_Case], Denial | None], ...]] = (
    _mode,
    _block,
    _missing_mark,
    _minimum,
    _balance,
    _rate,
    _collar,
)
"""Asked of every order, in this order; the first denial is the answer."""

NEW_RISK_CHECKS: Final[tuple[Callable[[_Case], Denial | None], ...]] = (
    _session,
    _breaker,
    _missing_money,
    _loss,
    _order_notional,
    _position_notional,
    _gross_exposure,
)
"""Asked of what is not a close, after :data:`CHECKS`."""


def sellable(state: State, instrument: Instrument) -> Decimal:
    """Return what is held of the base asset and not offered by another sell; the smaller of both books.

    Protective orders do not count: whoever closes takes them away first.
    """
    position = state.positions.get(instrument.symbol)
    held = position.quantity if position else ZERO
    balance = state.account.balances.get(instrument.base, ZERO)
    offered = (
        order.remaining
        for order in state.orders.values()
        if order.side is Side.SELL and order.symbol == instrument.symbol and order.trigger is None
    )
    return min(held, balance) - sum(offered, ZERO)


def _open_buys(state: State) -> Iterator[Order]:
    return (order for order in state.orders.values() if order.side is Side.BUY)


def _price_of(order: Order) -> Decimal:
    return order.reference_price if order.limit_price is None else order.limit_price


def _worth(state: State, orders: Iterator[Order]) -> Decimal:
    """Return what the rest of ``orders`` would be worth once filled: at price or mark, whichever is more."""
    return sum(
        (order.remaining * max(_price_of(order), mark_of(state, order.symbol) or ZERO) for order in orders),
        ZERO,
    )


def _worth_of_proposal(case: _Case) -> Decimal:
    return case.proposal.quantity * max(case.proposal.price, case.known_mark)
