"""I22: orders were rejected by their timestamps. Here a clock that is off is measured, told and acted on."""

from __future__ import annotations

from collections.abc import Callable

from support.command import wait_until
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, ModeChanged


def test_i22_a_clock_that_is_off_is_a_metric_and_reduces_until_it_is_right(floor: Callable[..., Floor]):
    here = floor(execution={"request_timeout_seconds": 2})
    for name in ("run", "exporter"):
        here.start(name)
    ready = here.wait_for(BotReady.KIND)
    here.switch("clock_skew", on=True, size=3)
    reduced = here.wait_for(ModeChanged.KIND, after=ready.seq, mode="reduce_only", reason="ClockSkew")
    told = [e.payload.error for e in here.events(ErrorRecorded.KIND, after=ready.seq)]
    assert "VENUE_005" in {error.error_code for error in told}
    assert wait_until(lambda: (here.sample("tradingbot_clock_offset_seconds") or 0) > 2)
    here.switch("clock_skew", on=False)
    here.wait_for(ModeChanged.KIND, after=reduced.seq, mode="running")
