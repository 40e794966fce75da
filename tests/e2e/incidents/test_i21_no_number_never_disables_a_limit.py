"""I21: a NaN price disabled the daily-limit check for ever. Here it is refused at the edge, and the limit holds."""

from __future__ import annotations

import time
from collections.abc import Callable

from support.trading import Floor, losing_settings

from trading_bot.contract.events.account import BreakerOpened
from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, SymbolBlocked


def test_i21_prices_that_are_no_numbers_are_refused_and_the_daily_limit_still_opens_afterwards(
    floor: Callable[..., Floor],
):
    here = floor(
        **losing_settings(100),
        intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 1, "reconcile_seconds": 3},
    )
    here.start("run")
    here.wait_for(BotReady.KIND)
    before = here.events()[-1].seq
    here.switch("nan_price", on=True)
    here.wait_for(SymbolBlocked.KIND, after=before, reason="StaleFeed", blocked=True)
    time.sleep(1.5)
    codes = {event.payload.error.error_code for event in here.events(ErrorRecorded.KIND, after=before)}
    assert "FEED_003" in codes
    state = here.state()
    account = state.account
    for amount in (account.equity, account.peak_equity, account.day_start_equity, account.max_drawdown):
        assert amount is not None
        assert amount.is_finite()
    assert all(market.mark is None or market.mark.is_finite() for market in state.markets.values())
    here.switch("nan_price", on=False)
    opened = here.wait_for(BreakerOpened.KIND, breaker="max_daily_loss").payload
    assert isinstance(opened, BreakerOpened)
    assert opened.observed.is_finite()
    assert opened.observed >= opened.limit_value == 100
