from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.accounts import EUR, NO_CALENDARS, NOW, account, proposal, settings
from support.events import SYMBOLS, envelope
from support.lives import fill_of, intent, lives, quote, sent

from trading_bot.contract.events.account import DayStarted
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.contract.telemetry import labels
from trading_bot.domain.derived import gross_exposure
from trading_bot.domain.fold import evolve
from trading_bot.domain.risk import check_order

RANGES = {
    "max_order_notional": st.decimals("1", "2000", places=2),
    "max_position_notional": st.decimals("1", "4000", places=2),
    "max_gross_exposure": st.decimals("1", "6000", places=2),
    "price_collar_bps": st.decimals("1", "2000", places=1),
    "max_orders_per_minute": st.integers(1, 5),
    "max_daily_loss": st.decimals("1", "5000", places=2),
    "max_drawdown": st.decimals("0.001", "1", places=3),
}
LIMITS = st.fixed_dictionaries(RANGES)
PROPOSALS = st.builds(
    proposal,
    st.sampled_from(Side),
    st.decimals("0.01", "200", places=2),
    st.decimals("8", "12", places=3),
    symbol=st.sampled_from(SYMBOLS),
    type=st.sampled_from(OrderType),
)
ANY_NUMBER = st.decimals(allow_nan=True, allow_infinity=True)
LOOSE = {"max_daily_loss": 10**9, "max_drawdown": 1}


def check(state, proposed, recent=(), **limits):
    return check_order(
        state,
        settings(**limits),
        state.instruments[proposed.symbol],
        proposed,
        list(recent),
        NO_CALENDARS,
        NOW,
    )


def accepted(state, proposed, number):
    """Take a passed order onto the books, not yet filled."""
    order = intent(
        f"new-{number}",
        proposed.symbol,
        proposed.side,
        proposed.quantity,
        proposed.price,
        type=proposed.type,
        limit_price=proposed.price if proposed.type is OrderType.LIMIT else None,
    )
    for event in (order, sent(order)):
        evolve(state, envelope(event, state.seq + 1))
    return order


@given(LIMITS, st.lists(PROPOSALS, max_size=25), st.data())
def test_no_sequence_of_passed_orders_exceeds_a_limit_however_they_are_filled(limits, proposals, data):
    state, recent = account(), []
    for number, proposed in enumerate(proposals):
        if check(state, proposed, recent, **{**limits, **LOOSE}) is not None:
            continue
        recent.append(NOW)
        order = accepted(state, proposed, number)
        value = proposed.quantity * proposed.price
        assert proposed.side is Side.SELL or value <= limits["max_order_notional"]
        assert abs(proposed.price - 10) / 10 * 10_000 <= limits["price_collar_bps"]
        if data.draw(st.booleans()):
            done = fill_of(order, f"fill-{number}", order.quantity, proposed.price, Decimal(0), "USD")
            evolve(state, envelope(done, state.seq + 1))
        for position in state.positions.values():
            assert position.quantity >= 0
            assert position.value <= limits["max_position_notional"]
        assert gross_exposure(state) <= limits["max_gross_exposure"]
        assert state.account.balances["USD"] >= 0
    assert len(recent) <= limits["max_orders_per_minute"]


@given(lives(), PROPOSALS, LIMITS, st.sampled_from(tuple(RANGES)), st.data())
def test_a_tighter_limit_never_passes_what_a_looser_one_denied(events, proposed, limits, name, data):
    state = account(events[6:])
    tighter = {**limits, name: limits[name] * data.draw(st.sampled_from((Decimal("0.5"), Decimal("0.99"))))}
    if name == "max_orders_per_minute":
        tighter[name] = max(1, limits[name] - 1)
    if check(state, proposed, [NOW] * 2, **limits) is not None:
        assert check(state, proposed, [NOW] * 2, **tighter) is not None


@given(lives(), PROPOSALS, LIMITS, st.data())
def test_less_trust_never_passes_what_more_trust_denied(events, proposed, limits, data):
    state = account(events[6:])
    denied = check(state, proposed, **limits) is not None
    worse = data.draw(st.sampled_from((Mode.REDUCE_ONLY, Mode.PAUSED, "block", "breaker loss")))
    if worse == "block":
        block = SymbolBlocked(symbol=proposed.symbol, blocked=True, reason="StaleFeed", message="old")
        evolve(state, envelope(block, state.seq + 1))
    elif worse == "breaker loss":
        evolve(state, envelope(DayStarted(day="2026-11-23", equity=Decimal(10**9)), state.seq + 1))
    else:
        state.mode = msgspec.structs.replace(state.mode, mode=worse)
    if denied:
        assert check(state, proposed, **limits) is not None


@given(lives(), LIMITS, st.sampled_from(SYMBOLS), st.data())
def test_a_market_close_passes_in_every_state_in_which_what_is_held_is_known(events, limits, symbol, data):
    state = account(events[6:])
    evolve(state, envelope(quote(symbol, Decimal(10)), state.seq + 1))
    position = state.positions.get(symbol)
    held = state.instruments[symbol].round_quantity(position.quantity) if position else Decimal(0)
    blocked = any(order.symbol == symbol for order in state.orders.values())
    if held < 1 or blocked:
        return
    closing = proposal(Side.SELL, data.draw(st.decimals("0.1", held, places=2)), 10, symbol=symbol)
    reduce_only = msgspec.structs.replace(state.mode, mode=Mode.REDUCE_ONLY)
    state.mode = data.draw(st.sampled_from((state.mode, reduce_only)))
    assert check(state, closing, **limits) is None


@given(lives(), st.sampled_from(Side), ANY_NUMBER, ANY_NUMBER, LIMITS)
def test_any_quantity_and_price_gives_a_verdict_of_the_catalogue_and_no_exception(
    events, side, quantity, price, limits
):
    denial = check(account(events[6:]), proposal(side, quantity, price), **limits)
    if denial is not None:
        assert denial.limit in labels.DENIALS
    else:
        assert quantity.is_finite()
        assert price > 0


@pytest.mark.parametrize("number", ["1e999999", "1e-999999"])
def test_a_number_beyond_all_measure_gives_a_verdict(number):
    for fields in ({"quantity": number}, {"price": number}, {"quantity": number, "price": number}):
        assert check(account(), proposal(**{"symbol": EUR, **fields})) is not None
