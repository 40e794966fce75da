from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from support.accounts import EUR, NO_CALENDARS, NOW, account, bought, proposal, running, settings, verdict
from support.lives import cancelled, fill_of, intent, lost, quote, sent

from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events.account import BreakerOpened, DayStarted, MismatchFound
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import OrderType, Side
from trading_bot.contract.settings import Session
from trading_bot.contract.telemetry import labels
from trading_bot.domain.guards import ANCHORED, COUNTING, breaches
from trading_bot.domain.risk import check_order
from trading_bot.domain.state import State

SELL = Side.SELL


def limit_of(denial):
    assert denial is not None
    assert denial.limit in labels.DENIALS
    assert denial.error_code in ERRORS
    assert denial.message
    return denial.error_code, denial.limit


def blocked(reason):
    return SymbolBlocked(symbol=EUR, blocked=True, reason=reason, message="for a test")


def breaker(name="max_daily_loss", code="RISK_006"):
    return BreakerOpened(
        breaker=name, error_code=code, limit_value=Decimal(5), observed=Decimal(6), message="lost"
    )


def mismatch(symbol=EUR):
    return MismatchFound(
        mismatch_id="1",
        subject="position",
        symbol=symbol,
        asset=None,
        local="1",
        venue="2",
        message="differs",
    )


def test_an_order_within_every_limit_passes():
    assert verdict(account(), proposal()) is None


@pytest.mark.parametrize(
    ("mode", "side", "passes"),
    [
        (Mode.RUNNING, Side.BUY, True),
        (Mode.RUNNING, SELL, True),
        (Mode.REDUCE_ONLY, Side.BUY, False),
        (Mode.REDUCE_ONLY, SELL, True),
        (Mode.PAUSED, Side.BUY, False),
        (Mode.PAUSED, SELL, False),
        (Mode.HALTED, Side.BUY, False),
        (Mode.HALTED, SELL, False),
    ],
)
def test_the_mode_says_what_may_be_sent(mode, side, passes):
    denial = verdict(account(bought(Decimal(100)), running(Mode.RUNNING, mode)), proposal(side))
    assert denial is None if passes else limit_of(denial) == ("RISK_008", "mode")


@pytest.mark.parametrize(
    ("reason", "market_close", "limit_close"),
    [
        ("StaleFeed", True, False),
        ("UnknownOrder", False, False),
        ("Mismatch", False, False),
        ("SomethingNew", False, False),
    ],
)
def test_a_block_denies_new_risk_and_a_close_where_what_is_held_or_its_price_is_in_doubt(
    reason, market_close, limit_close
):
    state = account(bought(Decimal(100)), blocked(reason))
    assert limit_of(verdict(state, proposal())) == ("RISK_009", "symbol_blocked")
    for kind, passes in ((OrderType.MARKET, market_close), (OrderType.LIMIT, limit_close)):
        denial = verdict(state, proposal(SELL, type=kind))
        assert denial is None if passes else limit_of(denial) == ("RISK_009", "symbol_blocked")


def test_nothing_new_is_sent_while_an_order_on_the_symbol_is_unknown_whether_or_not_a_block_says_so():
    order = intent("doubt", EUR, Side.BUY, Decimal(1), Decimal(10))
    state = account(bought(Decimal(100)), order, sent(order), lost(order))
    for side in Side:
        assert limit_of(verdict(state, proposal(side, quantity=1))) == ("RISK_009", "symbol_blocked")
    assert verdict(state, proposal(symbol="GOOGL/USD")) is None


def test_nothing_new_is_sent_while_the_symbol_has_a_mismatch():
    state = account(bought(Decimal(100)), mismatch())
    for side in Side:
        assert limit_of(verdict(state, proposal(side))) == ("RISK_009", "symbol_blocked")
    assert verdict(account(mismatch("GOOGL/USD")), proposal()) is None


def test_an_open_breaker_passes_closes_only_and_names_itself():
    for name, code in (("max_daily_loss", "RISK_006"), ("max_drawdown", "RISK_007")):
        state = account(bought(Decimal(100)), breaker(name, code))
        assert limit_of(verdict(state, proposal())) == (code, name)
        assert verdict(state, proposal(SELL)) is None


def test_without_a_mark_nothing_passes_not_even_a_close():
    state = account(bought(Decimal(100)))
    state.markets[EUR].mark = None
    for side in Side:
        assert limit_of(verdict(state, proposal(side))) == ("RISK_010", "unknown_value")


def test_without_balances_nothing_passes():
    state = account()
    state.account.opened_at = None
    assert limit_of(verdict(state, proposal())) == ("RISK_010", "unknown_value")


def test_outside_its_session_a_symbol_takes_no_new_risk_and_can_be_closed():
    state = account(bought(Decimal(100)))
    closed = {EUR: Session(opens="00:00", closes="00:01", weekdays=(1,))}
    in_force = msgspec.structs.replace(settings(), sessions=closed)

    def asked(proposed):
        return check_order(state, in_force, state.instruments[EUR], proposed, [], NO_CALENDARS, NOW)

    assert not NO_CALENDARS.is_open(closed[EUR], NOW)
    assert limit_of(asked(proposal())) == ("RISK_024", "session")
    assert asked(proposal(SELL)) is None


def test_an_empty_state_is_paused_and_passes_nothing():
    denial = check_order(State(), settings(), account().instruments[EUR], proposal(), [], NO_CALENDARS, NOW)
    assert limit_of(denial) == ("RISK_008", "mode")


def test_without_equity_or_its_anchors_there_is_no_new_risk_but_a_close():
    for name in ("equity", "day_start_equity", "peak_equity"):
        state = account(bought(Decimal(100)))
        setattr(state.account, name, None)
        assert limit_of(verdict(state, proposal())) == ("RISK_010", "unknown_value")
        assert verdict(state, proposal(SELL)) is None


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_denied_and_raises_nothing(number):
    for fields in ({"quantity": number}, {"price": number}):
        assert limit_of(verdict(account(), proposal(**fields))) == ("RISK_010", "unknown_value")


def test_a_price_of_nothing_is_denied():
    for price in (0, -10):
        assert limit_of(verdict(account(), proposal(price=price))) == ("RISK_010", "unknown_value")


@pytest.mark.parametrize(
    ("quantity", "passes"), [("0.10", True), ("0.09", False), ("0", False), ("-5", False)]
)
def test_an_order_below_the_venues_minimum_is_denied(quantity, passes):
    denial = verdict(account(), proposal(quantity=quantity))  # the minimum value is 1 USD at a price of 10
    assert denial is None if passes else limit_of(denial) == ("RISK_011", "venue_minimum")


def test_a_buy_needs_its_cash_and_what_other_buys_are_promised():
    state = account()
    assert verdict(state, proposal(quantity=10_000)) is None
    assert limit_of(verdict(state, proposal(quantity="10000.01"))) == ("RISK_012", "balance")
    promised = account(intent("open", "GOOGL/USD", Side.BUY, Decimal(4_000), Decimal(10)))
    assert verdict(promised, proposal(quantity=6_000)) is None
    denial = verdict(promised, proposal(quantity="6000.01"))
    assert limit_of(denial) == ("RISK_012", "balance")
    assert (denial.limit_value, denial.observed) == (Decimal(60_000), Decimal("60000.10"))


def test_a_sell_is_bounded_by_what_is_held_and_not_offered_yet():
    held = account(bought(Decimal(100)))
    assert verdict(held, proposal(SELL, quantity=100)) is None
    assert limit_of(verdict(held, proposal(SELL, quantity="100.01"))) == ("RISK_012", "balance")
    offered = account(bought(Decimal(100)), intent("offer", EUR, SELL, Decimal(60), Decimal(10)))
    assert verdict(offered, proposal(SELL, quantity=40)) is None
    assert limit_of(verdict(offered, proposal(SELL, quantity="40.01"))) == ("RISK_012", "balance")


def test_what_an_order_has_filled_is_not_promised_any_more():
    order = intent("part", EUR, Side.BUY, Decimal(4_000), Decimal(10))
    part = fill_of(order, "1", Decimal(1_000), Decimal(10), Decimal(0), "USD")
    state = account(order, sent(order), part)
    assert verdict(state, proposal(quantity=6_000)) is None
    assert verdict(account(order, sent(order), part, cancelled(order)), proposal(quantity=9_000)) is None


@pytest.mark.parametrize(
    ("limit", "code", "observed"),
    [
        ("max_order_notional", "RISK_001", 1000),
        ("max_position_notional", "RISK_002", 2500),
        ("max_gross_exposure", "RISK_003", 3000),
    ],
)
def test_a_notional_at_its_limit_passes_and_over_it_is_denied(limit, code, observed):
    # 100 held (1000 USD), 50 being bought (500), 50 of the other symbol being bought (500).
    state = account(
        bought(Decimal(100)),
        intent("same", EUR, Side.BUY, Decimal(50), Decimal(10)),
        intent("other", "GOOGL/USD", Side.BUY, Decimal(50), Decimal(10)),
    )
    assert verdict(state, proposal(), **{limit: observed}) is None
    denial = verdict(state, proposal(), **{limit: observed - Decimal("0.01")})
    assert limit_of(denial) == (code, limit)
    assert denial.observed == observed


def test_a_close_passes_whatever_notional_and_exposure_are():
    state = account(bought(Decimal(5_000)))
    assert (
        verdict(
            state,
            proposal(SELL, quantity=5_000),
            max_order_notional=1,
            max_position_notional=1,
            max_gross_exposure=1,
            max_daily_loss=1,
        )
        is None
    )


def test_an_order_is_worth_the_mark_where_its_price_is_below():
    cheap = proposal(quantity=100, price=5, type=OrderType.LIMIT)
    assert limit_of(verdict(account(), cheap, max_gross_exposure=999)) == ("RISK_003", "max_gross_exposure")
    assert verdict(account(), cheap, max_gross_exposure=1000) is None


@pytest.mark.parametrize(
    ("price", "passes"), [("10.1", True), ("9.9", True), ("10.101", False), ("9.899", False)]
)
def test_a_price_is_held_to_the_collar_on_both_sides(price, passes):
    state = account(bought(Decimal(100)))
    for side in Side:
        denial = verdict(state, proposal(side, price=price), price_collar_bps=100)
        assert denial is None if passes else limit_of(denial) == ("RISK_004", "price_collar_bps")


def test_the_rate_counts_the_last_sixty_seconds_and_the_order_itself():
    seconds = 1_000_000_000
    recent = [NOW - 1 * seconds, NOW - 59 * seconds, NOW - 60 * seconds, NOW - 300 * seconds]
    assert verdict(account(), proposal(), recent, max_orders_per_minute=3) is None
    denial = verdict(account(), proposal(), recent, max_orders_per_minute=2)
    assert limit_of(denial) == ("RISK_005", "max_orders_per_minute")
    assert denial.observed == 3


def test_a_clock_that_is_set_back_does_not_use_the_rate_up_until_the_time_has_come_again():
    seconds = 1_000_000_000
    assert verdict(account(), proposal(), [NOW + 3_600 * seconds] * 9, max_orders_per_minute=2) is None
    assert verdict(account(), proposal(), [NOW + 30 * seconds] * 9, max_orders_per_minute=2) is not None


def test_the_rate_holds_closes_too():
    state = account(bought(Decimal(100)))
    assert limit_of(verdict(state, proposal(SELL), [NOW], max_orders_per_minute=1)) == (
        "RISK_005",
        "max_orders_per_minute",
    )


def lost_ten_percent():
    """Return an account that bought for 10,000 USD and lost 1,000 of its 100,000."""
    return account(bought(Decimal(1_000)), quote(EUR, Decimal(9)))


def test_a_daily_loss_that_reaches_its_limit_denies_new_risk_before_the_breaker_is_recorded():
    state = lost_ten_percent()
    assert limit_of(verdict(state, proposal(), max_daily_loss=1_000)) == ("RISK_006", "max_daily_loss")
    assert verdict(state, proposal(), max_daily_loss="1000.01") is None
    assert verdict(state, proposal(SELL), max_daily_loss=1_000) is None


def test_a_drawdown_that_reaches_its_limit_denies_new_risk_before_the_breaker_is_recorded():
    state = lost_ten_percent()
    assert limit_of(verdict(state, proposal(), max_drawdown="0.01")) == ("RISK_007", "max_drawdown")
    assert verdict(state, proposal(), max_drawdown="0.0101") is None
    assert verdict(state, proposal(SELL), max_drawdown="0.01") is None


def test_breaches_are_the_limits_that_were_reached_and_have_no_open_breaker():
    state = lost_ten_percent()
    assert breaches(state, settings(max_daily_loss="1000.01", max_drawdown="0.0101"), NOW) == []
    both = breaches(state, settings(max_daily_loss=1_000, max_drawdown="0.01"), NOW)
    assert [(breach.breaker, breach.error_code) for breach in both] == [
        ("max_daily_loss", "RISK_006"),
        ("max_drawdown", "RISK_007"),
    ]
    assert [breach.observed for breach in both] == [Decimal(1_000), Decimal("0.01")]
    state.breakers["max_daily_loss"] = account(breaker()).breakers["max_daily_loss"]
    remaining = breaches(state, settings(max_daily_loss=1_000, max_drawdown="0.01"), NOW)
    assert [breach.breaker for breach in remaining] == ["max_drawdown"]


def test_an_unknown_loss_is_no_breach():
    state = lost_ten_percent()
    state.account.equity = None
    assert breaches(state, settings(max_daily_loss=1, max_drawdown="0.0001"), NOW) == []


def test_a_new_day_measures_the_loss_anew_and_the_drawdown_goes_on():
    events = (
        bought(Decimal(1_000)),
        quote(EUR, Decimal(9)),
        DayStarted(day="2026-11-23", equity=Decimal(99_000)),
    )
    found = breaches(account(*events), settings(max_daily_loss=1_000, max_drawdown="0.01"), NOW)
    assert [breach.breaker for breach in found] == ["max_drawdown"]


def test_the_breakers_are_the_catalogues():
    assert labels.BREAKER.values == (*ANCHORED, *sorted(COUNTING, key=labels.LIMITS.index))
