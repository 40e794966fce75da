"""I15: a restart left a position without its stop."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from support.command import wait_until
from support.holding import LOT, PAIR, cancel_by_hand, held, killed_while_holding, trading, working
from support.trading import Floor, agree

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, ModeChanged
from trading_bot.contract.events.trading import OrderIntended
from trading_bot.domain.state import State

pytestmark = pytest.mark.timeout(600)

PROTECTION = {PAIR: {"stop_loss_pct": 5, "take_profit_pct": 8}}


def killed_under_protection(here: Floor) -> State:
    """Kill the bot while both orders rest at the exchange, for all that is held and no more."""
    state = killed_while_holding(here, lambda state: len(state.orders) == 2)
    quantity = held(state) // LOT * LOT
    resting = sorted((each["type"], Decimal(each["quantity"])) for each in working(here))
    assert resting == [("STOP_LOSS", quantity), ("TAKE_PROFIT", quantity)]
    return state


def intents(here: Floor, after: int, before: int) -> list[Any]:
    return [each.payload for each in here.events(OrderIntended.KIND, after=after) if each.seq < before]


def test_the_stop_outlives_the_bot_and_a_stop_that_is_gone_is_back_before_anything_is_sent(
    floor: Callable[..., Floor],
):
    here = trading(floor, protection=PROTECTION)
    dead = killed_under_protection(here)
    here.start("run")
    ready = here.wait_for(BotReady.KIND, after=dead.seq)
    assert not intents(here, dead.seq, ready.seq), "they are found again, and none is sent"

    dead = killed_under_protection(here)
    cancel_by_hand(here, working(here)[0]["client_order_id"])
    assert not working(here), "a pair ends with one of its orders"
    here.start("run")
    ready = here.wait_for(BotReady.KIND, after=dead.seq)
    back = intents(here, dead.seq, ready.seq)
    assert {each.trigger for each in back} == {"stop_loss", "take_profit"}
    assert {each.quantity for each in back} == {held(dead) // LOT * LOT}
    assert not [each for each in here.books()["received"] if each["times"] != 1]
    agree(here)


def test_a_stop_that_cannot_be_brought_back_halts_and_says_so(floor: Callable[..., Floor], long_run: bool):
    if not long_run:
        pytest.skip("`make test-long` plays it with processes; the engine's tests always play it")
    here = trading(floor, protection=PROTECTION)
    dead = killed_under_protection(here)
    cancel_by_hand(here, working(here)[0]["client_order_id"])
    here.switch("reject_order", on=True)
    here.start("run")
    here.wait_for(ModeChanged.KIND, after=dead.seq, mode="halted")
    codes = {each.payload.error.error_code for each in here.events(ErrorRecorded.KIND, after=dead.seq)}
    assert codes >= {"ORDER_005", "ORDER_006"}
    assert wait_until(lambda: here.state().protection[PAIR].status == "missing")
    assert {each.trigger for each in intents(here, dead.seq, 10**9)} == {"stop_loss", "take_profit"}
