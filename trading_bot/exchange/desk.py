"""Where orders are taken: checks, matching, the books, and who is told."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

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
from trading_bot.exchange.orders import (
    CONDITIONAL,
    NO_LIST,
    Account,
    Order,
    OrderList,
    OrderRequest,
    Status,
)
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
        market = self._markets.by_symbol(request.symbol)
        named = msgspec.structs.replace(request, client_order_id=request.client_order_id or uuid.uuid4().hex)
        self._books.count_received(named.client_order_id, now)
        order = self._checked(market, named, now)
        book, terms = self._offered(market, order, now), self._terms(market, now)
        effect = matching.place(order, book, self._books.account, terms)
        self._commit(market, effect, arrived=True, announce=announce)
        return effect

    def check(self, request: OrderRequest) -> None:
        """Check an order as if it were placed, and do no more.

        Raises:
            Refusal: -1013 or -2010.
        """
        now = self._clock.now_ns()
        market = self._markets.by_symbol(request.symbol)
        order = self._checked(market, request, now)
        matching.place(order, market.book(now), self._books.account, self._terms(market, now))

    def place_pair(
        self, first: OrderRequest, second: OrderRequest, client_list_id: str
    ) -> tuple[OrderList, Effect]:
        """Take two orders of which one cancels the other; neither may trade at once.

        Raises:
            Refusal: -1013 or -2010.
            TickertapeError: they could not be committed, and were not taken.
        """
        now = self._clock.now_ns()
        market = self._markets.by_symbol(first.symbol)
        pair = OrderList(
            list_id=self._books.next_list_id,
            client_list_id=client_list_id or uuid.uuid4().hex,
            symbol=first.symbol,
            created_ns=now,
        )
        one = self._checked(market, first, now, list_id=pair.list_id)
        other = msgspec.structs.replace(
            self._checked(market, second, now, list_id=pair.list_id), order_id=one.order_id + 1
        )
        for order in (one, other):
            self._books.count_received(order.client_order_id, now)
        effect = matching.place_pair(
            one, other, market.book(now), self._books.account, self._terms(market, now)
        )
        self._commit(market, effect, arrived=True, pair=pair)
        return pair, effect

    def cancel(self, order: Order, cancel_id: str) -> Effect:
        """End an open order.

        Raises:
            Refusal: -2011 when it is not open.
        """
        if not order.open:
            raise refusals.unknown_order()
        now, market = self._clock.now_ns(), self._markets.by_symbol(order.symbol)
        terms, account = self._terms(market, now), self._books.account
        partner = self._books.partner(order)
        if partner is not None:
            account = matching.released(order, partner, account, terms)
            partner = msgspec.structs.replace(partner, status=Status.CANCELED, updated_ns=now)
        effect = matching.cancel(order, account, terms)
        self._commit(market, msgspec.structs.replace(effect, other=partner), cancel_id=cancel_id)
        return msgspec.structs.replace(effect, other=partner)

    def match_resting(self) -> None:
        """Trigger and fill what the present price and quotes reach, the oldest order first."""
        now = self._clock.now_ns()
        for order in self._books.open_orders():
            if any(self._faults.strikes(name, order.symbol) for name in STALLED_BY):
                continue
            if not self._books.is_open(order):
                continue  # the other of its pair has just ended it
            market = self._markets.by_symbol(order.symbol)
            effect = self._step(order, market, now)
            if effect is not None:
                self._commit(market, effect)

    def _step(self, order: Order, market: Market, now_ns: int) -> Effect | None:
        """Return what happens to an open order now: nothing, its trigger, or fills."""
        terms, account, book = self._terms(market, now_ns), self._books.account, market.book(now_ns)
        waits = not order.working
        if waits and not matching.is_reached(order, market.price(now_ns)):
            return None
        if not waits and not matching.crossing(order, book):
            return None
        partner = self._books.partner(order)
        if partner is not None:
            account = matching.released(order, partner, account, terms)
            partner = matching.expired(partner, now_ns)
        carry_out = matching.trigger if waits else matching.fill_resting
        effect = carry_out(order, book, account, terms)
        return None if effect is None else msgspec.structs.replace(effect, other=partner)

    def _checked(
        self, market: Market, request: OrderRequest, now_ns: int, *, list_id: int = NO_LIST
    ) -> Order:
        """Return the order that a request becomes.

        Raises:
            Refusal: -1013 or -2010.
        """
        request = self._in_quantity(market, request, now_ns)
        last_price = market.price(now_ns)
        matching.check_filters(request, market.instrument, last_price)
        if request.type in CONDITIONAL and matching.is_reached(request, last_price):
            raise refusals.would_trigger()
        working = self._books.open_orders(request.symbol)
        if any(order.client_order_id == request.client_order_id for order in working):
            raise refusals.duplicate_order()
        self._refuse_by_fault(request.symbol)
        return self._accepted(request, now_ns, list_id)

    def _in_quantity(self, market: Market, request: OrderRequest, now_ns: int) -> OrderRequest:
        """Return a request for so much money as one for a quantity."""
        if not request.quote_quantity:
            return request
        levels = market.book(now_ns).against(request.side)
        quantity = matching.affordable(levels, request.quote_quantity, market.instrument.lot)
        return msgspec.structs.replace(request, quantity=quantity)

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

    def _accepted(self, request: OrderRequest, now_ns: int, list_id: int) -> Order:
        return Order(
            order_id=self._books.next_order_id,
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            price=request.price,
            quantity=request.quantity,
            created_ns=now_ns,
            updated_ns=now_ns,
            stop_price=request.stop_price,
            working=request.type not in CONDITIONAL,
            list_id=list_id,
            quote_quantity=request.quote_quantity,
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
        pair: OrderList | None = None,
    ) -> None:
        before = self._books.account
        self._books.book(effect, pair)
        market.take(effect.trades)
        if not announce:
            return
        told = tuple(reports(effect, arrived=arrived, cancel_id=cancel_id))
        balances = effect.account.balances
        changed = [asset for asset, balance in balances.items() if balance != before.balances.get(asset)]
        for listener in self._listeners:
            listener(told, effect.account, changed)
