"""I19: a daily-loss breaker that a restart closes is no limit. Here it outlives a kill -9, and says so."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from support.command import wait_until
from support.trading import Floor, losing_settings, within_one_day

from trading_bot.contract.events.account import AnchorsRestored, BreakerOpened, BreakerReset, DayStarted
from trading_bot.contract.events.lifecycle import BotReady, ModeChanged
from trading_bot.contract.events.trading import OrderIntended, Side


def test_i19_a_killed_bot_comes_back_with_its_daily_loss_and_its_open_breaker(
    floor: Callable[..., Floor],
):
    within_one_day()
    here = floor(**losing_settings(1))
    here.start("run")
    opened = here.wait_for(BreakerOpened.KIND, breaker="max_daily_loss")
    here.wait_for(ModeChanged.KIND, after=opened.seq, reason="BreakerOpen")
    here.kill("run")
    before = here.state()
    here.start("run")
    here.start("exporter")
    restored = here.wait_for(AnchorsRestored.KIND, after=opened.seq)
    said = restored.payload
    assert isinstance(said, AnchorsRestored)
    assert said.complete
    assert said.breakers == ("max_daily_loss",)
    assert said.day_start_equity == said.loss_anchor == before.account.day_start_equity
    assert said.peak_equity == before.account.peak_equity
    ready = here.wait_for(BotReady.KIND, after=restored.seq)
    time.sleep(4)  # bars close, and a strategy that trades every second bar wants to enter
    state = here.state()
    assert (state.mode.mode, state.mode.reason) == ("reduce_only", "BreakerOpen")
    assert not here.events(BreakerReset.KIND, DayStarted.KIND, after=restored.seq)
    intents = [event.payload for event in here.events(OrderIntended.KIND, after=ready.seq)]
    assert [order for order in intents if order.side is Side.BUY] == []
    assert wait_until(lambda: here.sample("tradingbot_risk_anchors_known") == 1)
    page = here.metrics()
    series = {name.partition("{")[0]: value for name, value in page.items()}
    assert series["tradingbot_anchors_restored_timestamp_seconds"] == pytest.approx(restored.ts / 1e9)
    assert any(
        value == 1 for name, value in page.items() if "breaker_open{" in name and "max_daily_loss" in name
    )
