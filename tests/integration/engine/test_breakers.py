"""Breakers in a running bot: warnings, cool-downs, resets by name, and what a restart keeps of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.commands import ResetBreaker
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.account import (
    AnchorsRestored,
    BreakerOpened,
    BreakerReset,
    DayStarted,
    LossWarned,
)
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import OrderDenied, OrderRejected

HOUR = 3600


async def lose(rig: Rig, bot: Running, bid: str = "1.0000") -> None:
    """Let the market fall under what is held."""
    rig.clock.advance(1)
    await bot.quote(bid, str(Decimal(bid) + Decimal("0.0002")))
    await bot.quote(symbol=STOCK)
    bot.beat()


def reset(bot: Running, breaker: str, confirm: str | None = None) -> str:
    command = ResetBreaker(breaker=breaker, confirm=breaker if confirm is None else confirm)
    return bot.parts.breakers.reset_by(command, actor="ada", reason="understood", command_id="c1")


def test_half_of_the_daily_loss_warns_once_a_day_over_restarts_too(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_daily_loss": 150})
        async with rig.running() as bot:
            await bot.enter()
            await lose(rig, bot)  # ten percent of 1000
            (warned,) = bot.events(LossWarned)
            assert warned.limit_value == 150
            assert 75 <= warned.observed < 150
            bot.beat()
            assert bot.codes().count("RISK_013") == 1
            assert bot.state.mode.mode is Mode.RUNNING
            await bot.kill()
        async with rig.running() as bot:
            await lose(rig, bot)
            assert not bot.events(LossWarned)
            rig.clock.advance(12 * HOUR)
            await lose(rig, bot)
            assert bot.events(DayStarted)
            await lose(rig, bot, "0.9000")
            assert len(bot.events(LossWarned)) == 1

    play(scenario())


def test_too_many_refused_orders_stop_new_risk_until_the_cool_down_is_over(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(
            tmp_path,
            limits={"max_order_error_ratio": 0.5},
            breakers={"least_orders": 2, "cool_down_seconds": 60},
        )
        async with rig.running() as bot:
            for symbol in (PAIR, STOCK):
                rig.venue.reject_next()
                await bot.enter(symbol)
            assert len(bot.events(OrderRejected)) == 2
            bot.beat()
            assert [opened.breaker for opened in bot.events(BreakerOpened)] == ["max_order_error_ratio"]
            assert "RISK_015" in bot.codes()
            assert bot.state.mode.mode is Mode.REDUCE_ONLY
            rig.clock.advance(59)
            await lose(rig, bot, "1.1000")
            (reset,) = bot.events(BreakerReset)
            assert (reset.how, reset.actor) == ("cool_down", "bot")
            assert bot.state.mode.mode is Mode.RUNNING
            rig.clock.advance(1)
            await bot.bar("1.00")
            rig.venue.reject_next()
            await bot.enter()
            bot.beat()
            assert len(bot.events(BreakerOpened)) == 2, "half open: half as many are enough"

    play(scenario())


def test_the_cool_down_goes_on_over_a_restart(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_consecutive_losses": 1}, breakers={"cool_down_seconds": 60})
        async with rig.running() as bot:
            await bot.enter()
            await lose(rig, bot)
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.guards.consecutive_losses == 1)
            bot.beat()
            assert [opened.breaker for opened in bot.events(BreakerOpened)] == ["max_consecutive_losses"]
            await bot.kill()
        rig.clock.advance(30)
        async with rig.running() as bot:
            (restored,) = bot.events(AnchorsRestored)
            assert (restored.consecutive_losses, restored.orders_counted) == (1, 2)
            assert restored.breakers == ("max_consecutive_losses",)
            assert bot.state.mode.reason == "BreakerOpen"
            rig.clock.advance(31)
            await lose(rig, bot)
            assert [event.how for event in bot.events(BreakerReset)] == ["cool_down"]

    play(scenario())


def test_a_person_resets_one_breaker_by_its_name_and_the_same_loss_does_not_open_it_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_daily_loss": 50, "max_drawdown": 0.0005})
        async with rig.running() as bot:
            await bot.enter()
            await lose(rig, bot)
            assert set(bot.state.breakers) == {"max_daily_loss", "max_drawdown"}
            said = reset(bot, "max_daily_loss")
            assert "is measured from an equity of" in said
            bot.beat()
            assert set(bot.state.breakers) == {"max_drawdown"}
            assert bot.state.mode.reason == "BreakerOpen"
            reset(bot, "max_drawdown")
            for _ in range(3):
                await lose(rig, bot)
            assert not bot.state.breakers
            assert bot.state.mode.mode is Mode.RUNNING
            anchor = bot.state.account.loss_anchor
            assert anchor == bot.state.account.drawdown_anchor == bot.events(BreakerReset)[0].anchor
            await bot.kill()
        async with rig.running() as bot:
            (restored,) = bot.events(AnchorsRestored)
            assert (restored.loss_anchor, restored.drawdown_anchor, restored.breakers) == (anchor, anchor, ())
            assert restored.peak_equity > anchor
            await lose(rig, bot, "0.9000")
            assert set(bot.state.breakers) == {"max_daily_loss", "max_drawdown"}, "a further loss opens again"

    play(scenario())


@pytest.mark.parametrize(
    ("breaker", "confirm", "words"),
    [
        ("max_daily_loss", "", "not confirmed"),
        ("max_daily_loss", "max_drawdown", "not confirmed"),
        ("max_daily_loss", "max_daily_loss", "is not open"),
        ("all", "all", "there is no breaker"),
    ],
)
def test_a_reset_that_does_not_name_an_open_breaker_twice_does_nothing(
    tmp_path: Path, breaker: str, confirm: str, words: str
):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            with pytest.raises(NonRetriableError, match=words) as caught:
                reset(bot, breaker, confirm)
            assert caught.value.code == "RISK_022"
            assert not bot.events(BreakerReset)

    play(scenario())


def test_a_position_that_cannot_be_left_blocks_its_symbol_and_says_so_once(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_exit_seconds": 20})
        async with rig.running() as bot:
            await bot.enter()
            rig.venue.reject_next()
            await bot.bar("1.00")
            await bot.until(lambda: bot.events(OrderRejected))
            rig.clock.advance(21)
            await lose(rig, bot, "1.1000")
            assert "StuckPosition" in bot.state.markets[PAIR].blocks
            bot.beat()
            assert bot.codes().count("RISK_018") == 1
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            bot.beat()
            assert "StuckPosition" not in bot.state.markets[PAIR].blocks
            assert [e.blocked for e in bot.events(SymbolBlocked, reason="StuckPosition")] == [True, False]

    play(scenario())


def test_a_mark_too_old_to_value_a_position_makes_equity_uncertain(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_mark_age_seconds": 2}, intervals={"stale_after_seconds": 1})
        async with rig.running() as bot:
            await bot.enter()
            for _ in range(3):
                rig.clock.advance(1)
                await bot.quote(symbol=STOCK)
                bot.beat()
            assert bot.state.mode.reason == "EquityUncertain"
            assert bot.state.mode.mode is Mode.REDUCE_ONLY
            condition = bot.state.conditions["RiskWithinLimits"]
            assert (condition.status, condition.reason) == ("Unknown", "EquityUncertain")
            await bot.bar("1.20", STOCK)
            assert bot.events(OrderDenied)[-1].limit == "mode"
            await bot.quote()
            bot.beat()
            assert bot.state.conditions["RiskWithinLimits"].status == "True"
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_without_its_anchors_a_restarted_bot_only_closes_and_says_so(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, funds={"USD": Decimal(100_000), "EUR": Decimal(500)})
        async with rig.starting() as bot:  # ends before it has heard a quote: no equity, no day
            await bot.until(lambda: bot.state.account.opened_at is not None)
            await bot.kill()
        async with rig.starting() as bot:
            await bot.until(lambda: bot.events(AnchorsRestored))
            assert bot.events(AnchorsRestored)[0].complete is False
            assert "RISK_021" in bot.codes()
            bot.parts.vitals.ready = True
            bot.beat()
            assert bot.context.modes.demanded("AnchorsMissing")

    play(scenario())
