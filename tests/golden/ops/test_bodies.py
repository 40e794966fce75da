from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from support.history import rich_state

from exporter.ops.representations.errors import ErrorsWanted, represent_code, represent_errors
from exporter.ops.representations.lists import (
    ListWanted,
    represent_conditions,
    represent_orders,
    represent_trades,
)
from exporter.ops.representations.state import represent_state
from exporter.ops.representations.summary import represent_summary
from trading_bot.contract.errors import ERRORS
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.health import Health, Liveness, TapeFault, assess
from trading_bot.domain.state import State

BODIES: dict[str, Callable[[State, Health, int], msgspec.Struct]] = {
    "summary": represent_summary,
    "state": lambda state, health, now: represent_state(state, health, now, 200),
    "conditions": lambda state, health, now: represent_conditions(state, health, now, ListWanted()),
    "orders": lambda state, health, now: represent_orders(state, health, now, ListWanted(limit=3)),
    "trades": lambda state, health, now: represent_trades(state, health, now, ListWanted(limit=2)),
    "code": lambda state, health, now: represent_code(state, health, now, ERRORS["VENUE_001"], ("BotDown",)),
    "errors": lambda state, health, now: represent_errors(state, health, now, ErrorsWanted(limit=20)),
}


def of_a_living_bot() -> tuple[State, Health, int]:
    state, clock = rich_state()
    now = clock.now_ns()
    return state, assess(state, now, Liveness.ALIVE, beat_at=now), now


def of_a_dead_bot() -> tuple[State, Health, int]:
    state, clock = rich_state()
    clock.advance(400)
    return state, assess(state, clock.now_ns(), Liveness.DEAD), clock.now_ns()


def of_no_bot() -> tuple[State, Health, int]:
    state, now = State(), ManualClock().now_ns()
    return state, assess(state, now, Liveness.ABSENT, tape_fault=TapeFault.MISSING), now


SITUATIONS = {"living": of_a_living_bot, "dead": of_a_dead_bot, "none": of_no_bot}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_is_what_it_was(golden, body, situation):
    encoded = msgspec.json.encode(BODIES[body](*SITUATIONS[situation]()))
    golden.assert_same(f"{body}.{situation}.json", msgspec.json.format(encoded, indent=2).decode() + "\n")
