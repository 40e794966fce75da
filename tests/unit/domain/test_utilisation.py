from __future__ import annotations

from decimal import Decimal

import msgspec
from support.history import SETTINGS, rich_state

from trading_bot.contract.telemetry import labels
from trading_bot.domain.clock import SECOND
from trading_bot.domain.state import RECENT_ORDERS, Position
from trading_bot.domain.utilisation import OBSERVED, utilisation


def test_every_limit_of_the_catalogue_is_asked_about():
    assert tuple(OBSERVED) == labels.LIMITS


def test_the_most_used_symbol_and_the_largest_order_of_a_minute_count():
    state, clock = rich_state()
    used = utilisation(state, SETTINGS.limits, clock.now_ns())
    assert used["max_order_notional"] == Decimal(2000) * Decimal("1.0702") / 5000, "a close does not count"
    assert used["max_position_notional"] == Decimal("1498.5") * Decimal("1.0721") / 10000
    assert used["max_orders_per_minute"] == Decimal(6) / 60


def test_orders_older_than_a_minute_do_not_count():
    state, clock = rich_state()
    used = utilisation(state, SETTINGS.limits, clock.now_ns() + 60 * SECOND)
    assert used["max_order_notional"] == used["max_orders_per_minute"] == 0


def test_a_profit_uses_nothing_of_the_loss_limit():
    state, clock = rich_state()
    state.account.day_start_equity = Decimal(1)
    assert utilisation(state, SETTINGS.limits, clock.now_ns())["max_daily_loss"] == 0


def test_a_position_without_a_mark_makes_the_use_unknown_and_not_zero():
    state, clock = rich_state()
    state.positions["AAPL/USD"] = Position(symbol="AAPL/USD", quantity=Decimal(1), value=None)
    used = utilisation(state, SETTINGS.limits, clock.now_ns())
    assert used["max_position_notional"] is None
    assert used["max_gross_exposure"] is None


def test_the_last_minutes_orders_are_unknown_once_more_were_over_than_are_kept():
    state, clock = rich_state()
    order = msgspec.structs.replace(next(iter(state.closed_orders.values())), ended_at=clock.now_ns())
    state.closed_orders = {str(number): order for number in range(RECENT_ORDERS)}
    used = utilisation(state, SETTINGS.limits, clock.now_ns())
    assert used["max_orders_per_minute"] is None
    assert used["max_order_notional"] is None
