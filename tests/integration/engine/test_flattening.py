"""Positions closed on a person's command, in every mode, whatever stands against trading."""

from __future__ import annotations

import asyncio
import os
import signal
from decimal import Decimal
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.errors import OperatorError, RetriableError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.events.trading import (
    OrderCancelled,
    OrderDenied,
    OrderIntended,
    OrderSent,
    Side,
)
from trading_bot.domain.orders import FLATTENING
from trading_bot.engine import flattening
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import MayLeave, NewOrder, VenueOrder, unconditionally

RESTING = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}


async def flatten(bot: Running, symbol: str | None = None) -> str:
    """Close as the command does, to the end."""
    closing = bot.bot._commands._flattening
    plan = closing.plan(symbol)
    await asyncio.wait_for(closing.run(plan, "ada"), 60)
    return str(plan)


def held(bot: Running, symbol: str = PAIR) -> Decimal:
    return bot.state.positions[symbol].quantity


async def halted_by_file(rig: Rig, bot: Running) -> None:
    rig.home.halt.write_text("something smells\n")
    bot.beat()


async def halted_by_signal(_rig: Rig, bot: Running) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    await bot.until(lambda: bot.state.mode.mode is Mode.HALTED)


async def halted_by_command(_rig: Rig, bot: Running) -> None:
    bot.context.modes.demand(Mode.HALTED, "OperatorHalt", "halted by ada", "ada")


async def paused(_rig: Rig, bot: Running) -> None:
    bot.context.modes.demand(Mode.PAUSED, "OperatorPause", "lunch", "ada")


async def reduced(_rig: Rig, bot: Running) -> None:
    bot.context.modes.demand(Mode.REDUCE_ONLY, "Test", "only closes", "ada")


async def running(_rig: Rig, _bot: Running) -> None:
    pass


@pytest.mark.parametrize(
    "put", [running, reduced, paused, halted_by_file, halted_by_signal, halted_by_command]
)
def test_a_person_closes_what_is_held_in_every_mode_and_nothing_else_is_sent(tmp_path: Path, put):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            for symbol in (PAIR, STOCK):
                await bot.enter(symbol)
            await put(rig, bot)
            mode = bot.state.mode.mode
            sent = len(bot.events(OrderSent))
            assert await flatten(bot) == f"closing {PAIR}, {STOCK}"
            assert held(bot) < 1
            assert held(bot, STOCK) < 1
            closes = bot.events(OrderIntended, strategy=FLATTENING)
            assert [(close.side, close.symbol) for close in closes] == [(Side.SELL, PAIR), (Side.SELL, STOCK)]
            assert len(bot.events(OrderSent)) == sent + 2
            assert bot.state.mode.mode is mode, "closing is no way out of a halt"
            if mode is not Mode.RUNNING:
                await bot.bar("1.00")
                await bot.bar("1.20")
                assert len(bot.events(OrderSent)) == sent + 2, "new risk is still stopped"

    play(scenario())


def test_one_symbol_is_closed_and_the_others_stay(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            for symbol in (PAIR, STOCK):
                await bot.enter(symbol)
            before = held(bot)
            await flatten(bot, STOCK)
            assert (held(bot), held(bot, STOCK) < 1) == (before, True)
            with pytest.raises(OperatorError, match="not traded"):
                await flatten(bot, "BTC/USD")

    play(scenario())


def test_a_working_entry_is_cancelled_before_its_position_is_closed(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(300))
            await bot.bar("1.20")
            await bot.until(lambda: held(bot) > 1 if PAIR in bot.state.positions else False)
            assert bot.parts.execution.is_busy(PAIR)
            await flatten(bot)
            assert bot.events(OrderCancelled)[0].reason == "requested"
            assert held(bot) < 1
            assert not bot.state.orders

    play(scenario())


def test_the_quantity_is_rounded_down_to_the_lot_and_the_dust_is_said(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, funds={"USD": Decimal(100_000), "EUR": Decimal("123.456789")})
        async with rig.running() as bot:
            lot = bot.parts.execution.instruments[PAIR].lot
            await flatten(bot)
            (close,) = bot.events(OrderIntended)
            assert close.quantity <= Decimal("123.456789")
            assert close.quantity % lot == 0
            left = held(bot)
            assert 0 <= left < lot
            said = await flatten(bot)
            assert said == f"there is nothing to close; stays: {left} {PAIR}"
            assert len(bot.events(OrderIntended)) == 1

    play(scenario())


def test_a_refused_close_is_tried_again_and_the_command_ends_when_the_position_is_flat(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            rig.venue.reject_next()
            await flatten(bot)
            assert held(bot) < 1
            assert len(bot.events(OrderIntended, strategy=FLATTENING)) == 2
            assert "RISK_023" not in bot.codes()

    play(scenario())


@pytest.mark.parametrize("symbol", [None, PAIR])
def test_a_bot_that_has_not_reached_the_venue_does_not_say_that_nothing_is_held(
    tmp_path: Path, symbol: str | None
):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
        rig.venue.fail_next("open", RetriableError("VENUE_001", "nobody there"))
        async with rig.starting() as bot:
            await bot.until(lambda: "VENUE_001" in bot.codes())
            assert held(bot) > 1
            with pytest.raises(OperatorError, match="has not reached the venue"):
                await flatten(bot, symbol)
            await bot.until(bot.quote_until_ready)
            await flatten(bot, symbol)
            assert held(bot) < 1

    play(scenario())


class OneHalted(InMemoryVenue):
    """Refuses every order of one symbol, as a venue that has halted it does."""

    halted: str | None = None

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        if order.symbol == self.halted:
            self.reject_next()
        return await super().place(order, may_leave)


def test_a_halted_symbol_keeps_no_other_from_being_closed_nor_uses_up_the_order_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=OneHalted)
        monkeypatch.setattr(flattening, "LONGEST_SECONDS", 3.0)  # tried at once, after 0.5 s and 1 s later
        async with rig.running() as bot:
            for symbol in (PAIR, STOCK):
                await bot.enter(symbol)
            rig.venue.halted = PAIR
            closing = asyncio.ensure_future(flatten(bot))
            await bot.until(lambda: held(bot, STOCK) < 1)
            assert not closing.done(), "the halted one is still tried"
            await closing
            assert held(bot) > 1
            assert bot.codes()[-1] == "RISK_023"
            assert len(bot.events(OrderIntended, strategy=FLATTENING, symbol=PAIR)) <= 3

    play(scenario())


def test_what_cannot_be_closed_is_an_error_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        monkeypatch.setattr(flattening, "LONGEST_SECONDS", 0.3)
        async with rig.running() as bot:
            await bot.enter()
            bot.state.markets[PAIR].mark = None  # nothing can be priced
            bot.parts.feed.quotes.pop(PAIR)
            await flatten(bot)
            assert held(bot) > 1
            assert bot.codes()[-1] == "RISK_023"
            assert bot.events(OrderDenied)

    play(scenario())


def test_a_close_on_command_has_a_trace_of_its_own(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await flatten(bot)
            await bot.until(lambda: "flatten position" in span_names(bot))
            assert {"check risk", "place order", "send order"} <= span_names(bot)

    play(scenario())


def span_names(bot: Running) -> set[str]:
    return {span.name for recorded in bot.events(SpansRecorded) for span in recorded.spans}
