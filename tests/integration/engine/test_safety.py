"""The kill switch, the breakers, the clock and the day."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.errors import HaltError
from trading_bot.contract.events.account import BreakerOpened, BreakerReset, DayStarted
from trading_bot.contract.events.lifecycle import Mode, ModeChanged
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderCancelled,
    OrderCancelRequested,
    OrderDenied,
    OrderRejected,
    OrderSent,
)
from trading_bot.domain.clock import SECOND
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import ClockReading

RESTING = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
HOUR = 3600


async def leave_an_order_at_the_venue(rig: Rig, bot: Running) -> None:
    rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
    await bot.bar("1.20")
    await bot.until(lambda: bot.events(OrderAcknowledged))


def test_the_halt_file_halts_cancels_what_works_and_its_removal_lets_trade_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            await leave_an_order_at_the_venue(rig, bot)
            rig.home.halt.write_text("something smells\n")
            await bot.until(lambda: bot.events(OrderCancelled))
            assert bot.events(OrderCancelRequested)[0].reason == "halted"
            assert bot.events(OrderCancelled)[0].reason == "requested"
            assert (bot.state.mode.mode, bot.state.mode.message) == (Mode.HALTED, "halted: something smells")
            await bot.bar("1.20", STOCK)
            assert bot.events(OrderDenied)[-1].limit == "mode"
            rig.home.halt.unlink()
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_a_bot_boots_halted_while_the_file_exists(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.home.halt.touch()
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.HALTED
            await bot.bar("1.20")
            assert not bot.events(OrderSent)

    play(scenario())


def test_a_signal_halts_at_once_and_another_has_the_file_looked_at_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            await leave_an_order_at_the_venue(rig, bot)
            os.kill(os.getpid(), signal.SIGUSR1)
            await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)
            await bot.until(lambda: bot.events(OrderCancelled))
            bot.beat()
            assert bot.state.mode.mode is Mode.HALTED, "the signal stands without a file"
            os.kill(os.getpid(), signal.SIGUSR2)
            await bot.until(lambda: bot.state.mode.mode is Mode.RUNNING)

    play(scenario())


def test_a_halt_by_signal_alone_stands_after_a_restart_until_a_person_lifts_it(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            os.kill(os.getpid(), signal.SIGUSR1)
            await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)
            await bot.kill()
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.HALTED
            assert bot.state.mode.message == "halted by signal"
            os.kill(os.getpid(), signal.SIGUSR2)
            await bot.until(lambda: bot.state.mode.mode is Mode.RUNNING)
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_an_intent_that_waited_for_the_disk_while_the_mode_changed_is_not_sent(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            for mode in (Mode.HALTED, Mode.REDUCE_ONLY):
                bot.context.modes.withdraw("Test")
                before = len(bot.events(OrderRejected))
                bar_comes(rig, bot)
                bot.context.modes.demand(mode, "Test", "while the intent is on its way to the disk")
                await bot.until(lambda: len(bot.events(OrderRejected)) > before)  # noqa: B023
                assert bot.events(OrderRejected)[-1].reason == "never_sent"
            assert "place" not in rig.venue.requests

    play(scenario())


def bar_comes(rig: Rig, bot: Running) -> None:
    """Go through two crossings in one step of the loop: the last one proposes to buy."""
    for close in ("1.00", "1.20"):
        rig.push_bar(close)
        bot.parts.decisions.on_bar(rig.venue._bars[PAIR][-1])


def test_a_daily_loss_opens_the_breaker_which_only_reduces_until_the_next_day(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_daily_loss": 50})
        async with rig.running() as bot:
            await bot.enter()
            await bot.quote("1.0000", "1.0002")  # ten percent of 1000
            rig.clock.advance(1)
            await bot.quote("1.0001", "1.0002")
            bot.beat()
            (opened,) = bot.events(BreakerOpened)
            assert (opened.breaker, opened.limit_value) == ("max_daily_loss", Decimal(50))
            bot.beat()
            assert bot.state.mode.reason == "BreakerOpen"
            assert bot.state.conditions["RiskWithinLimits"].status == "False"
            await bot.bar("1.00")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            bot.beat()
            assert len(bot.events(BreakerOpened)) == 1
            rig.clock.advance(12 * HOUR)
            for symbol in (PAIR, STOCK):
                await bot.quote(symbol=symbol)
            bot.beat()
            (reset,) = bot.events(BreakerReset)
            assert "2025-06-17" in reset.reason
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_a_drawdown_breaker_outlives_the_day_and_a_restart(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_drawdown": 0.0005})
        async with rig.running() as bot:
            await bot.enter()
            rig.clock.advance(1)
            await bot.quote("1.0000", "1.0002")
            bot.beat()
            assert [opened.breaker for opened in bot.events(BreakerOpened)] == ["max_drawdown"]
            await bot.kill()
        rig.clock.advance(12 * HOUR)
        async with rig.running() as bot:
            assert "max_drawdown" in bot.state.breakers
            assert bot.state.mode.reason == "BreakerOpen"
            assert not bot.events(BreakerReset)

    play(scenario())


def test_a_clock_that_is_set_back_does_not_begin_the_day_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            assert [started.day for started in bot.events(DayStarted)] == ["2025-06-16"]
            rig.clock.advance(-24 * HOUR)
            bot.beat()
            assert len(bot.events(DayStarted)) == 1
            rig.clock.advance(36 * HOUR)
            bot.beat()
            assert [started.day for started in bot.events(DayStarted)] == ["2025-06-16", "2025-06-17"]

    play(scenario())


def test_a_clock_that_is_set_forward_begins_no_day_before_the_venue_agrees(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        tomorrow = 26 * HOUR
        async with rig.running() as bot:
            (today,) = bot.events(DayStarted)
            rig.clock.set_wall(tomorrow)
            bot.beat()
            rig.venue.clock_offset_ns = -tomorrow * SECOND
            await bot.bot._measure_clock()
            bot.beat()
            assert bot.events(DayStarted) == [today]
            rig.clock.set_wall(-tomorrow)
            rig.venue.clock_offset_ns = 0
            await bot.bot._measure_clock()
            rig.clock.advance(tomorrow)
            bot.beat()
            assert [started.day for started in bot.events(DayStarted)] == ["2025-06-16", "2025-06-17"]

    play(scenario())


def test_a_clock_that_differs_from_the_venues_only_reduces(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.clock_offset_ns = -1_500_000_000
        async with rig.running() as bot:
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "ClockSkew")
            bot.beat()
            assert bot.codes().count("VENUE_005") == 1
            rig.venue.clock_offset_ns = 900_000_000
            await bot.bot._measure_clock()
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


def test_an_error_that_halts_stops_trading_until_a_person_lifts_it_over_restarts_too(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.fail_next("place", HaltError("VENUE_004", "banned for asking too often"))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderRejected))
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.HALTED, "HaltingError")
            await bot.kill()
        async with rig.running() as bot:
            assert bot.state.mode.mode is Mode.HALTED
            assert "banned for asking too often" in bot.state.mode.message
            os.kill(os.getpid(), signal.SIGUSR2)
            await bot.until(lambda: bot.state.mode.mode is Mode.RUNNING)

    play(scenario())


def test_what_limits_the_mode_is_found_before_trading_begins(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.clock_offset_ns = 1_500_000_000
        async with rig.running() as bot:
            assert [change.reason for change in bot.events(ModeChanged)] == ["Starting", "ClockSkew"]

    play(scenario())


def test_an_answer_that_took_long_says_nothing_of_the_clock(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=SlowClock)
        async with rig.running() as bot:
            rig.venue.clock_offset_ns = 2_000_000_000
            await bot.bot._measure_clock()
            bot.beat()
            assert bot.state.mode.mode is Mode.RUNNING

    play(scenario())


class SlowClock(InMemoryVenue):
    """Answers the question for its time four seconds later."""

    async def clock(self) -> ClockReading:
        reading = await super().clock()
        return ClockReading(offset_ns=reading.offset_ns, round_trip_ns=4_000_000_000)
