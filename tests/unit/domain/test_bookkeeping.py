from __future__ import annotations

from decimal import Decimal

import pytest
from support.accounts import EUR, account, bought
from support.lives import fill_of, intent, quote

from trading_bot.contract.events.account import PositionAdopted
from trading_bot.contract.events.trading import Side
from trading_bot.domain.derived import is_open, total_unrealized_pnl, unknown_reason, unrealized_pnl


def trade(side, quantity, price, fee=0, fee_asset="USD", name="t"):
    order = intent(name, EUR, side, Decimal(quantity), Decimal(price))
    return [
        order,
        fill_of(order, f"{name}-1", Decimal(quantity), Decimal(price), Decimal(str(fee)), fee_asset),
    ]


def buy(*arguments, **fields):
    return trade(Side.BUY, *arguments, **fields)


def sell(*arguments, **fields):
    return trade(Side.SELL, *arguments, **fields)


def test_a_round_trip_with_fees_in_the_quote_asset():
    state = account(buy(100, 10, fee=1, name="a"), sell(100, 12, fee=2, name="b"))
    position = state.positions[EUR]
    assert (position.quantity, position.entry_price, position.trip_open) == (0, 0, False)
    assert position.realized_pnl == state.account.realized_pnl == 100 * 2 - 1 - 2
    assert state.account.balances["USD"] == state.account.equity == 100_000 + 197
    assert (state.performance.won, state.performance.gross_profit, state.performance.streak) == (1, 197, 1)


def test_a_fee_taken_from_what_was_bought_lowers_the_quantity_and_the_result():
    state = account(buy(100, 10, fee="0.1", fee_asset="EUR"))
    position = state.positions[EUR]
    assert (position.quantity, position.entry_price) == (Decimal("99.9"), 10)
    assert (state.account.balances["EUR"], state.account.fees) == (Decimal("99.9"), {"EUR": Decimal("0.1")})
    assert position.realized_pnl == -1
    assert state.account.equity == 99_999


def test_a_fee_taken_from_the_base_asset_on_a_sale_leaves_at_its_cost_too():
    state = account(
        buy(100, 10, name="a"), sell(50, 12, fee=1, fee_asset="EUR", name="b"), quote(EUR, Decimal(12))
    )
    assert state.positions[EUR].quantity == 49
    assert state.account.realized_pnl == 51 * 2 - 12
    assert state.account.equity == 100_000 + 90 + total_unrealized_pnl(state) == 100_188


def test_a_fee_in_an_asset_without_a_mark_is_said_to_be_missing():
    state = account(buy(100, 10, fee="0.5", fee_asset="BNB"))
    assert state.account.fees_unvalued
    assert state.account.realized_pnl == 0
    assert state.account.fees["BNB"] == Decimal("0.5")
    assert "BNB" not in state.account.balances, "the books never held any, so there is no balance below zero"


def test_the_entry_price_is_the_weighted_average_cost():
    state = account(buy(100, 10, name="a"), buy(300, 14, name="b"))
    assert state.positions[EUR].entry_price == 13


def test_losses_in_a_row_are_a_negative_streak():
    losing = [
        trade(side, 10, price, name=f"{number}{side}")
        for number in range(3)
        for side, price in ((Side.BUY, 10), (Side.SELL, 9))
    ]
    performance = account(*losing).performance
    assert (performance.lost, performance.streak, performance.gross_loss) == (3, -3, 30)


def test_dust_is_no_open_position_and_ends_the_round_trip():
    state = account(buy("10", 10, name="a"), sell("9.995", 11, name="b"))
    assert state.positions[EUR].quantity == Decimal("0.005")
    assert not is_open(state, state.positions[EUR])
    assert state.performance.won == 1


def test_a_sale_of_more_than_is_on_the_books_has_no_invented_result():
    state = account(sell(10, 12))
    position = state.positions[EUR]
    assert position.quantity == -10
    assert (position.entry_price, position.unknown_reason) == (None, "sold more than was on the books")
    assert state.account.realized_pnl == 0
    assert unrealized_pnl(position) is None
    assert total_unrealized_pnl(state) is None
    healed = account(sell(10, 12, name="a"), buy(10, 11, name="b"), buy(5, 13, name="c"))
    assert (healed.positions[EUR].entry_price, healed.positions[EUR].unknown_reason) == (13, None)


def test_dust_of_unknown_cost_does_not_hide_the_cost_of_what_is_bought_next():
    over = PositionAdopted(symbol=EUR, previous=Decimal(0), quantity=Decimal("10.005"), reason="mismatch")
    state = account(over, sell(10, 12, name="a"), buy(100, 11, name="b"))
    assert state.positions[EUR].quantity == Decimal("100.005")
    assert (state.positions[EUR].entry_price, state.positions[EUR].unknown_reason) == (11, None)


def test_without_a_mark_equity_is_unknown_and_says_why():
    state = account(bought(Decimal(10)))
    assert unknown_reason(state) is None
    state = account(bought(Decimal(10)))
    state.positions[EUR].value = state.account.equity = None
    assert unknown_reason(state) == "no mark yet for EUR/USD"
    state.account.opened_at = None
    assert unknown_reason(state) == "the account's balances have not been read yet"


@pytest.mark.parametrize("price", ["8", "12"])
def test_a_quote_moves_equity_peak_and_drawdown(price):
    state = account(bought(Decimal(1000)), quote(EUR, Decimal(price)))
    assert state.account.equity == 90_000 + 1000 * Decimal(price)
    assert state.account.peak_equity == max(state.account.equity, 100_000)
    assert state.account.max_drawdown == (Decimal("0.02") if price == "8" else 0)


def test_what_a_position_brings_is_the_result_of_the_strategy_that_bought_it():
    state = account(buy(100, 10, fee=1, name="a"), sell(100, 12, fee=2, name="b"))
    assert state.positions[EUR].strategy == "trend"
    assert state.account.realized_by_strategy == {"trend": Decimal(197)}


def test_what_was_adopted_and_then_sold_is_the_result_of_no_strategy():
    adopted = PositionAdopted(symbol=EUR, previous=Decimal(0), quantity=Decimal(10), reason="mismatch")
    state = account(adopted, sell(10, 12, fee=2, name="b"))
    assert state.account.realized_by_strategy == {"unattributed": Decimal(-2)}
