"""Where orders are taken: checks, matching, the books, and who is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from trading_bot.domain.clock import Clock
from trading_bot.exchange import matching, refusals
from trading_bot.exchange.books import Books
from trading_bot.exchange.faults import (
    HALTED_SYMBOL,
    PARTIAL_FILL_THEN_STALL,
    REJECT_ORDER,
    Faults,
)
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.matching import Book, Effect, Terms
from trading_bot.exchange.orders import Account, Order, OrderRequest
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.reports import Report, reports

COMMISSION_RATE: Final = Decimal("0.001")
# Faults by which a new order is refused, and those by which nothing that rests is filled.
REFUSED_BY: Final[dict[str, Callable[[], Refusal]]] = {
    HALTED_SYMBOL: refusals.market_closed,
    REJECT_ORDER: lambda: refusals.filter_failure("PERCENT_PRICE_BY_SIDE"),
}
STALLED_BY: Final = (HALTED_SYMBOL, PARTIAL_FILL_THEN_STALL)

# Called after the commit with the reports, the account, and the assets whose balance changed.
Announce = Callable[[Sequence[Report], Account, Sequence[str]], None]


class Desk:
    """Carries out orders. A step is committed before anybody, caller or listener, hears of it."""

    def __init__(
        self,
        books: Books,
        markets: Markets,
        clock: Clock,
        faults: Faults,
        *,
        commission_rate: Decimal = COMMISSION_RATE,
    ) -> None:
        self._books = books
        self._markets = markets
        self._clock = clock
        self._faults = faults
        self._commission_rate = commission_rate
        self._listeners: list[Announce] = []
        now = clock.now_ns()
        for market in markets.all():
            opened = market.timeline.opens_at(market.timeline.bar_of(now))
            market.take(books.trades_since(market.instrument.symbol, opened))

    def listen(self, listener: Announce) -> None:
        """Call ``listener`` after each step that is announced."""
        self._listeners.append(listener)

    def place(self, request: OrderRequest, *, announce: bool = True) -> Effect:
        """Take an order.

        Args:
            request: the order; an empty client order id gets one of the exchange's own.
            announce: whether the listeners hear of its arrival and of the fills that come with it.

        Raises:
            Refusal: -1013 or -2010.
            TickertapeError: it could not be committed, and was not taken.
        """
        now = self._clock.now_ns()
        client_order_id = request.client_order_id or uuid.uuid4().hex
        self._books.count_received(client_order_id, now)
        market = self._markets.by_symbol(request.symbol)
        matching.check_filters(request, market.instrument, market.price(now))
        if any(order.client_order_id == client_order_id for order in self._books.open_orders(request.symbol)):
            raise refusals.duplicate_order()
        self._refuse_by_fault(request.symbol)
        order = self._accepted(request, client_order_id, now)
        effect = matching.place(
            order, self._offered(market, order, now), self._books.account, self._terms(market, now)
        )
        self._commit(market, effect, arrived=True, announce=announce)
        return effect

    def cancel(self, order: Order, cancel_id: str) -> Effect:
        """End an open order.

        Raises:
            Refusal: -2011 when it is not open.
        """
        if not order.open:
            raise refusals.unknown_order()
        market = self._markets.by_symbol(order.symbol)
        effect = matching.cancel(order, self._books.account, self._terms(market, self._clock.now_ns()))
        self._commit(market, effect, cancel_id=cancel_id)
        return effect

    def match_resting(self) -> None:
        """Fill what rests and is crossed by the present quotes, the oldest order first."""
        now = self._clock.now_ns()
        for order in self._books.open_orders():
            if any(self._faults.strikes(name, order.symbol) for name in STALLED_BY):
                continue
            market = self._markets.by_symbol(order.symbol)
            terms = self._terms(market, now)
            effect = matching.fill_resting(order, market.book(now), self._books.account, terms)
            if effect is not None:
                self._commit(market, effect)

    def _refuse_by_fault(self, symbol: str) -> None:
        for name, refusal in REFUSED_BY.items():
            if self._faults.strikes(name, symbol):
                raise refusal()

    def _offered(self, market: Market, order: Order, now_ns: int) -> Book:
        """Return the book that an arriving order meets."""
        book = market.book(now_ns)
        fault = self._faults.strikes(PARTIAL_FILL_THEN_STALL, order.symbol)
        if fault is None:
            return book
        lot = market.instrument.lot
        lots = int(order.quantity * Decimal(str(fault.size)) / lot)
        return book.with_at_most(lots * lot)

    def _accepted(self, request: OrderRequest, client_order_id: str, now_ns: int) -> Order:
        return Order(
            order_id=self._books.next_order_id,
            client_order_id=client_order_id,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            price=request.price,
            quantity=request.quantity,
            created_ns=now_ns,
            updated_ns=now_ns,
        )

    def _terms(self, market: Market, now_ns: int) -> Terms:
        return Terms(
            instrument=market.instrument,
            now_ns=now_ns,
            next_trade_id=self._books.next_trade_id,
            commission_rate=self._commission_rate,
        )

    def _commit(
        self,
        market: Market,
        effect: Effect,
        *,
        arrived: bool = False,
        announce: bool = True,
        cancel_id: str | None = None,
    ) -> None:
        before = self._books.account
        self._books.book(effect)
        market.take(effect.trades)
        if not announce:
            return
        told = tuple(reports(effect, arrived=arrived, cancel_id=cancel_id))
        balances = effect.account.balances
        changed = [asset for asset, balance in balances.items() if balance != before.balances.get(asset)]
        for listener in self._listeners:
            listener(told, effect.account, changed)
