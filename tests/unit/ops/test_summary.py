from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from support.history import TRACE, rich_state

from exporter.ops.alerts import ActiveAlert, SeenAlerts
from exporter.ops.representations.summary import LIMIT_BYTES, BotSummary, represent_summary
from trading_bot.contract.errors import RetriableError
from trading_bot.domain.health import Liveness, TapeFault, assess
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.state import Breaker, Market, Mismatch, Position, State

PROMISED = {
    "health_status",
    "health_reason",
    "position_count",
    "open_order_count",
    "daily_pnl",
    "circuit_breaker_active",
    "circuit_breaker_reason",
    "recent_errors",
    "last_trade_time",
    "data_age_seconds",
    "warnings",
    "generated_at",
}
HUGE = 'ü"\\\n' * 20_000


def summary_of(state: State, now: int, liveness: Liveness = Liveness.ALIVE, **facts: str) -> BotSummary:
    return represent_summary(state, assess(state, now, liveness, beat_at=now, **facts), now)


def size(body: BotSummary) -> int:
    return len(msgspec.json.encode(body))


def worst_state() -> tuple[State, int]:
    state, clock = rich_state()
    for number in range(200):
        symbol = f"{'LONGNAME' * 4}{number:03d}/USD"
        state.instruments[symbol] = Instrument(
            symbol=symbol,
            base=symbol.partition("/")[0],
            quote="USD",
            tick=Decimal("0.01"),
            lot=Decimal(1),
            minimum_quantity=Decimal(1),
            minimum_notional=Decimal(1),
        )
        state.positions[symbol] = Position(symbol=symbol, quantity=Decimal(5), entry_price=None, value=None)
        state.markets[symbol] = Market(mark=Decimal(3), quote_at=1)
    state.account.equity = None
    for condition in state.conditions.values():
        condition.message = HUGE
    for name in ("max_daily_loss", "max_drawdown"):
        state.breakers[name] = Breaker(
            breaker=name,
            error_code="RISK_006",
            opened_at=1,
            limit_value=Decimal(1),
            observed=Decimal(2),
            message=HUGE,
        )
    for number in range(100):
        state.reconciliation.mismatches[str(number)] = Mismatch(
            mismatch_id=str(number),
            subject="order",
            symbol=None,
            asset=None,
            local=HUGE,
            venue=HUGE,
            message=HUGE,
            found_at=1,
        )
    error = RetriableError("VENUE_001", HUGE, detail=HUGE).semantic(state.ts, TRACE)
    state.errors.extend([error] * 50)
    return state, clock.now_ns()


def test_the_promised_fields_are_all_there():
    assert set(BotSummary.__struct_fields__) >= PROMISED


def test_a_typical_summary_is_small():
    state, clock = rich_state()
    assert size(summary_of(state, clock.now_ns())) < 2_000


@pytest.mark.parametrize("liveness", Liveness)
def test_the_worst_summary_keeps_its_budget(liveness):
    state, now = worst_state()
    body = summary_of(state, now + 10**15, liveness)
    assert size(body) <= LIMIT_BYTES
    assert body.position_count == 201
    assert body.daily_pnl is None
    assert "no mark yet" in body.unknown["daily_pnl"]
    assert body.health_reason
    assert body.warnings


@pytest.mark.parametrize("text", ["a summary", HUGE])
def test_with_all_alerts_at_once_the_worst_summary_keeps_its_budget(text):
    state, now = worst_state()
    alerts = tuple(
        ActiveAlert(
            name=f"Alert{number}", severity="critical", summary=text, since="2026-11-22T01:33:22Z", labels={}
        )
        for number in range(200)
    )
    health = assess(state, now, Liveness.ALIVE, beat_at=now)
    body = represent_summary(state, health, now, SeenAlerts(alerts=alerts, at=now - 10**9, unknown=None))
    assert size(body) <= LIMIT_BYTES
    assert body.active_alerts
    assert all(alert.summary in (text, "see the runbook") for alert in body.active_alerts)
    assert body.left_out["active_alerts"] == 200 - len(body.active_alerts)
    assert body.alerts_age_seconds == 1
    assert len(body.recent_errors) == 3


def test_the_reason_why_alerts_are_unknown_is_no_way_around_the_budget():
    state, now = worst_state()
    health = assess(state, now, Liveness.ALIVE, beat_at=now)
    body = represent_summary(state, health, now, SeenAlerts(alerts=None, at=None, unknown=HUGE))
    assert size(body) <= LIMIT_BYTES


def test_what_to_call_next_follows_from_what_is_wrong():
    state, clock = rich_state()
    links = [link.href for link in summary_of(state, clock.now_ns()).next]
    assert links[:3] == ["/api/v1/conditions", "/api/v1/errors/VENUE_001", "/api/v1/orders?status=unknown"]
    assert links[3].startswith("/api/v1/incident?at=")


def test_an_error_that_is_too_long_is_shown_in_short_and_never_cut():
    state, now = worst_state()
    body = summary_of(state, now)
    assert len(body.recent_errors) == 3
    for error in body.recent_errors:
        assert error.error_code == "VENUE_001"
        assert HUGE[:4] not in error.message
        assert error.more == "/api/v1/errors/VENUE_001"
        assert error.trace_id == TRACE


def test_a_reason_that_is_too_long_gives_way_to_the_conditions_names():
    state, now = worst_state()
    state.mode.message = HUGE
    body = summary_of(state, now)
    assert "FeedFresh False" in body.health_reason
    assert "/api/v1/state" in body.health_reason


def test_the_last_three_errors_are_shown_newest_first_with_what_to_do():
    state, clock = rich_state()
    for number in range(5):
        state.errors.append(RetriableError("VENUE_001", f"error {number}").semantic(state.ts + number))
    body = summary_of(state, clock.now_ns())
    assert [error.message for error in body.recent_errors] == ["error 4", "error 3", "error 2"]
    assert all(error.action and error.runbook for error in body.recent_errors)


def test_an_open_breaker_is_named_with_its_reason():
    state, clock = rich_state()
    body = summary_of(state, clock.now_ns())
    assert body.circuit_breaker_active is True
    assert body.circuit_breaker_reason == "max_daily_loss: the day's loss reached its limit"


def test_alerts_that_nobody_was_asked_for_are_unknown():
    state, clock = rich_state()
    body = summary_of(state, clock.now_ns())
    assert body.active_alerts is None
    assert body.unknown["active_alerts"]


def test_without_any_data_counts_are_null_with_a_reason():
    state = State()
    body = summary_of(state, 10**18, Liveness.ABSENT, tape_fault=TapeFault.MISSING)
    assert body.health_status == "offline"
    for field in ("position_count", "open_order_count", "daily_pnl", "data_age_seconds", "last_trade_time"):
        assert getattr(body, field) is None
        assert body.unknown[field]
