"""What the real bot says of each fault, as docs/faults.md has it, and that books and venue agree afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import PATIENCE
from support.signs import LASTING, SIGNS, play
from support.trading import Floor, agree

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded
from trading_bot.contract.events.trading import OrderFilled
from trading_bot.exchange.faults import KINDS

pytestmark = pytest.mark.timeout(900)

PAGE = (Path(__file__).parents[3] / "docs/faults.md").read_text()
ROWS = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
PLAYED_ALWAYS = ("reject_order", "rate_limited", "duplicate_fill")


@pytest.fixture
def trading(floor: Callable[..., Floor]) -> Floor:
    here = floor(
        execution={"request_timeout_seconds": 1},
        intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 5, "reconcile_seconds": 3},
    )
    here.start("run")
    here.wait_for(BotReady.KIND)
    return here


def test_every_fault_is_played_and_its_error_codes_stand_in_the_docs():
    every = SIGNS | LASTING
    assert set(every) == set(KINDS)
    for name, (_, signs) in every.items():
        codes = {fields["error_code"] for kind, fields in signs if kind == ErrorRecorded.KIND}
        assert [code for code in codes if code not in ROWS[name]] == [], name


def test_the_bot_says_what_the_docs_say_and_goes_on_trading_or_waits_for_a_person(
    trading: Floor, count: Callable[[str, int, str], None], long_run: bool
):
    passing, lasting = (tuple(SIGNS), tuple(LASTING)) if long_run else (PLAYED_ALWAYS, ("manual_trade",))
    for name in passing:
        how, signs = SIGNS[name]
        play(trading, name, how, signs)
        recovered(trading, name)
    for name in lasting:
        how, signs = LASTING[name]
        play(trading, name, how, signs)
        time.sleep(4)
        assert trading.state().mode.mode != "running"
        assert trading._running["run"].poll() is None
    count(
        "faults and what the bot says of them", len(passing) + len(lasting), "each as docs/faults.md has it"
    )


def recovered(here: Floor, name: str) -> None:
    """Wait until all is as before: running, every condition true, both books the same, and an order filled."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state = here.state()
        if state.mode.mode == "running" and all(each.status == "True" for each in state.conditions.values()):
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"{name}: {state.mode}, {state.conditions}")
    here.wait_for(OrderFilled.KIND, after=here.events()[-1].seq)
    agree(here)
