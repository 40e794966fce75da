"""I06: a stall watchdog fired all night on a closed market. Here silence means nothing while it is closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from support.command import wait_until
from support.trading import SYMBOLS, Floor

from trading_bot.contract.events.account import BreakerOpened
from trading_bot.contract.events.lifecycle import BotReady, ConditionChanged, ErrorRecorded, SymbolBlocked


def test_i06_a_mute_feed_of_a_closed_market_raises_nothing(floor: Callable[..., Floor]):
    # Open for an hour that is twelve hours away, whatever time it is.
    opens = datetime.now(UTC) + timedelta(hours=12)
    hours = {"opens": f"{opens:%H:00}", "closes": f"{opens + timedelta(hours=1):%H:00}"}
    here = floor(intervals={"stale_after_seconds": 1}, sessions=dict.fromkeys(SYMBOLS, hours))
    for name in ("run", "exporter"):
        here.start(name)
    here.switch("mute_feed", on=True)
    ready = here.wait_for(BotReady.KIND)
    time.sleep(12)  # ten times the staleness limit, and longer than a decision may take
    assert not here.events(ErrorRecorded.KIND, SymbolBlocked.KIND, BreakerOpened.KIND, after=ready.seq)
    false = [e.payload for e in here.events(ConditionChanged.KIND, after=ready.seq)]
    assert not [each for each in false if each.status == "False"]
    state = here.state()
    assert state.mode.mode == "running"
    assert state.conditions["FeedFresh"].reason == "MarketClosed"
    assert wait_until(lambda: here.sample("tradingbot_market_session_open") == 0)
