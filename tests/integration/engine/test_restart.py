"""A bot that comes back: with its books, its anchors, and an eye for what passed meanwhile."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, play
from support.tapes import read_all

from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events.account import AnchorsRestored, BalanceAdopted, DayStarted
from trading_bot.contract.events.lifecycle import (
    BotReady,
    BotStarted,
    BotStopped,
    Mode,
    ModeChanged,
    StateSnapshotted,
)
from trading_bot.contract.events.observation import RuntimeSampled
from trading_bot.contract.events.trading import OrderFilled, OrderIntended, OrderSent, Side, SignalRaised
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, snapshot
from trading_bot.domain.state import State
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import Bar


def test_a_restart_keeps_positions_cash_and_anchors_and_proves_it(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            bot.beat()
            before = bot.state
            await bot.kill()
        async with rig.running() as bot:
            assert [event.previous_run_ended for event in bot.events(BotStarted)] == [False]
            (restored,) = bot.events(AnchorsRestored)
            assert restored.day == "2025-06-16"
            assert restored.day_start_equity == before.account.day_start_equity == Decimal(100_000)
            assert restored.peak_equity == before.account.peak_equity
            assert bot.state.positions[PAIR] == before.positions[PAIR]
            assert bot.state.account.balances == before.account.balances
            assert not bot.events(BalanceAdopted)
            assert not bot.events(DayStarted)
            for metric in (metrics.ORDERS, metrics.FILLS, metrics.SIGNALS):
                assert bot.state.counts[metric.name] == before.counts[metric.name]

    play(scenario())


def test_what_was_measured_is_told_before_trading_begins(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        for _ in range(2):
            async with rig.running() as bot:
                told = [type(each.payload) for each in bot.ledger.envelopes]
                assert RuntimeSampled in told[: told.index(BotReady) + 2], told
                assert bot.state.runtime.clock_offset_ns is not None

    play(scenario())


def test_a_clean_stop_is_told_from_a_crash(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            pass
        (stopped,) = bot.events(BotStopped)
        assert (stopped.reason, stopped.exit_code) == ("stopped by signal", 0)
        assert isinstance(read_all(rig.home.journal)[-1].payload, BotStopped)
        assert bot.state.conditions["FeedFresh"].reason == "Fresh", "what was known last is not unsaid"
        async with rig.running() as bot:
            assert [event.previous_run_ended for event in bot.events(BotStarted)] == [True]

    play(scenario())


def test_a_crossing_that_happened_while_it_was_down_closes_the_position_at_the_next_bar(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await bot.kill()
        rig.push_bar("1.00")  # the averages cross while nobody looks
        async with rig.running() as bot:
            assert not bot.events(OrderIntended)
            await bot.bar("0.99")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            (intended,) = bot.events(OrderIntended)
            assert intended.side is Side.SELL

    play(scenario())


def test_a_crossing_upwards_while_it_was_down_is_not_entered_late(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.kill()
        rig.push_bar("1.20")
        async with rig.running() as bot:
            await bot.bar("1.30")
            assert not bot.events(OrderIntended)

    play(scenario())


def test_strategies_are_warm_before_the_bot_is_ready(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            (ready,) = bot.events(BotReady)
            assert (ready.symbols, ready.strategies) == ((PAIR, STOCK), ("last",))
            assert rig.venue.requests["candles"] == 2
            reasons = [change.reason for change in bot.events(ModeChanged)]
            assert reasons == ["Starting", "Ready"]

    play(scenario())


class SecondHistoryFails(InMemoryVenue):
    """Does not answer the second question for a symbol's history."""

    asked = 0

    async def candles(self, symbol: str, limit: int) -> list[Bar]:
        self.asked += 1
        if self.asked == 2:
            raise RetriableError("VENUE_001", "no answer in time", symbol=symbol)
        return await super().candles(symbol, limit)


def test_a_history_that_comes_at_the_second_try_gives_no_other_strategy_its_own_twice(tmp_path: Path):
    async def scenario() -> None:
        slow = {"kind": "sma_cross", "symbols": [PAIR, STOCK], "fast": 1, "slow": 5, "order_notional": 1000}
        rig = Rig(tmp_path, venue_kind=SecondHistoryFails, strategies={"last": slow})
        async with rig.running() as bot:
            assert rig.venue.asked == 3
            for close in ("1.08", "1.10"):  # with the three of the history just the bars of the slow average
                await bot.bar(close)
            assert not bot.events(SignalRaised)

    play(scenario())


def test_the_live_state_is_the_fold_of_the_tape_after_every_kind_of_run(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        for kill in (True, False, True):
            async with rig.running() as bot:
                await bot.bar("1.20")
                await bot.bar("1.00")
                bot.ledger.append(snapshot(bot.state))
                if kill:
                    await bot.kill()
            state = State()
            for envelope in read_all(rig.home.journal):
                if isinstance(envelope.payload, StateSnapshotted):
                    assert bytes(envelope.payload.state) == encode_state(state)
                state = evolve(state, envelope)
            assert encode_state(state) == encode_state(bot.state)

    play(scenario())


def test_ids_of_orders_never_come_twice_over_restarts(tmp_path: Path):
    async def scenario() -> None:
        rig, seen = Rig(tmp_path), []
        for _ in range(3):
            async with rig.running() as bot:
                await bot.enter()
                await bot.bar("1.00")
                await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
                seen += [sent.client_order_id for sent in bot.events(OrderSent)]
                await bot.kill()
        assert len(seen) == len(set(seen)) == 6
        assert all(len(identity) <= 36 for identity in seen)

    play(scenario())


def test_a_task_that_fails_unforeseen_is_recorded_and_ends_the_bot_with_a_code(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.fail_next("balances", ZeroDivisionError("a defect of ours"))  # type: ignore[arg-type]
            bot.bot._doubt_books()
            assert await bot._task == 1
            assert "BOT_999" in bot.codes()
            (stopped,) = bot.events(BotStopped)
            assert (stopped.reason, stopped.exit_code) == ("the task doubt failed", 1)
            assert bot.state.mode.mode is Mode.PAUSED

    play(scenario())


@pytest.mark.parametrize("name", ["trade", "listen", "settle"])
def test_a_task_that_is_cancelled_or_ends_unforeseen_ends_the_bot_instead_of_leaving_it_deaf(
    tmp_path: Path, name: str
):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            bot.bot._tasks[name].cancel()
            assert await asyncio.wait_for(bot._task, 60) == 1
            assert "BOT_999" in bot.codes()
        async with rig.running() as bot:
            await rig.venue.close()  # nothing more comes
            assert await asyncio.wait_for(bot._task, 60) == 1
            (stopped,) = bot.events(BotStopped)
            assert stopped.reason == "the task listen failed"

    play(scenario())


def test_fills_booked_before_a_crash_are_not_booked_again_by_asking(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await bot.kill()
        async with rig.running() as bot:
            assert not bot.events(OrderFilled)
            assert not bot.state.reconciliation.mismatches

    play(scenario())
