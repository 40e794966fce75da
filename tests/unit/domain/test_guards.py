"""The guards over time: what opens a breaker, what closes it, and what a reset begins anew."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from support.accounts import EUR, NOW, account, bought, proposal, settings, verdict
from support.events import START, envelope, tape
from support.lives import cancelled, fill_of, intent, lost, quote, rejected, sent

from trading_bot.contract.events.account import BreakerOpened, DayStarted, LossWarned
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.trading import OrderType, Side, SignalRaised, Trigger
from trading_bot.domain import guards
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import is_open
from trading_bot.domain.fold import evolve
from trading_bot.domain.guards import BY_COOL_DOWN, BY_DAY, BY_PERSON, breaches, reset

SELL = Side.SELL
DAY = 86_400


def told(state, *events):
    for one in tape(events, first=state.seq + 1):
        evolve(state, one)
    return state


def round_trip(name, price):
    """Return a position bought at 10 and sold at ``price``."""
    buy, sell = (intent(f"{name}-{side}", EUR, side, Decimal(10), Decimal(10)) for side in (Side.BUY, SELL))
    fills = (
        fill_of(buy, f"{name}-b", Decimal(10), Decimal(10), Decimal(0), "USD"),
        fill_of(sell, f"{name}-s", Decimal(10), Decimal(price), Decimal(0), "USD"),
    )
    return [buy, sent(buy), fills[0], sell, sent(sell), fills[1]]


def losses(count, first=0):
    return [event for number in range(first, first + count) for event in round_trip(f"loss-{number}", 9)]


def refusals(count, first=0):
    orders = [intent(f"no-{n}", EUR, Side.BUY, Decimal(1), Decimal(10)) for n in range(first, first + count)]
    return [event for order in orders for event in (order, sent(order), rejected(order))]


def trades(count, price="10", first=0):
    orders = [intent(f"yes-{n}", EUR, Side.BUY, Decimal(1), Decimal(10)) for n in range(first, first + count)]
    return [
        event
        for order in orders
        for event in (
            order,
            sent(order),
            fill_of(order, f"{order.client_order_id}-1", Decimal(1), Decimal(price), Decimal(0), "USD"),
        )
    ]


def unfilled(count):
    orders = [intent(f"idle-{n}", EUR, Side.BUY, Decimal(1), Decimal(10)) for n in range(count)]
    return [event for order in orders for event in (order, sent(order), cancelled(order))]


def names(state, now=NOW, **limits):
    return [breach.breaker for breach in breaches(state, settings(**limits), now)]


def opened(state, breaker, limit=10):
    event = BreakerOpened(
        breaker=breaker,
        error_code="RISK_014",
        limit_value=Decimal(limit),
        observed=Decimal(limit),
        message="x",
    )
    return told(state, event)


def closed(state, breaker, how):
    return told(state, reset(state, breaker, how, actor="ada", reason="a test"))


def test_losses_in_a_row_open_at_their_limit_and_one_won_trip_begins_anew():
    state = account(losses(4))
    assert names(state, max_consecutive_losses=5) == []
    told(state, *losses(1, first=4))
    assert names(state, max_consecutive_losses=5) == ["max_consecutive_losses"]
    assert names(told(state, *round_trip("won", 11)), max_consecutive_losses=1) == []


def test_failed_orders_open_above_their_share_once_there_are_enough_of_them():
    state = account(refusals(9))
    assert names(state, max_order_error_ratio="0.5") == []
    told(state, *refusals(1, first=9))
    assert names(state, max_order_error_ratio="0.5") == ["max_order_error_ratio"]
    told(state, *trades(10))
    assert names(state, max_order_error_ratio="0.5") == [], "at the limit is not above it"
    assert guards.order_error_ratio(state, NOW, settings().breakers) == Decimal("0.5")


def test_an_order_that_was_unknown_for_a_while_counts_as_failed_even_when_it_traded():
    order = intent("doubt", EUR, Side.BUY, Decimal(1), Decimal(10))
    done = fill_of(order, "doubt-1", Decimal(1), Decimal(10), Decimal(0), "USD")
    state = account(trades(9), order, sent(order), lost(order), done)
    assert guards.order_error_ratio(state, NOW, settings().breakers) == Decimal("0.1")


def test_what_was_never_sent_is_no_failure_of_the_venue():
    never = [
        msgspec.structs.replace(event, reason="never_sent") if "reason" in event.__struct_fields__ else event
        for event in refusals(12)
        if event.KIND != "order.sent"
    ]
    assert guards.order_error_ratio(account(never), NOW, settings().breakers) is None


def test_orders_older_than_the_window_are_not_looked_at():
    state = account(refusals(10))
    assert guards.order_error_ratio(state, START + 3_599 * SECOND, settings().breakers) == 1
    assert guards.order_error_ratio(state, START + 3_601 * SECOND, settings().breakers) is None


def test_slippage_is_the_mean_cost_of_the_last_fills_and_opens_above_its_limit():
    state = account(trades(10, "10.05"))
    assert guards.mean_slippage(state, NOW, settings().breakers) == 50
    assert names(state, max_slippage_bps=50) == []
    assert names(state, max_slippage_bps="49.9") == ["max_slippage_bps"]
    assert guards.mean_slippage(account(trades(9, "10.05")), NOW, settings().breakers) is None


def test_a_protective_order_far_from_its_mark_is_no_slippage():
    stops = [
        msgspec.structs.replace(event, trigger=Trigger.STOP_LOSS, stop_price=Decimal(5))
        if event.KIND == "order.intended"
        else event
        for event in trades(20, "15")
    ]
    assert guards.mean_slippage(account(stops), NOW, settings().breakers) is None


def test_orders_that_do_not_trade_open_above_their_ratio():
    state = account(unfilled(21))
    assert guards.order_to_trade_ratio(state, NOW, settings().breakers) == 21
    assert names(state, max_order_to_trade_ratio=20) == ["max_order_to_trade_ratio"]
    assert names(told(state, *trades(2)), max_order_to_trade_ratio=20) == []


@pytest.mark.parametrize("breaker", sorted(guards.COUNTING))
def test_what_counts_closes_by_itself_after_the_cool_down_and_not_before(breaker):
    state, counted = opened(account(), breaker), settings().breakers
    end = state.breakers[breaker].opened_at + 300 * SECOND
    assert guards.closes_at(state, breaker, counted) == end
    assert guards.cooled_down(state, counted, end - 1) == []
    assert guards.cooled_down(state, counted, end) == [breaker]


@pytest.mark.parametrize("breaker", sorted(guards.ANCHORED))
def test_a_breaker_for_losses_never_closes_by_itself(breaker):
    state = opened(account(), breaker)
    assert guards.closes_at(state, breaker, settings().breakers) is None
    assert guards.cooled_down(state, settings().breakers, NOW + 365 * DAY * SECOND) == []


def test_after_the_cool_down_half_as_many_losses_open_again_and_after_a_person_all_of_them():
    for how, more in ((BY_COOL_DOWN, 5), (BY_PERSON, 10)):
        state = opened(account(losses(10)), "max_consecutive_losses", limit=10)
        closed(state, "max_consecutive_losses", how)
        assert names(told(state, *losses(more - 1, first=20)), max_consecutive_losses=10) == []
        told(state, *losses(1, first=40))
        assert names(state, max_consecutive_losses=10) == ["max_consecutive_losses"]


def test_after_the_cool_down_half_as_many_failed_orders_open_again_and_older_ones_count_no_more():
    state = opened(account(refusals(10)), "max_order_error_ratio")
    closed(state, "max_order_error_ratio", BY_COOL_DOWN)
    assert names(told(state, *refusals(4, first=20)), max_order_error_ratio="0.5") == []
    assert names(told(state, *refusals(1, first=30)), max_order_error_ratio="0.5") == [
        "max_order_error_ratio"
    ]


def lost_a_thousand():
    return account(bought(Decimal(1_000)), quote(EUR, Decimal(9)))


@pytest.mark.parametrize(
    ("breaker", "limits"),
    [("max_daily_loss", {"max_daily_loss": 1_000}), ("max_drawdown", {"max_drawdown": "0.01"})],
)
def test_the_same_loss_does_not_open_a_breaker_again_that_a_person_has_reset(breaker, limits):
    state = lost_a_thousand()
    assert names(state, **limits) == [breaker]
    closed(opened(state, breaker), breaker, BY_PERSON)
    assert names(state, **limits) == []
    assert verdict(state, proposal(), **limits) is None
    told(state, quote(EUR, Decimal("8.5")))
    assert names(state, **limits) == [], "a further loss below the limit"
    told(state, quote(EUR, Decimal("7.9")))
    assert names(state, **limits) == [breaker], "a further loss as great as the limit"


def test_a_reset_touches_its_own_breaker_only_and_says_so():
    state = lost_a_thousand()
    for breaker in ("max_daily_loss", "max_drawdown", "max_consecutive_losses"):
        opened(state, breaker)
    before = (state.account.day_start_equity, state.account.peak_equity)
    event = reset(state, "max_daily_loss", BY_PERSON, actor="ada", reason="understood")
    told(state, event)
    assert set(state.breakers) == {"max_drawdown", "max_consecutive_losses"}
    assert (state.account.day_start_equity, state.account.peak_equity) == before
    assert state.account.drawdown_anchor is None
    assert event.anchor == Decimal(99_000)
    assert "99000.00" in event.consequence
    assert "every other breaker" in event.consequence


def test_what_is_not_open_or_cannot_be_measured_anew_is_not_reset():
    with pytest.raises(ValueError, match="not open"):
        reset(account(), "max_drawdown", BY_PERSON, actor="ada", reason="why")
    state = opened(account(), "max_drawdown")
    state.account.equity = None
    with pytest.raises(ValueError, match="equity is not known"):
        reset(state, "max_drawdown", BY_PERSON, actor="ada", reason="why")


def test_a_new_day_measures_the_daily_loss_from_its_own_start_whatever_was_reset_before():
    state = closed(opened(lost_a_thousand(), "max_daily_loss"), "max_daily_loss", BY_PERSON)
    told(state, quote(EUR, Decimal("8.5")), DayStarted(day="2026-11-23", equity=Decimal(98_500)))
    assert state.account.loss_anchor is None
    assert guards.loss(state) == 0
    assert (
        reset(opened(state, "max_daily_loss"), "max_daily_loss", BY_DAY, actor="bot", reason="day").anchor
        is None
    )


def test_money_that_comes_or_goes_moves_the_anchors_of_a_reset_too():
    from trading_bot.contract.events.account import BalanceAdopted  # noqa: PLC0415 - its only use here

    state = lost_a_thousand()
    for breaker in guards.ANCHORED:
        closed(opened(state, breaker), breaker, BY_PERSON)
    cash = state.account.balances["USD"]
    told(state, BalanceAdopted(asset="USD", previous=cash, amount=cash - 500, reason="mismatch"))
    assert (guards.loss(state), guards.fall(state)) == (0, 0)


def test_half_of_the_daily_loss_warns_and_a_new_day_or_a_reset_lets_it_warn_again():
    state = account(bought(Decimal(1_000)), quote(EUR, Decimal("9.5")))
    assert guards.loss_warning(state, settings(max_daily_loss=1_000).limits) is True
    assert guards.loss_warning(state, settings(max_daily_loss=1_001).limits) is False
    told(state, LossWarned(limit_value=Decimal(1_000), observed=Decimal(500), message="half"))
    assert state.account.loss_warned_at is not None
    closed(opened(state, "max_daily_loss"), "max_daily_loss", BY_PERSON)
    assert state.account.loss_warned_at is None
    state.account.equity = None
    assert guards.loss_warning(state, settings().limits) is None


def leaving(state):
    return told(state, SignalRaised(strategy="trend", symbol=EUR, side=SELL, reason="x", price=Decimal(10)))


def test_a_position_is_stuck_when_its_exit_takes_too_long_while_its_session_is_open():
    state, limits = leaving(account(bought(Decimal(10)))), settings(max_exit_seconds=60).limits
    later = state.ts + 61 * SECOND
    assert list(guards.stuck_positions(state, limits, later, lambda _: True)) == [EUR]
    assert guards.stuck_positions(state, limits, later - 2 * SECOND, lambda _: True) == {}
    assert guards.stuck_positions(state, limits, later, lambda _: False) == {}


def test_an_exit_is_wanted_since_its_first_signal_until_flat_or_a_signal_to_enter():
    state = leaving(account(bought(Decimal(10))))
    first = state.positions[EUR].exit_wanted_at
    assert leaving(state).positions[EUR].exit_wanted_at == first is not None
    enter = SignalRaised(strategy="trend", symbol=EUR, side=Side.BUY, reason="x", price=Decimal(10))
    assert told(state, enter).positions[EUR].exit_wanted_at is None
    sold = intent("out", EUR, SELL, Decimal(10), Decimal(10))
    leaving(state)
    told(state, sold, sent(sold), fill_of(sold, "out-1", Decimal(10), Decimal(10), Decimal(0), "USD"))
    assert state.positions[EUR].exit_wanted_at is None


def test_a_position_older_than_its_limit_is_stuck_also_on_a_closed_market():
    state, limits = account(bought(Decimal(10))), settings(max_position_age_seconds=60).limits
    age = state.positions[EUR].opened_at
    assert guards.stuck_positions(state, limits, age + 60 * SECOND, lambda _: False) == {}
    assert list(guards.stuck_positions(state, limits, age + 61 * SECOND, lambda _: False)) == [EUR]


def test_a_mark_too_old_counts_only_where_something_is_held_and_its_session_is_open():
    state, limits = account(bought(Decimal(10))), settings(max_mark_age_seconds=60).limits
    state.markets[EUR].quote_at = NOW - 61 * SECOND
    assert list(guards.old_marks(state, limits, NOW, lambda _: True)) == [EUR]
    assert guards.old_marks(state, limits, NOW, lambda _: False) == {}
    assert guards.old_marks(account(), limits, NOW, lambda _: True) == {}


def jumped(symbol=EUR, blocked=True):
    return SymbolBlocked(symbol=symbol, blocked=blocked, reason="PriceJump", message="for a test")


def test_a_price_that_is_not_believed_raises_no_peak_opens_no_breaker_and_denies_new_risk_everywhere():
    state = told(account(bought(Decimal(1_000))), jumped(), quote(EUR, Decimal(20)))
    assert state.account.equity == 110_000
    assert state.account.peak_equity == 100_000
    told(state, quote(EUR, Decimal(1)))
    assert names(state, max_daily_loss=100, max_drawdown="0.01") == []
    denial = verdict(state, proposal(symbol="GOOGL/USD"))
    assert (denial.error_code, denial.limit) == ("RISK_019", "unknown_value")
    assert verdict(state, proposal(SELL, price=1)) is None, "what is held may be sold"
    assert verdict(state, proposal(SELL, price=1, type=OrderType.LIMIT)).error_code == "RISK_009"
    told(state, jumped(blocked=False))
    assert names(state, max_daily_loss=100) == ["max_daily_loss"], "believed, it counts"


def test_a_doubt_about_what_is_not_held_leaves_every_limit_in_force():
    state = told(account(bought(Decimal(1_000))), jumped("GOOGL/USD"), quote(EUR, Decimal(11)))
    assert state.account.peak_equity == 101_000
    told(state, quote(EUR, Decimal(9)))
    assert names(state, max_daily_loss=100, max_drawdown="0.01") == ["max_daily_loss", "max_drawdown"]
    assert verdict(state, proposal(), max_daily_loss=100).error_code == "RISK_006"


def test_even_dust_of_a_price_that_is_not_believed_moves_no_anchor_and_denies_new_risk_everywhere():
    state = told(account(bought(Decimal("0.001"))), jumped(), quote(EUR, Decimal(10**9)))
    assert not is_open(state, state.positions[EUR])
    assert (state.account.equity > 1_000_000, state.account.peak_equity) == (True, 100_000)
    told(state, quote(EUR, Decimal(1)))
    assert verdict(state, proposal(symbol="GOOGL/USD")).error_code == "RISK_019"


@pytest.mark.parametrize("breaker", ["max_daily_loss", "max_drawdown"])
def test_a_loss_breaker_is_not_reset_by_an_equity_that_is_not_believed(breaker):
    state = opened(told(account(bought(Decimal(1_000))), jumped(), quote(EUR, Decimal(1))), breaker)
    with pytest.raises(ValueError, match="the price of EUR/USD is not believed"):
        reset(state, breaker, BY_PERSON, actor="ann", reason="looked at")
    told(state, jumped(blocked=False))
    assert reset(state, breaker, BY_PERSON, actor="ann", reason="looked at").anchor == 91_000


def test_a_book_that_stands_still_makes_equity_uncertain_while_its_symbol_is_held():
    still = SymbolBlocked(symbol=EUR, blocked=True, reason="FrozenBook", message="for a test")
    assert guards.uncertain_marks(told(account(), still)) == []
    state = opened(told(account(bought(Decimal(1_000))), still), "max_drawdown")
    assert guards.uncertain_marks(state) == [EUR]
    with pytest.raises(ValueError, match="is not believed"):
        reset(state, "max_drawdown", BY_PERSON, actor="ann", reason="looked at")
    del state.breakers["max_drawdown"]
    assert verdict(state, proposal(symbol="GOOGL/USD")).error_code == "RISK_019"
    assert verdict(state, proposal(SELL)) is None, "what is held may be sold"
    told(state, quote(EUR, Decimal(9)))
    assert names(state, max_daily_loss=100) == ["max_daily_loss"], "what is lost for certain counts"


def test_a_price_is_held_against_the_last_bar_that_was_believed():
    from trading_bot.contract.events.market import BarClosed, PriceConfirmed  # noqa: PLC0415 - its only use

    def bar(close):
        fields = dict.fromkeys(("open", "high", "low", "close"), Decimal(close))
        return BarClosed(symbol=EUR, open_time=1, interval_ns=SECOND, volume=Decimal(1), skipped=0, **fields)

    state = account()
    assert guards.jump(state, EUR, Decimal(11)) is None
    assert guards.jump(told(state, bar(10)), EUR, Decimal(11)) == 1000
    told(state, jumped(), bar(12))
    assert state.markets[EUR].reference == 10
    told(state, PriceConfirmed(symbol=EUR, price=Decimal(12)), jumped(blocked=False))
    assert guards.jump(state, EUR, Decimal(12)) == 0


def test_a_new_run_doubts_nothing_until_it_has_looked():
    from support.history import started  # noqa: PLC0415 - its only use here

    state = told(account(), jumped(), started(previous_run_ended=True))
    assert state.account.doubted == {}
    assert state.markets[EUR].blocks == {}


def test_trade_ids_are_remembered_as_long_as_a_comparison_may_tell_of_them_again():
    from trading_bot.contract.events.account import ReconciliationCompleted  # noqa: PLC0415 - its only use

    compared = ReconciliationCompleted(
        trigger="start", orders_checked=0, fills_learned=0, mismatches=0, duration_ns=1
    )
    state = account(compared, trades(1_200))
    assert len(state.trade_ids[EUR]) == 1_200
    again = trades(1)[2]
    balance = state.account.balances["USD"]
    assert told(state, again).account.balances["USD"] == balance
    evolve(state, envelope(compared, state.seq + 1, ts=state.ts + 3_600 * SECOND))
    for event in trades(1, first=5_000):
        evolve(state, envelope(event, state.seq + 1, ts=state.ts + SECOND))
    assert len(state.trade_ids[EUR]) == 500


def test_trade_ids_are_remembered_as_long_as_an_order_that_works_is_asked_for():
    from trading_bot.contract.events.account import ReconciliationCompleted  # noqa: PLC0415 - its only use

    compared = ReconciliationCompleted(
        trigger="start", orders_checked=0, fills_learned=0, mismatches=0, duration_ns=1
    )
    works = intent("works", EUR, Side.SELL, Decimal(1), Decimal(20))
    state = account(works, sent(works), trades(1_200))
    for event in (compared, *trades(1, first=5_000)):
        evolve(state, envelope(event, state.seq + 1, ts=state.ts + 3_600 * SECOND))
    assert len(state.trade_ids[EUR]) == 1_201
