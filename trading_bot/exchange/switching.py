"""Faults switched on and off: recorded first, then in effect."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from trading_bot.domain.clock import SECOND
from trading_bot.exchange.faults import KINDS, MANUAL_TRADE, Fault
from trading_bot.exchange.markets import Market
from trading_bot.exchange.orders import OrderRequest, OrderType, Side
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.venue import Venue


class NotSwitched(Exception):  # noqa: N818 - an answer, not an error of this program
    """A fault cannot be switched as asked; the words say why."""


def switch_on(
    venue: Venue,
    name: str,
    symbol: str | None = None,
    *,
    seconds: float | None = None,
    probability: float = 1.0,
    size: float | None = None,
) -> None:
    """Switch a fault on.

    Args:
        venue: the exchange.
        name: of the fault.
        symbol: the only one concerned.
        seconds: how long it lasts; None is until it is switched off, or as long as its kind lasts.
        probability: share of the occasions on which it strikes.
        size: its one number; None is its kind's default.

    Raises:
        NotSwitched: there is no such fault or symbol, or a number is out of bounds.
    """
    _check(venue, name, symbol, probability, size)
    kind, now = KINDS[name], venue.clock.now_ns()
    lasts = seconds if seconds is not None and kind.lasts != 0 else kind.lasts
    fault = Fault(
        name=name,
        symbol=symbol,
        since_ns=now,
        until_ns=None if lasts is None else now + round(lasts * SECOND),
        probability=probability,
        size=_size(name, size),
    )
    venue.books.record_fault_on(fault)
    venue.faults.add(fault)
    AT_ONCE.get(name, _strike_sockets)(venue, fault)
    end_what_is_over(venue)


def switch_off(venue: Venue, name: str, symbol: str | None = None) -> None:
    """Switch a fault off, without a symbol for all.

    Raises:
        NotSwitched: there is no such fault or symbol.
    """
    _check(venue, name, symbol, 1.0, None)
    venue.books.record_fault_off(name, symbol, venue.clock.now_ns())
    venue.faults.remove(name, symbol)


def end_what_is_over(venue: Venue) -> None:
    """Record the end of what has ended by itself."""
    for fault in venue.faults.over():
        venue.books.record_fault_off(fault.name, fault.symbol, venue.clock.now_ns())
        venue.faults.remove(fault.name, fault.symbol)


def _check(venue: Venue, name: str, symbol: str | None, probability: float, size: float | None) -> None:
    kind = KINDS.get(name)
    if kind is None:
        raise NotSwitched(f"no fault {name}; there is {', '.join(KINDS)}")
    if symbol is not None and not venue.markets.lists(symbol):
        raise NotSwitched(f"no symbol {symbol}")
    if symbol is not None and not kind.by_symbol:
        raise NotSwitched(f"{name} concerns the whole exchange, not one symbol")
    if not 0 < probability <= 1:
        raise NotSwitched(f"a probability is above 0 and at most 1, not {probability:g}")
    if probability < 1 and not kind.by_chance:
        raise NotSwitched(f"{name} happens or not; it has no probability")
    if size is not None and kind.size is None:
        raise NotSwitched(f"{name} has no size")
    if size is not None and kind.size is not None and not kind.size.least <= size <= kind.size.most:
        bounds = f"{kind.size.least:g} to {kind.size.most:g}"
        raise NotSwitched(f"the size of {name} ({kind.size.meaning}) is {bounds}, not {size:g}")


def _size(name: str, size: float | None) -> float:
    if size is not None:
        return size
    kind = KINDS[name].size
    return 0.0 if kind is None else kind.default


def _strike_sockets(venue: Venue, fault: Fault) -> None:
    venue.lines.strike(fault)


def _trade_by_hand(venue: Venue, fault: Fault) -> None:
    """Buy, or sell what is held, at the market, as somebody else with the same account would."""
    symbol = fault.symbol or venue.markets.all()[0].instrument.symbol
    market = venue.markets.by_symbol(symbol)
    request = OrderRequest(
        symbol=symbol,
        side=Side.BUY if fault.size > 0 else Side.SELL,
        type=OrderType.MARKET,
        quantity=_quantity(venue, market, fault.size),
        client_order_id=f"web_{uuid.uuid4().hex[:24]}",
    )
    try:
        venue.desk.place(request)
    except Refusal as refusal:
        raise NotSwitched(f"the trade was refused: {refusal}") from refusal


def _quantity(venue: Venue, market: Market, notional: float) -> Decimal:
    lot = market.instrument.lot
    wanted = abs(Decimal(str(notional))) / market.price(venue.clock.now_ns())
    if notional < 0:
        wanted = min(wanted, venue.books.account.balance(market.instrument.base).free)
    return int(wanted / lot) * lot


AT_ONCE: Final[dict[str, Callable[[Venue, Fault], None]]] = {MANUAL_TRADE: _trade_by_hand}
