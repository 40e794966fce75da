"""The kill switch in all its combinations: file, signal, command; each halts alone, none lifts another."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, Running, play
from support.tapes import read_all

from trading_bot.contract.events.account import BreakerOpened
from trading_bot.contract.events.lifecycle import BotStarted, Mode, ModeDemanded
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderCancelled,
    OrderDenied,
    OrderRejected,
    OrderSent,
)
from trading_bot.engine.modes import OPERATOR_HALT
from trading_bot.journal.beacon import read_beacon
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import MayLeave, NewOrder, VenueOrder, unconditionally

RESTING = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}


def by_file(rig: Rig, _bot: Running) -> None:
    rig.home.halt.write_text("something smells\n")


def by_signal(_rig: Rig, _bot: Running) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)


def by_command(_rig: Rig, bot: Running) -> None:
    bot.context.modes.demand(Mode.HALTED, OPERATOR_HALT, "halted by ada: enough", "ada")


WAYS: tuple[Callable[[Rig, Running], None], ...] = (by_file, by_signal, by_command)
WAYS_BY_NAME = {way.__name__: way for way in WAYS}
COMBINATIONS = tuple(chain.from_iterable(combinations(WAYS, count) for count in (1, 2, 3)))


class HoldsBack(InMemoryVenue):
    """Its client waits, for the rate limit or for a connection, before it sends an order."""

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.waiting, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        self.waiting.set()
        await self.may_go_on.wait()
        return await super().place(order, may_leave)


@pytest.mark.parametrize("way", WAYS_BY_NAME)
def test_an_order_that_waits_inside_the_client_does_not_leave_after_a_halt(tmp_path: Path, way: str):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=HoldsBack)
        async with rig.running() as bot:
            assert isinstance(rig.venue, HoldsBack)
            await bot.bar("1.20")
            await rig.venue.waiting.wait()
            WAYS_BY_NAME[way](rig, bot)
            await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)
            rig.venue.may_go_on.set()
            await bot.until(lambda: bot.only_order().is_final)
            (rejected,) = bot.events(OrderRejected)
            assert (rejected.reason, rejected.error_code) == ("never_sent", "RISK_008")
            assert not bot.only_order().failed, "the venue has refused nothing"
            assert rig.venue.requests.get("place", 0) == 0
            assert not bot.codes()

    play(scenario())


async def an_order_rests(rig: Rig, bot: Running) -> None:
    rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
    await bot.bar("1.20")
    await bot.until(lambda: bot.events(OrderAcknowledged))


@pytest.mark.parametrize(
    "ways", COMBINATIONS, ids=["+".join(way.__name__ for way in ways) for ways in COMBINATIONS]
)
def test_however_it_was_halted_nothing_new_is_sent_what_works_is_cancelled_and_it_resumes_in_place(
    tmp_path: Path, ways: tuple[Callable[[Rig, Running], None], ...]
):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            await an_order_rests(rig, bot)
            for way in ways:
                way(rig, bot)
            await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)
            await bot.until(lambda: bot.events(OrderCancelled))
            sent = len(bot.events(OrderSent))
            await bot.bar("1.20", STOCK)
            assert bot.events(OrderDenied)[-1].limit == "mode"
            assert len(bot.events(OrderSent)) == sent
            if by_file in ways:
                os.kill(os.getpid(), signal.SIGUSR2)  # somebody asks to resume while the file is there
                await bot.until(lambda: bot.state.mode.reason == "KillSwitch")
                bot.beat()
                assert bot.state.mode.mode is Mode.HALTED
                rig.home.halt.unlink()
            os.kill(os.getpid(), signal.SIGUSR2)
            await bot.until(lambda: bot.state.mode.mode is Mode.RUNNING)
            await bot.bar("1.00", STOCK)
            await bot.bar("1.20", STOCK)
            await bot.until(lambda: len(bot.events(OrderSent)) > sent)
            assert len(bot.events(BotStarted)) == 1, "the same run goes on: no cold restart"

    play(scenario())


def told_mode(rig: Rig) -> Mode:
    beacon = read_beacon(rig.home.beacon, rig.clock.now_ns()).beacon
    assert beacon is not None
    return beacon.mode


def test_the_end_of_a_halt_is_told_once_the_tape_has_it(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            by_command(rig, bot)
            bot.beat()
            assert told_mode(rig) is Mode.HALTED
            os.kill(os.getpid(), signal.SIGUSR2)
            await bot.until(lambda: bot.state.mode.mode is Mode.RUNNING)
            bot.beat()
            await bot.until(lambda: told_mode(rig) is not Mode.HALTED)
            kept = [
                each.payload for each in read_all(rig.home.journal) if isinstance(each.payload, ModeDemanded)
            ]
            assert (kept[-1].reason, kept[-1].standing) == (OPERATOR_HALT, False)

    play(scenario())


def test_lifting_a_halt_does_not_lift_an_open_breaker(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_daily_loss": 50})
        async with rig.running() as bot:
            await bot.enter()
            by_file(rig, bot)
            rig.clock.advance(1)
            await bot.quote("1.0000", "1.0002")
            bot.beat()
            bot.beat()
            assert bot.events(BreakerOpened)
            assert bot.state.mode.mode is Mode.HALTED
            rig.home.halt.unlink()
            bot.beat()
            assert (bot.state.mode.mode, bot.state.mode.reason) == (Mode.REDUCE_ONLY, "BreakerOpen")

    play(scenario())


@pytest.mark.parametrize("halt", [by_file, by_signal])
def test_a_beacon_that_cannot_be_written_stands_in_no_halts_way_and_is_said_once(
    tmp_path: Path, halt: Callable[[Rig, Running], None]
):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            await an_order_rests(rig, bot)
            beacon = bot._beacon
            writable, beacon._descriptor = beacon._descriptor, os.open(beacon.path, os.O_RDONLY)
            halt(rig, bot)
            await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)
            await bot.until(lambda: bot.events(OrderCancelled))
            bot.beat()
            assert len([code for code in bot.codes() if code.startswith(("JRNL", "BOT"))]) == 1
            os.close(beacon._descriptor)
            beacon._descriptor = writable

    play(scenario())


def test_what_works_is_cancelled_although_another_part_of_the_heartbeat_fails(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            await an_order_rests(rig, bot)
            by_file(rig, bot)
            bot.context.meter._requests = None  # type: ignore[assignment]
            rig.clock.advance(60)  # a sample is due, and fails
            await bot.until(lambda: "BOT_999" in bot.codes())
            await bot.until(lambda: bot.events(OrderCancelled))

    play(scenario())


def test_a_halt_stands_when_the_journal_cannot_be_written(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            bot.context.modes.demand(Mode.PAUSED, "JournalUnwritable", "the disk is full")
            by_file(rig, bot)
            bot.beat()
            assert bot.state.mode.mode is Mode.HALTED
            rig.home.halt.unlink()
            bot.beat()
            assert bot.state.mode.mode is not Mode.HALTED

    play(scenario())
