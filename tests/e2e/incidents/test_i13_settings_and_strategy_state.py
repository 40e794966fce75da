"""I13: refreshing the configuration re-created the controller, and its state was gone. Here a hot key is hot."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest
from support.command import wait_until
from support.holding import PAIR, held, holding
from support.trading import NO_PROXY, Floor

from trading_bot.contract.events.lifecycle import BotStarted, SettingsApplied
from trading_bot.contract.events.market import BarClosed
from trading_bot.contract.events.trading import OrderIntended, SignalRaised

pytestmark = pytest.mark.timeout(180)


def test_i13_a_limit_changed_in_the_middle_of_a_position_leaves_strategy_and_position(
    floor: Callable[..., Floor],
):
    here = holding(floor)
    here.start("ops")
    assert wait_until(lambda: here.answers("BOT_API_PORT", "/api/v1/health/healthz"), 20)
    before = held(here)
    document = json.loads(here.get("BOT_API_PORT", "/api/v1/config"))["settings"]
    document["limits"]["max_order_notional"] = "900"
    put(here, {"settings": document, "reason": "smaller orders"})
    applied = here.wait_for(SettingsApplied.KIND, generation=2)
    bars = [here.wait_for(BarClosed.KIND, after=applied.seq, symbol=PAIR)]
    for _ in range(3):
        bars.append(here.wait_for(BarClosed.KIND, after=bars[-1].seq, symbol=PAIR))
    assert not here.events(BotStarted.KIND, after=applied.seq)
    assert not here.events(SignalRaised.KIND, OrderIntended.KIND, after=applied.seq), "it forgot its stance"
    assert held(here) == before
    assert here.state().settings.settings["limits"]["max_order_notional"] == "900"


def put(here: Floor, body: dict[str, object]) -> None:
    """Apply settings over HTTP, on generation 1."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{here.command.port('BOT_API_PORT')}/api/v1/config",
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "If-Match": '"1"',
            "X-API-Key": here.home.operate_key.read_text().strip(),
        },
        method="PUT",
    )
    with NO_PROXY.open(request, timeout=10) as answer:
        assert answer.status == 202
