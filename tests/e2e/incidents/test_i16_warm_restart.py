"""I16: a warm restart forgot a position, and a second entry followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.holding import PAIR, at_exchange, held, killed_while_holding, trading
from support.trading import Floor, agree

from trading_bot.contract.events.account import ReconciliationCompleted
from trading_bot.contract.events.lifecycle import BotReady
from trading_bot.contract.events.market import BarClosed
from trading_bot.contract.events.trading import OrderIntended, Side
from trading_bot.domain.fold import evolve

pytestmark = pytest.mark.timeout(600)


def test_a_killed_bot_knows_its_position_again_and_does_not_enter_twice(floor: Callable[..., Floor]):
    here = trading(floor)
    state = killed_while_holding(here, lambda state: not state.orders)
    assert held(state) == at_exchange(here)
    here.start("run")
    ready = here.wait_for(BotReady.KIND, after=state.seq)
    compared = here.wait_for(ReconciliationCompleted.KIND, after=state.seq, trigger="start")
    assert compared.seq < ready.seq
    here.wait_for(BarClosed.KIND, after=ready.seq + 20, symbol=PAIR)  # chances to enter again
    agree(here)
    for envelope in here.events(after=state.seq):
        if isinstance(envelope.payload, OrderIntended) and envelope.payload.side is Side.BUY:
            assert held(state) < 1, "a second entry"
        state = evolve(state, envelope)
