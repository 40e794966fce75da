"""Money is neither made nor lost, whatever is traded."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from support.exchange import RATE, account, order, terms

from trading_bot.exchange.matching import (
    Book,
    Effect,
    Level,
    Terms,
    cancel,
    crossing,
    expired,
    fill_resting,
    is_reached,
    place,
    place_pair,
    released,
    trigger,
)
from trading_bot.exchange.orders import (
    AT_MARKET,
    CONDITIONAL,
    NO_LIST,
    WITH_TIME_IN_FORCE,
    Order,
    OrderRequest,
    OrderType,
    Side,
    TimeInForce,
    Trade,
)
from trading_bot.exchange.refusals import Refusal
from trading_bot.exchange.reports import Execution, reports

OPENING = account(USD="10000", EUR="1000")

lots = st.integers(1, 500).map(lambda count: Decimal(count) / 10)
cents = st.integers(900, 1100)


@st.composite
def books(draw: st.DrawFn) -> Book:
    middle = draw(cents)
    sides = draw(st.tuples(*[st.lists(lots, min_size=1, max_size=6)] * 2))
    return Book(
        bids=tuple(
            Level(price=Decimal(middle - 1 - i) / 100, quantity=lot) for i, lot in enumerate(sides[0])
        ),
        asks=tuple(
            Level(price=Decimal(middle + 1 + i) / 100, quantity=lot) for i, lot in enumerate(sides[1])
        ),
    )


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    kind = draw(st.sampled_from(OrderType))
    return OrderRequest(
        symbol="EUR/USD",
        side=draw(st.sampled_from(Side)),
        type=kind,
        quantity=draw(lots),
        client_order_id="mine",
        price=Decimal(0) if kind in AT_MARKET else Decimal(draw(cents)) / 100,
        time_in_force=draw(st.sampled_from(TimeInForce)) if kind in WITH_TIME_IN_FORCE else TimeInForce.GTC,
        stop_price=Decimal(draw(cents)) / 100 if kind in CONDITIONAL else Decimal(0),
    )


# What is asked for, the book it meets, whether it is cancelled at once, and whether a stop loss goes with it.
steps = st.lists(st.tuples(requests(), books(), st.booleans(), st.none() | cents), min_size=1, max_size=12)


class Life:
    """Places, triggers, fills and cancels, as an exchange does."""

    def __init__(self) -> None:
        self.holdings = OPENING
        self.last: dict[int, Order] = {}
        self.trades: list[Trade] = []

    def open_orders(self) -> list[Order]:
        return [each for each in self.last.values() if each.open]

    def terms(self) -> Terms:
        return terms(next_trade_id=len(self.trades) + 1)

    def take(self, effect: Effect) -> None:
        self.holdings = effect.account
        self.trades += effect.trades
        for each in (effect.order, effect.other):
            if each is not None:
                self.last[each.order_id] = each

    def partner(self, of: Order) -> Order | None:
        if of.list_id == NO_LIST:
            return None
        pair = [each for each in self.open_orders() if each.list_id == of.list_id]
        return next((each for each in pair if each.order_id != of.order_id), None)

    def move(self, present: Book) -> None:
        middle = (present.bids[0].price + present.asks[0].price) / 2
        for number in [each.order_id for each in self.open_orders()]:
            each = self.last[number]
            reached = is_reached(each, middle) if not each.working else bool(crossing(each, present))
            if not each.open or not reached:
                continue
            money, partner = self.holdings, self.partner(each)
            if partner is not None:
                money, partner = released(each, partner, money, self.terms()), expired(partner, 1)
            effect = (fill_resting if each.working else trigger)(each, present, money, self.terms())
            self.take(msgspec.structs.replace(effect, other=partner))

    def arrive(self, wanted: OrderRequest, number: int, present: Book, stop: int | None) -> None:
        first = order(wanted, 2 * number, list_id=NO_LIST if stop is None else number)
        try:
            if stop is None or wanted.type is not OrderType.LIMIT_MAKER:
                self.take(place(order(wanted, 2 * number), present, self.holdings, self.terms()))
                return
            loss = msgspec.structs.replace(
                wanted, type=OrderType.STOP_LOSS, price=Decimal(0), stop_price=Decimal(stop) / 100
            )
            second = order(loss, 2 * number + 1, list_id=number)
            self.take(place_pair(first, second, present, self.holdings, self.terms()))
        except Refusal:
            return

    def end(self, number: int) -> None:
        ended = self.last.get(2 * number)
        if ended is None or not ended.open:
            return
        money, partner = self.holdings, self.partner(ended)
        if partner is not None:
            money, partner = released(ended, partner, money, self.terms()), expired(partner, 1)
        self.take(msgspec.structs.replace(cancel(ended, money, self.terms()), other=partner))


def carry_out(life: list[tuple[OrderRequest, Book, bool, int | None]]) -> Life:
    played = Life()
    for number, (wanted, present, cancels, stop) in enumerate(life):
        played.move(present)
        played.arrive(wanted, number, present, stop)
        if cancels:
            played.end(number)
    return played


@given(steps)
def test_no_balance_is_ever_negative(life):
    holdings = carry_out(life).holdings
    for balance in holdings.balances.values():
        assert balance.free >= 0
        assert balance.locked >= 0


@given(steps)
def test_what_the_account_holds_is_what_its_trades_make_of_the_opening_balance(life):
    played = carry_out(life)
    holdings, trades = played.holdings, played.trades
    euros = dollars = Decimal(0)
    for trade in trades:
        sign = 1 if trade.side is Side.BUY else -1
        euros += sign * trade.quantity - (trade.commission if trade.commission_asset == "EUR" else 0)
        dollars -= sign * trade.notional + (trade.commission if trade.commission_asset == "USD" else 0)
    assert holdings.balance("EUR").total == 1000 + euros
    assert holdings.balance("USD").total == 10_000 + dollars


@given(steps)
def test_an_orders_fill_is_the_sum_of_its_trades(life):
    played = carry_out(life)
    for each in played.last.values():
        own = [trade for trade in played.trades if trade.order_id == each.order_id]
        assert each.executed == sum(trade.quantity for trade in own)
        assert each.executed_quote == sum(trade.notional for trade in own)
        assert each.executed <= each.quantity


def needed(orders: list[Order], side: Side) -> Decimal:
    """What open orders of a side lock: of a pair as much as the greater."""
    by_list: dict[int, Decimal] = {}
    for each in orders:
        if each.side is side:
            key = each.list_id if each.list_id != NO_LIST else -2 - each.order_id
            price = each.price or each.stop_price
            amount = each.remaining * (price if side is Side.BUY else 1)
            by_list[key] = max(by_list.get(key, Decimal(0)), amount)
    return sum(by_list.values(), Decimal(0))


@given(steps)
def test_what_is_locked_is_what_the_open_orders_need(life):
    played = carry_out(life)
    assert played.holdings.balance("EUR").locked == needed(played.open_orders(), Side.SELL)
    assert played.holdings.balance("USD").locked == needed(played.open_orders(), Side.BUY)


@given(steps)
def test_of_a_pair_one_trades_at_most(life):
    played = carry_out(life)
    traded = {played.last[trade.order_id].order_id: played.last[trade.order_id] for trade in played.trades}
    lists = [each.list_id for each in traded.values() if each.list_id != NO_LIST]
    assert len(lists) == len(set(lists))


@given(steps)
def test_no_trade_is_worse_than_its_orders_price(life):
    played = carry_out(life)
    for trade in played.trades:
        asked = played.last[trade.order_id]
        if asked.type not in AT_MARKET:
            worse = trade.price - asked.price if asked.side is Side.BUY else asked.price - trade.price
            assert worse <= 0
        received = trade.quantity if trade.side is Side.BUY else trade.notional
        assert 0 <= received * RATE - trade.commission < Decimal("0.00000001")


@given(requests(), books())
def test_the_reports_of_a_step_add_up_to_the_order(wanted, present):
    try:
        effect = place(order(wanted), present, OPENING, terms())
    except Refusal:
        return
    told = list(reports(effect, arrived=True))
    assert told[0].execution is Execution.NEW
    assert told[0].order.executed == 0
    assert sum(report.trade.quantity for report in told if report.trade) == effect.order.executed
    assert told[-1].order.executed == effect.order.executed
    assert told[-1].order.executed_quote == effect.order.executed_quote
    assert told[-1].order.status is effect.order.status
