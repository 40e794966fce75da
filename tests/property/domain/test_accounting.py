"""Accounting truth: whatever comes in whatever order, the books are the sum of the fills."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.events import tape
from support.lives import OPENING, fill_of, intent, opening, quote, sent

from trading_bot.contract.events.account import PositionAdopted
from trading_bot.contract.events.market import InstrumentListed
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.domain.derived import mark_of, total_unrealized_pnl
from trading_bot.domain.fold import evolve
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.state import State

EUR, COIN = "EUR/USD", "BNB/USD"
CLOSE = Decimal("1e-15")
AMOUNTS = st.decimals("0.01", "500", places=2)
PRICES = st.decimals("0.5", "50", places=3)
PARTS = st.lists(st.tuples(AMOUNTS, PRICES, st.decimals("0", "0.5", places=4)), min_size=1, max_size=6)
STEPS = st.sampled_from([Decimal(step) for step in ("1", "0.1", "0.01", "0.00001", "5", "0.25", "1000")])
ANY_AMOUNT = st.decimals("0", "1000000", places=8)


def fold(events, state=None):
    state = State() if state is None else state
    for one in tape(events, first=state.seq + 1):
        state = evolve(state, one)
    return state


def is_close(one, other):
    return abs(one - other) <= CLOSE * max(abs(one), abs(other), Decimal(1))


def coin_listed():
    return InstrumentListed(
        symbol=COIN,
        base="BNB",
        quote="USD",
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        minimum_quantity=Decimal("0.001"),
        minimum_notional=Decimal(1),
    )


def buying(parts, fee_asset):
    """Return an order and its fills."""
    total = sum((quantity for quantity, _, _ in parts), Decimal(0))
    order = intent("order", EUR, Side.BUY, total, Decimal(10), type=OrderType.MARKET)
    fills = [
        fill_of(order, str(number), quantity, price, fee, fee_asset)
        for number, (quantity, price, fee) in enumerate(parts)
    ]
    return order, fills


def money_of(state):
    """Return what must not depend on the order of reports. Averages are rounded, so they may differ by a hair."""
    account = state.account
    return {
        "balances": account.balances,
        "fees": account.fees,
        "quantities": {symbol: position.quantity for symbol, position in state.positions.items()},
        "orders": {
            key: (order.status, order.filled_quantity, order.filled_notional)
            for key, order in (*state.orders.items(), *state.closed_orders.items())
        },
        "fills": sorted((fill.trade_id, fill.quantity, fill.price, fill.fee) for fill in state.fills),
        "counted": state.counts["tradingbot_fills_total"],
    }


@given(PARTS, st.sampled_from(("USD", "EUR", "BNB")), st.data())
def test_fills_twice_late_and_in_any_order_leave_the_same_books(parts, fee_asset, data):
    order, fills = buying(parts, fee_asset)
    shuffled = data.draw(st.permutations(fills + data.draw(st.lists(st.sampled_from(fills), max_size=6))))
    straight = fold([*opening(), order, sent(order), *fills])
    crooked = fold([*opening(), order, sent(order), *shuffled])
    assert money_of(crooked) == money_of(straight)
    assert is_close(crooked.account.equity, straight.account.equity)
    assert is_close(crooked.account.realized_pnl, straight.account.realized_pnl)
    one, other = crooked.positions[EUR].entry_price, straight.positions[EUR].entry_price
    assert is_close(one, other)


@given(PARTS, st.booleans(), PRICES, PRICES)
def test_a_fee_in_a_third_asset_lowers_equity_by_its_value_whether_or_not_the_books_hold_it(
    parts, held, coin, mark
):
    order, fills = buying(parts, "BNB")
    before = [*opening(), coin_listed(), quote(COIN, coin)]
    if held:
        before.append(PositionAdopted(symbol=COIN, previous=Decimal(0), quantity=Decimal(4), reason="held"))
    state = fold([*before, order, sent(order), *fills, quote(EUR, mark)])
    account, fees = state.account, sum((fill.fee for fill in fills), Decimal(0))
    paid = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    worth = state.positions[EUR].quantity * mark_of(state, EUR)
    kept = (Decimal(4) * mark_of(state, COIN)) if held else Decimal(0)
    assert is_close(account.equity, OPENING - paid + worth + kept - fees * mark_of(state, COIN))
    assert account.fees["BNB"] == fees
    assert not account.fees_unvalued
    if held:
        assert state.positions[COIN].quantity == account.balances["BNB"] == 4 - fees
    else:
        assert "BNB" not in account.balances
        assert is_close(account.equity, OPENING + account.realized_pnl + total_unrealized_pnl(state))


@given(PARTS, PRICES, PRICES, PRICES)
def test_equity_is_opening_plus_results_also_where_fees_come_from_a_coin_that_was_bought(
    parts, cost, coin, mark
):
    bought = intent("coin", COIN, Side.BUY, Decimal(10), cost)
    order, fills = buying(parts, "BNB")
    state = fold(
        [
            *opening(),
            coin_listed(),
            quote(COIN, cost),
            bought,
            sent(bought),
            fill_of(bought, "c1", Decimal(10), cost, Decimal(0), "USD"),
            quote(COIN, coin),
            order,
            sent(order),
            *fills,
            quote(EUR, mark),
        ]
    )
    account = state.account
    assert is_close(account.equity, OPENING + account.realized_pnl + total_unrealized_pnl(state))
    assert is_close(account.equity, account.balances["USD"] + account.positions_value)
    parts_of_it = sum((position.realized_pnl for position in state.positions.values()), Decimal(0))
    assert is_close(account.realized_pnl, parts_of_it)


@given(ANY_AMOUNT, STEPS, st.sampled_from(Side))
def test_a_quantity_is_rounded_to_the_lot_and_never_up(quantity, step, side):
    rules = Instrument(
        symbol=EUR,
        base="EUR",
        quote="USD",
        tick=step,
        lot=step,
        minimum_quantity=step,
        minimum_notional=Decimal(1),
    )
    rounded = rules.round_quantity(quantity)
    assert 0 <= rounded <= quantity < rounded + step
    assert rounded % step == 0
    price = rules.round_price(quantity, side)
    assert price % step == 0
    assert price <= quantity if side is Side.BUY else price >= quantity


@given(PARTS, st.sampled_from(("USD", "EUR", "BNB")))
def test_no_amount_in_the_books_is_a_binary_fraction(parts, fee_asset):
    order, fills = buying(parts, fee_asset)
    account = fold([*opening(), order, sent(order), *fills]).account
    money = [account.equity, account.realized_pnl, account.positions_value, account.fees_outside]
    assert all(type(one) is Decimal for one in [*money, *account.balances.values(), *account.fees.values()])
