"""I20: "reset" that does not say what it resets. Here it names one breaker, twice, and says what stays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec
from support.command import wait_until
from support.holding import held
from support.tapes import open_writer
from support.trading import Floor, losing_settings, within_one_day

from trading_bot.contract.commands import ResetBreaker
from trading_bot.contract.events.account import AnchorsRestored, BreakerOpened, BreakerReset
from trading_bot.contract.events.lifecycle import CommandAnswered, CommandIssued
from trading_bot.domain.clock import SECOND

FAR = 4_000_000_000 * SECOND


def issue(here: Floor, name: str, command: ResetBreaker) -> None:
    """Put a command on the control tape, as ops does."""
    with contextlib.closing(open_writer(here.home.control, run_id=name)) as writer:
        writer.append(
            CommandIssued(
                command_id=name,
                name=command.NAME,
                arguments=msgspec.to_builtins(command),
                actor="ada",
                reason="the loss is understood",
                expected_generation=None,
                expires_at=FAR,
            )
        )
        writer.make_durable().result(60)


def answer(here: Floor, name: str) -> CommandAnswered:
    payload = here.wait_for(CommandAnswered.KIND, command_id=name).payload
    assert isinstance(payload, CommandAnswered)
    return payload


def test_i20_a_reset_closes_the_breaker_that_it_names_only_once_confirmed_and_says_what_stays(
    floor: Callable[..., Floor],
):
    within_one_day()
    here = floor(**losing_settings(1, max_drawdown=0.00001))
    here.start("run")
    for breaker in ("max_drawdown", "max_daily_loss"):
        here.wait_for(BreakerOpened.KIND, breaker=breaker)
    # What is held any longer could lose what opens the breaker again.
    assert wait_until(lambda: held(here.state()) < 1 and not here.state().orders)
    issue(here, "unconfirmed", ResetBreaker(breaker="max_daily_loss"))
    refused = answer(here, "unconfirmed")
    assert (refused.outcome, refused.error_code) == ("rejected", "RISK_022")
    assert set(here.state().breakers) == {"max_daily_loss", "max_drawdown"}
    issue(here, "confirmed", ResetBreaker(breaker="max_daily_loss", confirm="max_daily_loss"))
    done = answer(here, "confirmed")
    assert done.outcome == "acknowledged"
    reset = here.wait_for(BreakerReset.KIND, breaker="max_daily_loss").payload
    assert isinstance(reset, BreakerReset)
    assert (reset.actor, reset.how, reset.command_id) == ("ada", "person", "confirmed")
    assert reset.consequence in done.message
    assert "every other breaker" in done.message
    state = here.state()
    assert set(state.breakers) == {"max_drawdown"}
    assert state.account.loss_anchor == reset.anchor
    assert (state.mode.mode, state.mode.reason) == ("reduce_only", "BreakerOpen")
    after = here.events()[-1].seq
    here.kill("run")
    here.start("run")
    restored = here.wait_for(AnchorsRestored.KIND, after=after).payload
    assert isinstance(restored, AnchorsRestored)
    assert (restored.breakers, restored.loss_anchor) == (("max_drawdown",), reset.anchor)
    assert restored.day_start_equity == state.account.day_start_equity != reset.anchor
