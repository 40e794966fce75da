"""I17: a loop over the broker's positions alone never saw one that was missing there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from support.holding import PAIR, held, killed_while_holding, trading
from support.trading import Floor

from trading_bot.contract.events.account import MismatchFound
from trading_bot.contract.events.lifecycle import BotReady, SymbolBlocked

pytestmark = pytest.mark.timeout(600)


def test_a_position_that_is_missing_on_either_side_is_found(floor: Callable[..., Floor]):
    here = trading(floor)
    dead = killed_while_holding(here, lambda state: not state.orders)
    here.switch("manual_trade", on=True, symbol=PAIR, size=-100_000)  # all of it is sold
    here.switch("manual_trade", on=True, symbol="GOOGL/USD", size=2000)
    here.start("run")
    gone = here.wait_for(MismatchFound.KIND, after=dead.seq, mismatch_id="position:EUR").payload
    assert Decimal(gone.local) == held(dead)
    assert Decimal(gone.venue) < Decimal("0.1")
    new = here.wait_for(MismatchFound.KIND, after=dead.seq, mismatch_id="position:GOOGL").payload
    assert Decimal(new.local) == 0 < Decimal(new.venue)
    ready = here.wait_for(BotReady.KIND, after=dead.seq)
    for symbol in (PAIR, "GOOGL/USD"):
        blocked = here.wait_for(
            SymbolBlocked.KIND, after=dead.seq, symbol=symbol, reason="Mismatch", blocked=True
        )
        assert blocked.seq < ready.seq, "before it may trade"
