"""I13: refreshing the configuration re-created the controller, and its state was gone. Here a hot key is hot."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

from support.command import PATIENCE, wait_until
from support.holding import ATTEMPTS, PAIR, held, trading
from support.trading import NO_PROXY, Floor

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import BotStarted, SettingsApplied
from trading_bot.contract.events.trading import OrderIntended, SignalRaised


def test_i13_a_limit_changed_in_the_middle_of_a_position_leaves_strategy_and_position(
    floor: Callable[..., Floor],
):
    here = trading(floor)
    here.start("ops")
    here.await_ops()
    document = json.loads(here.get("BOT_API_PORT", "/api/v1/config"))["settings"]
    applied, limit = changed_in_the_middle(here, document)
    # A strategy that was made anew would want to enter once more; one that remembers can only leave.
    next_signal = here.wait_for(SignalRaised.KIND, after=applied.seq, symbol=PAIR)
    assert next_signal.payload.side == "sell"
    assert not here.events(BotStarted.KIND, after=applied.seq)
    entries = [
        e.payload for e in here.events(OrderIntended.KIND, after=applied.seq) if e.seq < next_signal.seq
    ]
    assert not entries
    assert here.state().settings.settings["limits"]["max_order_notional"] == limit


def changed_in_the_middle(here: Floor, document: dict[str, Any]) -> tuple[Envelope, str]:
    """Change a limit while a position is held; once more, if the strategy wanted to leave just then."""
    for generation in range(1, ATTEMPTS):
        limit = document["limits"]["max_order_notional"] = str(1100 + generation)
        here.wait_for(SignalRaised.KIND, after=here.state().seq, symbol=PAIR, side="buy")
        assert wait_until(lambda: held(here.state()) > 1)
        put(here, {"settings": document, "reason": "smaller orders", "probation_seconds": 0}, generation)
        applied = here.wait_for(SettingsApplied.KIND, generation=generation + 1)
        before = [
            e for e in here.events(SignalRaised.KIND) if e.seq < applied.seq and e.payload.symbol == PAIR
        ]
        if before[-1].payload.side == "buy":
            return applied, limit
    raise AssertionError("it never held a position while its settings were changed")


def put(here: Floor, body: dict[str, object], generation: int) -> None:
    """Apply settings over HTTP, on a generation."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{here.command.port('BOT_API_PORT')}/api/v1/config",
        json.dumps(body).encode(),
        {
            "Content-Type": "application/json",
            "If-Match": f'"{generation}"',
            "X-API-Key": here.home.operate_key.read_text().strip(),
        },
        method="PUT",
    )
    with NO_PROXY.open(request, timeout=PATIENCE) as answer:
        assert answer.status == 202
