"""By fault: how it is switched on, and what of it must stand on the bot's tape, as docs/faults.md has it."""

from __future__ import annotations

import time
from typing import Any

from support.command import PATIENCE
from support.trading import Floor
from trading_bot.contract.events.account import MismatchFound
from trading_bot.contract.events.lifecycle import (
    ConditionChanged,
    ErrorRecorded,
    ModeChanged,
    SymbolBlocked,
)
from trading_bot.contract.events.trading import OrderCancelled, OrderFilled, OrderOutcomeLost, OrderRejected

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
    "price_spike": ({"size": 0.3}, [(SymbolBlocked.KIND, {"reason": "PriceJump"}), error("RISK_020")]),
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


def play(here: Floor, name: str, how: dict[str, Any], signs: list[Sign]) -> None:
    before = here.events()[-1].seq
    here.switch(name, on=True, **how)
    for kind, fields in signs:
        wait_for_sign(here, name, before, kind, fields)
    if name != "unreachable":
        here.switch(name, on=False)


def wait_for_sign(
    here: Floor, name: str, after: int, kind: str, fields: dict[str, Any], seconds: float = PATIENCE
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for envelope in here.events(kind, after=after):
            told = getattr(envelope.payload, "error", envelope.payload)
            if all(getattr(told, field) == value for field, value in fields.items()):
                return
        time.sleep(0.05)
    raise AssertionError(f"{name}: no {kind} {fields}")
