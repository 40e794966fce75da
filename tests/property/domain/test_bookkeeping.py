from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.events import SYMBOLS, tape
from support.lives import OPENING, PRICES, lives, opening, quote

from trading_bot.contract.events.account import BalanceAdopted, PositionAdopted
from trading_bot.domain.derived import daily_pnl, gross_exposure, mark_of, total_unrealized_pnl
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import State

CLOSE = Decimal("1e-15")


def fold(events):
    state = State()
    for one in tape(events):
        state = evolve(state, one)
    return state


def is_close(one, other):
    return abs(one - other) <= CLOSE * max(abs(one), abs(other), Decimal(1))


@given(lives())
def test_equity_is_the_opening_money_plus_realized_plus_unrealized(events):
    state = fold(events)
    account = state.account
    assert is_close(account.equity, OPENING + account.realized_pnl + total_unrealized_pnl(state))


@given(lives())
def test_equity_is_cash_plus_what_is_held_at_the_mark(events):
    state = fold(events)
    held = sum(position.quantity * mark_of(state, symbol) for symbol, position in state.positions.items())
    assert is_close(state.account.equity, state.account.balances["USD"] + held)
    assert is_close(state.account.positions_value, held)
    assert is_close(gross_exposure(state), held)


@given(lives())
def test_the_result_of_the_account_is_the_sum_of_its_symbols(events):
    state = fold(events)
    parts = sum((position.realized_pnl for position in state.positions.values()), Decimal(0))
    assert is_close(state.account.realized_pnl, parts)


@given(lives())
def test_the_result_of_the_account_is_the_sum_of_its_strategies(events):
    account = fold(events).account
    assert is_close(account.realized_pnl, sum(account.realized_by_strategy.values(), Decimal(0)))


@given(lives())
def test_the_peak_is_never_below_equity_and_the_drawdown_is_a_share(events):
    account = fold(events).account
    assert account.peak_equity >= account.equity
    assert 0 <= account.max_drawdown <= 1


@given(lives(), st.decimals("-50000", "50000", places=2))
def test_money_that_comes_or_goes_is_no_result_of_the_day(events, moved):
    before = fold(events)
    pnl, cash = daily_pnl(before), before.account.balances["USD"]
    adopted = BalanceAdopted(asset="USD", previous=cash, amount=cash + moved, reason="mismatch")
    after = fold([*events, adopted])
    assert is_close(daily_pnl(after), pnl)
    assert is_close(after.account.peak_equity - after.account.equity, _fall(fold(events)))


def _fall(state):
    return state.account.peak_equity - state.account.equity


@given(lives(), st.sampled_from(SYMBOLS), st.decimals("0", "100", places=2))
def test_a_position_taken_over_is_no_result_of_the_day_and_has_no_entry_price(events, symbol, quantity):
    pnl = daily_pnl(fold(events))
    held = fold(events).positions.get(symbol)
    adopted = PositionAdopted(
        symbol=symbol, previous=held.quantity if held else Decimal(0), quantity=quantity, reason="mismatch"
    )
    state = fold([*events, adopted])
    position = state.positions[symbol]
    assert is_close(daily_pnl(state), pnl)
    assert position.quantity == quantity == state.account.balances.get(symbol[:-4], Decimal(0))
    assert (position.entry_price is None) == (quantity != 0) == (position.unknown_reason is not None)
    assert (total_unrealized_pnl(state) is None) == (quantity != 0)


@given(st.decimals("0.01", "100", places=2), PRICES)
def test_a_position_taken_over_before_there_is_a_mark_is_no_result_of_the_day_either(quantity, price):
    events = lives_opening_of_dollars()
    adopted = PositionAdopted(symbol="GOOGL/USD", previous=Decimal(0), quantity=quantity, reason="opening")
    assert daily_pnl(fold([*events, adopted])) is None
    assert is_close(daily_pnl(fold([*events, adopted, quote("GOOGL/USD", price)])), Decimal(0))


def lives_opening_of_dollars():
    """Return an account's beginning in which GOOGL/USD has no quote yet."""
    return [event for event in opening() if getattr(event, "bid", None) is None or event.symbol == "EUR/USD"]
