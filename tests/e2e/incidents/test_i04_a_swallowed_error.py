"""I04: a failing fetch was logged at DEBUG and swallowed. Here whatever is swallowed is a semantic error."""

from __future__ import annotations

import json
from collections.abc import Callable

from support.command import wait_until
from support.trading import Floor

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded


def test_i04_a_reading_that_fails_is_an_event_a_line_in_the_log_and_a_counter(floor: Callable[..., Floor]):
    here = floor()
    for name in ("run", "exporter"):
        here.start(name)
    ready = here.wait_for(BotReady.KIND)
    here.switch("truncated_json", on=True)

    def recorded():
        told = [e.payload.error for e in here.events(ErrorRecorded.KIND, after=ready.seq)]
        return [error for error in told if error.error_code == "VENUE_007"]

    assert wait_until(lambda: bool(recorded()))
    here.switch("truncated_json", on=False)
    error = recorded()[0]
    assert all((error.cause, error.impact, error.remediation))
    assert wait_until(lambda: is_counted(here, "VENUE_007"))
    assert wait_until(lambda: '"VENUE_007"' in here.home.log("bot").read_text())
    lines = [json.loads(line) for line in here.home.log("bot").read_text().splitlines()]
    assert any(line["error_code"] == "VENUE_007" for line in lines)


def is_counted(here: Floor, code: str) -> bool:
    if here.sample("tradingbot_errors_total") is None:
        return False
    return any(
        value >= 1
        for name, value in here.metrics().items()
        if name.startswith("tradingbot_errors_total") and f'code="{code}"' in name
    )
