from __future__ import annotations

import msgspec
import pytest
from support.history import PAIR, rich_state
from support.lives import intent

from exporter.ops.representations.state import BotState, represent_state
from trading_bot.contract.events.trading import Side
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.health import Liveness, TapeFault, assess
from trading_bot.domain.orders import Order
from trading_bot.domain.state import State

FIELDS = {
    "account": {"buying_power", "account_balance", "cash_balance", "equity", "last_updated"},
    "performance": {
        "win_rate",
        "avg_risk_reward",
        "total_realized_pl",
        "total_unrealized_pl",
        "total_pl",
        "daily_pnl",
        "current_streak",
        "streak_type",
        "trades_today",
        "session_count",
        "max_drawdown",
    },
    "health": {"status", "reason", "conditions", "circuit_breaker_active", "last_heartbeat"},
    "config_summary": {"mode", "strategy", "limits", "generation", "observed_generation"},
}
POSITION = {
    "symbol",
    "quantity",
    "entry_price",
    "current_price",
    "unrealized_pl",
    "unrealized_pl_pct",
    "last_updated",
}
ORDER = {
    "id",
    "client_order_id",
    "symbol",
    "side",
    "type",
    "quantity",
    "filled_quantity",
    "status",
    "created_at",
}


def represented(state: State, now: int, liveness: Liveness = Liveness.ALIVE, limit: int = 200) -> BotState:
    return represent_state(state, assess(state, now, liveness, beat_at=now), now, limit)


def nothing(limit: int = 200) -> BotState:
    state, now = State(), ManualClock().now_ns()
    health = assess(state, now, Liveness.ABSENT, tape_fault=TapeFault.MISSING)
    return represent_state(state, health, now, limit)


@pytest.fixture
def told() -> BotState:
    state, clock = rich_state()
    return represented(state, clock.now_ns())


@pytest.mark.parametrize("part", FIELDS)
def test_the_promised_fields_are_all_there(told, part):
    assert set(getattr(told, part).__struct_fields__) >= FIELDS[part]


def test_positions_and_orders_have_the_promised_fields(told):
    assert set(told.positions[0].__struct_fields__) >= POSITION
    assert set(told.orders[0].__struct_fields__) >= ORDER


def parts_of(body: BotState) -> list[msgspec.Struct]:
    return [
        body,
        body.account,
        body.performance,
        body.health,
        body.config_summary,
        *(body.positions or []),
        *(body.orders or []),
    ]


MAY_BE_NULL = {"reason", "trace_id", "circuit_breaker_reason", "mode_reason"}
"""Words that there are none of; not values that are not known."""


@pytest.mark.parametrize("body", [nothing(), represented(rich_state()[0], rich_state()[1].now_ns())])
def test_each_null_has_its_reason_and_each_reason_a_null(body):
    for part in parts_of(body):
        nulls = {name for name in part.__struct_fields__ if getattr(part, name) is None} - MAY_BE_NULL
        assert nulls == set(part.unknown), type(part).__name__
        assert all(part.unknown.values())


def test_without_any_data_no_number_is_invented():
    body = nothing()
    assert body.positions is None
    assert body.account.equity is None
    assert body.performance.trades_today is None
    assert body.data_age_seconds is None
    assert body.health.status == "offline"
    assert body.warnings


def test_the_books_agree_with_each_other(told):
    equity, balance = float(told.account.equity), float(told.account.account_balance)
    assert equity - balance == pytest.approx(float(told.performance.total_unrealized_pl))
    assert float(told.performance.total_pl) == pytest.approx(
        float(told.performance.total_realized_pl) + float(told.performance.total_unrealized_pl)
    )


def test_buying_power_is_cash_without_what_open_buys_may_take(told):
    # A4: 100 at 1.06, A5: 50 at 1.065, of unknown outcome, which may have traded
    assert float(told.account.cash_balance) - float(told.account.buying_power) == pytest.approx(159.25)


def test_lists_are_limited_and_say_what_they_left_out():
    state, clock = rich_state()
    for number in range(30):
        name = f"more-{number}"
        order = intent(name, PAIR, Side.SELL, state.positions[PAIR].quantity, state.markets[PAIR].mark)
        fields = {key: getattr(order, key) for key in order.__struct_fields__ if key != "generation"}
        state.orders[name] = Order(**fields, intended_at=state.ts, trace_id=None)
    body = represented(state, clock.now_ns(), limit=10)
    assert len(body.orders) == 10
    assert body.left_out.orders == len(state.orders) - 10
    assert body.left_out.next == f"/api/v1/state?limit={len(state.orders)}"
    whole = represented(state, clock.now_ns(), limit=len(state.orders))
    assert whole.left_out.next is None
    assert whole.left_out.orders == 0


def test_a_position_without_its_fills_has_no_entry_price_and_says_why():
    state, clock = rich_state()
    state.positions[PAIR].entry_price = None
    body = represented(state, clock.now_ns())
    (position,) = body.positions
    assert position.entry_price is None
    assert position.unrealized_pl is None
    assert "without its fills" in position.unknown["unrealized_pl"]
    assert PAIR in body.account.unknown["account_balance"]
    assert body.account.equity is not None


def test_the_condition_that_only_the_exporter_sees_is_unknown_here(told):
    (flowing,) = [item for item in told.health.conditions if item.name == "TelemetryFlowing"]
    assert (flowing.status, flowing.reason) == ("Unknown", "NotObservedHere")


def test_what_is_shown_does_not_change_with_the_state_afterwards():
    state, clock = rich_state()
    body = represented(state, clock.now_ns())
    before = msgspec.json.encode(body)
    state.positions.clear()
    state.settings.settings = None
    state.conditions.clear()
    state.errors.clear()
    assert msgspec.json.encode(body) == before
