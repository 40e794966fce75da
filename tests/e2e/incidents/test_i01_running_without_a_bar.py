"""I01: the heartbeat said RUNNING while no candle was processed. Here liveness is progress."""

from __future__ import annotations

import json
from collections.abc import Callable

from support.command import wait_until
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotBeat, BotReady, ConditionChanged


def test_i01_a_bot_that_beats_without_a_bar_is_degraded_and_says_since_when(floor: Callable[..., Floor]):
    here = floor()
    for name in ("run", "exporter", "ops"):
        here.start(name)
    here.wait_for(BotReady.KIND)
    here.switch("nan_price", on=True)  # quotes and bars come, and none of them is a number
    changed = here.wait_for(ConditionChanged.KIND, condition="Deciding", status="False", reason="NoBars")
    here.wait_for(BotBeat.KIND, after=changed.seq)
    assert wait_until(lambda: here.sample("tradingbot_up") == 1)
    deciding = 'tradingbot_condition{bot="demo",condition="Deciding",status="False"}'
    assert wait_until(lambda: here.metrics().get(deciding) == 1), list(here.metrics())[:20]
    here.await_ops()
    assert wait_until(lambda: here.summary()["health_status"] == "degraded")
    conditions = json.loads(here.get("BOT_API_PORT", "/api/v1/conditions"))["conditions"]
    (told,) = [each for each in conditions if each["name"] == "Deciding"]
    assert (told["status"], told["reason"]) == ("False", "NoBars")
    assert told["last_transition_time"]
