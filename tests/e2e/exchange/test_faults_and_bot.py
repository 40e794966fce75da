"""What the real bot says of each fault, as docs/faults.md has it, and that books and venue agree afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.trading import Floor, agree

from trading_bot.contract.events.account import MismatchFound
from trading_bot.contract.events.lifecycle import (
    BotReady,
    ConditionChanged,
    ErrorRecorded,
    ModeChanged,
    SymbolBlocked,
)
from trading_bot.contract.events.trading import OrderCancelled, OrderFilled, OrderOutcomeLost, OrderRejected
from trading_bot.exchange.faults import KINDS

pytestmark = [pytest.mark.serial, pytest.mark.timeout(900)]

PAGE = (Path(__file__).parents[3] / "docs/faults.md").read_text()
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}

Sign = tuple[str, dict[str, Any]]


def error(code: str) -> Sign:
    return ErrorRecorded.KIND, {"error_code": code}


def condition(name: str, status: str) -> Sign:
    return ConditionChanged.KIND, {"condition": name, "status": status}


STALE = [error("FEED_001"), condition("FeedFresh", "False"), (SymbolBlocked.KIND, {"reason": "StaleFeed"})]
FROZEN = [error("FEED_004"), condition("FeedFresh", "False"), (SymbolBlocked.KIND, {"reason": "FrozenBook"})]
UNKNOWN = [error("ORDER_002"), (OrderOutcomeLost.KIND, {})]
MISMATCH = [error("RECON_001"), (MismatchFound.KIND, {}), condition("Reconciled", "False")]
AWAY = [error("FEED_002"), condition("VenueReachable", "False")]
FILLED = [(OrderFilled.KIND, {})]

# By fault: how it is switched on, and the signs of it on the bot's tape.
SIGNS: dict[str, tuple[dict[str, Any], list[Sign]]] = {
    "reject_order": ({}, [error("ORDER_001"), (OrderRejected.KIND, {"error_code": "ORDER_001"})]),
    "rate_limited": ({"size": 1}, [error("VENUE_003"), (OrderRejected.KIND, {"error_code": "VENUE_003"})]),
    "server_error": ({"probability": 0.5}, UNKNOWN),
    "duplicate_fill": ({}, FILLED),
    "mute_feed": ({}, [*STALE, error("FEED_002")]),
    "stale_quotes": ({}, FROZEN),
    "crossed_book": ({}, [error("FEED_003"), *STALE]),
    "nan_price": ({}, [error("FEED_003"), *STALE]),
    "price_spike": ({"size": 0.1}, FILLED),
    "drop_connection": ({}, [*AWAY, *STALE]),
    "flapping_connection": ({"size": 1.0}, [*AWAY, *STALE]),
    "unreachable": ({"seconds": 6}, [error("VENUE_001"), *AWAY, *STALE]),
    "lost_ack": ({}, [*UNKNOWN, (SymbolBlocked.KIND, {"reason": "UnknownOrder"})]),
    "late_ack": ({"size": 3}, [error("ORDER_002"), *FILLED]),
    "maintenance": ({"size": 1}, [error("VENUE_006"), *AWAY, *STALE]),
    "truncated_json": ({"probability": 0.5}, [error("VENUE_007"), *UNKNOWN]),
    "clock_skew": ({}, [error("VENUE_005"), (ModeChanged.KIND, {"reason": "ClockSkew"})]),
    "halted_symbol": ({}, [error("ORDER_001"), *STALE]),
    "partial_fill_then_stall": ({}, [(OrderCancelled.KIND, {"reason": "expired"}), *FILLED]),
    "out_of_order_fills": ({}, FILLED),
    "wrong_balance": ({"size": 0.1}, [*MISMATCH, (ModeChanged.KIND, {"reason": "BalanceMismatch"})]),
}
# They are not over with the fault: a person must look.
LASTING: dict[str, tuple[dict[str, Any], list[Sign]]] = {
    "manual_trade": (
        {"symbol": "EUR/USD", "size": 500},
        [*MISMATCH, (ModeChanged.KIND, {"reason": "BalanceMismatch"})],
    ),
    "banned": ({"size": 2}, [error("VENUE_004"), (ModeChanged.KIND, {"mode": "halted"})]),
}
PLAYED_ALWAYS = ("reject_order", "rate_limited", "duplicate_fill")


@pytest.fixture
def trading(floor: Callable[..., Floor]) -> Floor:
    here = floor(
        execution={"request_timeout_seconds": 1},
        intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 5, "reconcile_seconds": 3},
    )
    here.start("run")
    here.wait_for(BotReady.KIND)
    return here


def test_every_fault_is_played_and_its_error_codes_stand_in_the_docs():
    every = SIGNS | LASTING
    assert set(every) == set(KINDS)
    for name, (_, signs) in every.items():
        codes = {fields["error_code"] for kind, fields in signs if kind == ErrorRecorded.KIND}
        assert [code for code in codes if code not in ROWS[name]] == [], name


def test_the_bot_says_what_the_docs_say_and_goes_on_trading_or_waits_for_a_person(
    trading: Floor, long_run: bool
):
    for name in SIGNS if long_run else PLAYED_ALWAYS:
        how, signs = SIGNS[name]
        play(trading, name, how, signs)
        recovered(trading, name)
    for name in LASTING if long_run else ("manual_trade",):
        how, signs = LASTING[name]
        play(trading, name, how, signs)
        time.sleep(4)
        assert trading.state().mode.mode != "running"
        assert trading._running["run"].poll() is None


def play(here: Floor, name: str, how: dict[str, Any], signs: list[Sign]) -> None:
    before = here.events()[-1].seq
    here.switch(name, on=True, **how)
    for kind, fields in signs:
        wait_for_sign(here, name, before, kind, fields)
    if name != "unreachable":
        here.switch(name, on=False)


def wait_for_sign(here: Floor, name: str, after: int, kind: str, fields: dict[str, Any]) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for envelope in here.events(kind, after=after):
            told = getattr(envelope.payload, "error", envelope.payload)
            if all(getattr(told, field) == value for field, value in fields.items()):
                return
        time.sleep(0.05)
    raise AssertionError(f"{name}: no {kind} {fields}")


def recovered(here: Floor, name: str) -> None:
    """Wait until all is as before: running, every condition true, both books the same, and an order filled."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = here.state()
        if state.mode.mode == "running" and all(each.status == "True" for each in state.conditions.values()):
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"{name}: {state.mode}, {state.conditions}")
    here.wait_for(OrderFilled.KIND, after=here.events()[-1].seq)
    agree(here, 30)
