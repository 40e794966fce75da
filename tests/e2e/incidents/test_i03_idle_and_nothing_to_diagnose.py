"""I03: an executor was idle for hours and its logs were empty. Here idleness leaves spans, and its reason."""

from __future__ import annotations

from collections.abc import Callable

from support.command import wait_until
from support.holding import ask
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotReady, ModeChanged
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.events.trading import OrderDenied
from trading_bot.contract.telemetry import spans


def test_i03_a_bot_that_sends_nothing_shows_every_decision_and_why(floor: Callable[..., Floor]):
    here = floor(telemetry={"idle_span_share": 1.0})
    for name in ("run", "ops"):
        here.start(name)
    here.wait_for(BotReady.KIND)
    here.await_ops()
    ask(here, "pause", reason="lunch")
    paused = here.wait_for(ModeChanged.KIND, mode="paused", reason="OperatorPause")
    denied = here.wait_for(OrderDenied.KIND, after=paused.seq)
    assert "paused" in denied.payload.message

    def decided_and_told() -> bool:
        told = [span for e in here.events(SpansRecorded.KIND, after=paused.seq) for span in e.payload.spans]
        names = {span.name for span in told}
        return names >= {spans.DECIDE_CYCLE, spans.EVALUATE_STRATEGY, spans.CHECK_RISK}

    assert wait_until(decided_and_told), "idle cycles left no spans"
    assert wait_until(lambda: "lunch" in here.summary()["health_reason"]), here.summary()
    summary = here.summary()
    assert summary["last_trade_time"] is None or summary["last_trade_time"].endswith("Z")
