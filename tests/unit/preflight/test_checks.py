"""What a venue's answers mean before the first order: each answer that should stop somebody does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from support.venues import instrument

from trading_bot.boot.sessions import shipped_hours
from trading_bot.boot.settings import BootSettings, VenueSettings
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.settings import Limits, Session, Settings, SmaCross
from trading_bot.doctor.finding import Status
from trading_bot.domain.clock import SECOND
from trading_bot.preflight.checks import CHECKS, Plan, judge
from trading_bot.preflight.survey import Survey
from trading_bot.venues.protocol import Balance, ClockReading, Permissions

PAIR = "EUR/USD"
NOW = 1_795_300_000 * SECOND
"""2026-11-21."""
REAL = BootSettings(home=Path("/nowhere"), venue=VenueSettings(name="okxus"))
SAFE = Permissions(trade=True, withdraw=False, bound_to_address=True)


def money(amount):
    return Balance(asset="USD", free=Decimal(amount), total=Decimal(amount))


def answered(**other):
    """Return a survey in which everything is well."""
    well = {
        "instruments": {PAIR: instrument(PAIR)},
        "permissions": SAFE,
        "clock": ClockReading(offset_ns=3_000_000, round_trip_ns=8_000_000),
        "balances": {"USD": money(50_000)},
        "open_orders": {PAIR: 0},
        "prices": {PAIR: Decimal("1.10")},
        "rate_limit_used": 0.01,
    }
    return Survey(**{**well, **other})


def plan(survey=None, *, boot=REAL, **settings):
    trading = Settings(
        symbols=(PAIR,),
        strategies={
            "trend": SmaCross(symbols=(PAIR,), order_notional=settings.pop("notional", Decimal(2000)))
        },
        **{"begins": Mode.REDUCE_ONLY, "limits": Limits(max_gross_exposure=Decimal(20_000)), **settings},
    )
    return Plan(
        boot=boot,
        settings=trading,
        survey=survey or answered(),
        hours=shipped_hours(),
        now_ns=NOW,
        is_first_start=True,
        is_halted=False,
    )


def statuses(flight):
    """Return the worst of each check's findings, by the check's first name."""
    found = {}
    for finding in judge(flight):
        name = finding.check.partition(":")[0]
        found.setdefault(name, set()).add(finding.status)
    return found


def test_where_all_is_well_only_the_real_money_is_worth_a_warning():
    found = statuses(plan())
    assert found.pop("venue") == {Status.WARNING}
    assert set(found) == set(CHECKS) - {"venue", "sessions"}
    assert all(each == {Status.OK} for each in found.values()), found


@pytest.mark.parametrize(
    ("check", "status", "change"),
    [
        ("permissions", Status.FAILED, {"permissions": msgspec.structs.replace(SAFE, withdraw=True)}),
        ("permissions", Status.FAILED, {"permissions": msgspec.structs.replace(SAFE, trade=False)}),
        (
            "permissions",
            Status.WARNING,
            {"permissions": msgspec.structs.replace(SAFE, bound_to_address=False)},
        ),
        ("permissions", Status.UNKNOWN, {"permissions": None}),
        ("connection", Status.FAILED, {"instruments": {}, "prices": {}}),
        ("order size", Status.UNKNOWN, {"instruments": {}, "prices": {}}),
        ("clock", Status.FAILED, {"clock": ClockReading(offset_ns=-(10**10), round_trip_ns=0)}),
        ("clock", Status.UNKNOWN, {"clock": None}),
        ("order size", Status.UNKNOWN, {"prices": {}}),
        ("order size", Status.FAILED, {"prices": {PAIR: Decimal(10) ** 9}}),
        ("balances", Status.FAILED, {"balances": {"USD": money(100)}}),
        ("balances", Status.FAILED, {"balances": {}}),
        ("balances", Status.WARNING, {"balances": {"USD": money(50_000), "EUR": money(3)}}),
        ("open orders", Status.WARNING, {"open_orders": {PAIR: 2}}),
        ("limits", Status.WARNING, {"balances": {"USD": money(5000)}}),
        ("limits", Status.UNKNOWN, {"balances": {}}),
        ("rate limit", Status.WARNING, {"rate_limit_used": 0.9}),
        ("rate limit", Status.UNKNOWN, {"rate_limit_used": None}),
    ],
)
def test_an_answer_that_should_stop_somebody_is_said(check, status, change):
    assert status in statuses(plan(answered(**change)))[check]


def test_a_venue_that_refuses_the_key_fails_and_what_was_not_asked_is_unknown():
    error = OperatorError("VENUE_002", "open: Invalid API-key")
    found = statuses(plan(Survey(faults={"connection": error})))
    assert found["connection"] == {Status.FAILED}
    for check in ("permissions", "clock", "order size", "balances", "open orders", "limits"):
        assert found[check] == {Status.UNKNOWN}, check


@pytest.mark.parametrize(
    ("notional", "status"), [("4.9", Status.FAILED), ("5.5", Status.WARNING), ("7", Status.OK)]
)
def test_an_entry_that_is_soon_too_little_to_be_sold_is_warned_of(notional, status):
    assert statuses(plan(notional=Decimal(notional)))["order size"] == {status}


def test_an_entry_over_the_bots_own_limit_fails():
    assert statuses(plan(notional=Decimal(6000)))["order size"] == {Status.FAILED}


def test_at_a_real_venue_a_first_start_that_trades_at_once_is_warned_of():
    assert statuses(plan(begins=Mode.RUNNING))["beginning"] == {Status.WARNING}
    simulated = BootSettings(home=Path("/nowhere"))
    assert statuses(plan(boot=simulated, begins=Mode.RUNNING))["beginning"] == {Status.OK}


def test_a_halt_that_stands_is_warned_of():
    halted = msgspec.structs.replace(plan(), is_halted=True)
    assert Status.WARNING in statuses(halted)["beginning"]


@pytest.mark.parametrize(
    ("venue", "status"),
    [
        (VenueSettings(), Status.OK),
        (VenueSettings(name="okxus", testnet=True), Status.OK),
        (VenueSettings(name="okxus", url="https://example.org"), Status.WARNING),
        (VenueSettings(name="okxus"), Status.WARNING),
    ],
)
def test_it_says_whether_the_money_is_real(venue, status):
    boot = BootSettings(home=Path("/nowhere"), venue=venue)
    assert statuses(plan(boot=boot))["venue"] == {status}


def test_a_session_table_that_ends_soon_is_warned_of():
    sessions = {PAIR: Session(calendar="XNYS")}
    assert statuses(plan(sessions=sessions))["sessions"] == {Status.OK}
    late = shipped_hours().expires("XNYS") - SECOND
    ending = msgspec.structs.replace(plan(sessions=sessions), now_ns=late)
    assert statuses(ending)["sessions"] == {Status.WARNING}
