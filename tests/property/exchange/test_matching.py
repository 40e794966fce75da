"""Money is neither made nor lost, whatever is traded."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.exchange import RATE, account, order, terms

from trading_bot.exchange.matching import Book, Effect, Level, cancel, fill_resting, place
from trading_bot.exchange.orders import Account, OrderRequest, OrderType, Side, TimeInForce, Trade
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
        price=Decimal(0) if kind is OrderType.MARKET else Decimal(draw(cents)) / 100,
        time_in_force=draw(st.sampled_from(TimeInForce)) if kind is OrderType.LIMIT else TimeInForce.GTC,
    )


steps = st.lists(st.tuples(requests(), books(), st.booleans()), min_size=1, max_size=12)


def carry_out(life: list[tuple[OrderRequest, Book, bool]]) -> tuple[Account, list[Effect], list[Trade]]:
    """Place, fill and cancel, as an exchange does; return the account, each order's last effect, all trades."""
    holdings, resting, ended, trades = OPENING, {}, [], []
    for number, (wanted, present, cancels) in enumerate(life):
        for order_id, effect in list(resting.items()):
            filled = fill_resting(effect.order, present, holdings, terms(next_trade_id=len(trades) + 1))
            if filled is not None:
                resting[order_id], holdings = filled, filled.account
                trades += filled.trades
        try:
            effect = place(order(wanted, number), present, holdings, terms(next_trade_id=len(trades) + 1))
        except Refusal:
            continue
        holdings = effect.account
        trades += effect.trades
        resting[number] = effect
        if cancels and effect.order.open:
            resting[number] = cancel(effect.order, holdings, terms())
            holdings = resting[number].account
        ended += [done for done in resting.values() if not done.order.open]
        resting = {order_id: done for order_id, done in resting.items() if done.order.open}
    return holdings, [*ended, *resting.values()], trades


@given(steps)
def test_no_balance_is_ever_negative(life):
    holdings, _, _ = carry_out(life)
    for balance in holdings.balances.values():
        assert balance.free >= 0
        assert balance.locked >= 0


@given(steps)
def test_what_the_account_holds_is_what_its_trades_make_of_the_opening_balance(life):
    holdings, _, trades = carry_out(life)
    euros = dollars = Decimal(0)
    for trade in trades:
        sign = 1 if trade.side is Side.BUY else -1
        euros += sign * trade.quantity - (trade.commission if trade.commission_asset == "EUR" else 0)
        dollars -= sign * trade.notional + (trade.commission if trade.commission_asset == "USD" else 0)
    assert holdings.balance("EUR").total == 1000 + euros
    assert holdings.balance("USD").total == 10_000 + dollars


@given(steps)
def test_an_orders_fill_is_the_sum_of_its_trades(life):
    _, effects, trades = carry_out(life)
    for effect in effects:
        own = [trade for trade in trades if trade.order_id == effect.order.order_id]
        assert effect.order.executed == sum(trade.quantity for trade in own)
        assert effect.order.executed_quote == sum(trade.notional for trade in own)
        assert effect.order.executed <= effect.order.quantity


@given(steps)
def test_what_is_locked_is_what_the_open_orders_need(life):
    holdings, effects, _ = carry_out(life)
    still_open = [effect.order for effect in effects if effect.order.open]
    assert holdings.balance("EUR").locked == sum(
        each.remaining for each in still_open if each.side is Side.SELL
    )
    assert holdings.balance("USD").locked == sum(
        each.remaining * each.price for each in still_open if each.side is Side.BUY
    )


@given(steps)
def test_no_trade_is_worse_than_its_orders_price(life):
    _, effects, trades = carry_out(life)
    orders = {effect.order.order_id: effect.order for effect in effects}
    for trade in trades:
        asked = orders[trade.order_id]
        if asked.type is not OrderType.MARKET:
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
