"""Protective orders: there when something is held, gone when it is not, back after a restart."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.events.account import ProtectionChanged, ProtectionStatus
from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, Mode, SymbolBlocked
from trading_bot.contract.events.trading import (
    OrderCancelRequested,
    OrderDenied,
    OrderFilled,
    OrderIntended,
    OrderRejected,
    OrderSent,
    Side,
    Trigger,
)
from trading_bot.contract.settings import Protection
from trading_bot.domain.orders import OrderStatus
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import StreamName, VenueOrder, VenueOrderStatus

BOTH = {PAIR: {"stop_loss_pct": 2, "take_profit_pct": 4}}
STOP = {PAIR: {"stop_loss_pct": 2}}
BID, ASK = "1.1000", "1.1002"
ENTRY = Decimal(ASK)


def rig_of(folder: Path, protection: dict[str, Any] | None = None, **changes: Any) -> Rig:
    return Rig(folder, protection=protection or BOTH, **changes)


async def protected(bot: Running, count: int = 2) -> None:
    """Wait until so many protective orders rest, in the books and at the venue."""
    await bot.until(lambda: len(resting(bot)) == count and len(at_venue(bot)) == count)
    await bot.until(lambda: status(bot) is ProtectionStatus.VENUE)


async def killed_and_stripped(rig: Rig) -> None:
    """Enter, kill the bot, and take its one stop away at the venue."""
    async with rig.running() as bot:
        await bot.enter()
        await protected(bot, 1)
        gone = resting(bot)[0].client_order_id
        await bot.kill()
    await rig.venue.cancel(PAIR, gone)


def resting(bot: Running) -> list[Any]:
    return [order for order in bot.state.orders.values() if order.trigger is not None and order.rests]


def at_venue(bot: Running) -> list[VenueOrder]:
    return [entry.order for entry in bot.rig.venue._books.working(PAIR)]


def status(bot: Running) -> ProtectionStatus | None:
    known = bot.state.protection.get(PAIR)
    return known.status if known is not None else None


def held(bot: Running) -> Decimal:
    position = bot.state.positions.get(PAIR)
    return position.quantity if position is not None else Decimal(0)


async def sold(bot: Running) -> None:
    await bot.until(lambda: held(bot) < Decimal("0.1"))
    await bot.until(lambda: not resting(bot) and not at_venue(bot))


def test_a_position_gets_both_its_orders_at_the_venue_sized_down_to_the_lot(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path).running() as bot:
            await bot.enter()
            await protected(bot)
            quantity = held(bot) // Decimal("0.1") * Decimal("0.1")
            prices = {order.trigger: order.stop_price for order in resting(bot)}
            assert {order.quantity for order in resting(bot)} == {quantity}
            assert prices[Trigger.STOP_LOSS] == Decimal("1.07820")
            assert prices[Trigger.TAKE_PROFIT] == Decimal("1.14421")
            said = bot.state.protection[PAIR]
            assert (said.quantity, said.stop_loss) == (quantity, prices[Trigger.STOP_LOSS])
            assert not bot.state.reconciliation.mismatches

    play(scenario())


def test_a_stop_that_is_reached_sells_and_takes_the_other_order_with_it(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path).running() as bot:
            await bot.enter()
            await protected(bot)
            await bot.quote("1.0770", "1.0772")
            await sold(bot)
            (sale,) = bot.events(OrderFilled, side=Side.SELL)
            assert sale.price == Decimal("1.0770")
            await bot.until(lambda: status(bot) is ProtectionStatus.NONE)
            ends = {order.trigger: order.status for order in bot.state.closed_orders.values()}
            assert ends[Trigger.STOP_LOSS] is OrderStatus.FILLED
            assert ends[Trigger.TAKE_PROFIT] is OrderStatus.CANCELLED

    play(scenario())


def test_an_exit_takes_the_protective_orders_away_first_and_sells_all(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path).running() as bot:
            await bot.enter()
            await protected(bot)
            await bot.bar("1.00")
            await sold(bot)
            (exit_order,) = [o for o in bot.orders if o.side is Side.SELL and o.trigger is None]
            assert exit_order.status is OrderStatus.FILLED
            assert len(bot.events(OrderCancelRequested)) == 1, "the pair ends with one of its orders"
            assert len(bot.events(OrderFilled, side=Side.SELL)) == 1

    play(scenario())


def test_a_stop_that_trades_while_it_is_taken_away_leaves_nothing_to_close(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, STOP, venue_kind=TradesOnCancel)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot, 1)
            await bot.bar("1.00")
            await bot.until(lambda: "ORDER_007" in bot.codes())
            await sold(bot)
            assert len(bot.events(OrderFilled, side=Side.SELL)) == 1

    play(scenario())


class TradesOnCancel(InMemoryVenue):
    """The market falls in the moment in which a cancel arrives."""

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        self.push_quote(symbol, Decimal("1.0500"), Decimal("1.0502"))
        return await super().cancel(symbol, client_order_id)


def test_a_restart_finds_the_orders_where_they_rest_and_sends_none(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot)
            ids = {order.client_order_id for order in resting(bot)}
            await bot.kill()
        async with rig.running() as bot:
            await protected(bot)
            assert {order.client_order_id for order in resting(bot)} == ids
            assert not bot.events(OrderIntended)

    play(scenario())


def test_a_restart_brings_back_what_is_gone_before_it_is_ready(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot)
            gone = resting(bot)[0].client_order_id
            await bot.kill()
        await rig.venue.cancel(PAIR, gone)
        async with rig.running() as bot:
            await protected(bot)
            kinds = [type(envelope.payload) for envelope in bot.ledger.envelopes]
            assert kinds.index(OrderIntended) < kinds.index(BotReady)

    play(scenario())


def test_a_start_that_cannot_protect_what_is_held_halts(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, STOP)
        await killed_and_stripped(rig)
        for _ in range(30):
            rig.venue.reject_next("stop orders are suspended")
        async with rig.starting() as bot:
            await bot.until(bot.quote_until_ready)
            assert "ORDER_006" in bot.codes()
            assert bot.state.mode.mode is Mode.HALTED
            assert status(bot) is ProtectionStatus.MISSING

    play(scenario())


def test_a_start_while_a_held_symbol_is_halted_leaves_it_unprotected_and_trades_the_others(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, STOP)
        await killed_and_stripped(rig)
        rig.venue.halt(PAIR)
        async with rig.starting() as bot:
            await bot.until(bot.quote_until_ready)
            assert bot.state.mode.mode is Mode.RUNNING
            assert status(bot) is ProtectionStatus.MISSING
            await bot.until(lambda: "Unprotected" in bot.state.markets[PAIR].blocks)
            assert "ORDER_006" not in bot.codes()
            assert (await bot.enter(STOCK)).status is OrderStatus.FILLED

    play(scenario())


def test_a_position_whose_stop_is_refused_takes_no_new_risk_until_it_has_one(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path, STOP).running() as bot:
            await bot.enter()
            await protected(bot, 1)
            bot.rig.venue.reject_next("stop orders are suspended")
            change(bot, {PAIR: {"stop_loss_pct": 3}})
            await bot.until(lambda: "ORDER_005" in bot.codes())
            blocked = bot.events(SymbolBlocked, reason="Unprotected")
            assert [event.blocked for event in blocked][:1] == [True]
            await protected(bot, 1)
            assert [event.blocked for event in bot.events(SymbolBlocked, reason="Unprotected")] == [
                True,
                False,
            ]
            statuses = [event.status for event in bot.events(ProtectionChanged)]
            assert statuses[-2:] == [ProtectionStatus.MISSING, ProtectionStatus.VENUE]

    play(scenario())


def change(bot: Running, protection: dict[str, Any]) -> None:
    """Put other protection in force, as a change of the settings does."""
    made = {symbol: msgspec.convert(each, Protection, strict=False) for symbol, each in protection.items()}
    bot.context.settings = msgspec.structs.replace(bot.context.settings, protection=made)


def test_other_percentages_move_the_orders_and_none_takes_them_away(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path).running() as bot:
            await bot.enter()
            await protected(bot)
            change(bot, {PAIR: {"stop_loss_pct": 10}})
            await bot.until(lambda: [order.stop_price for order in resting(bot)] == [Decimal("0.99018")])
            await protected(bot, 1)
            change(bot, {})
            await bot.until(lambda: status(bot) is ProtectionStatus.NONE)
            assert not at_venue(bot)
            assert held(bot) > 0

    play(scenario())


def test_where_the_venue_takes_no_such_orders_the_bot_watches_and_sells(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path)
        rig.venue.takes_triggers = False
        async with rig.running() as bot:
            await bot.enter()
            await bot.until(lambda: status(bot) is ProtectionStatus.BOT)
            assert not at_venue(bot)
            await bot.quote("1.0990", "1.0992")
            await asyncio.sleep(0.05)
            assert held(bot) > 0
            await bot.quote("1.1450", "1.1452")
            await sold(bot)
            assert not bot.events(OrderDenied)

    play(scenario())


def test_a_price_that_is_past_the_stop_before_the_order_was_there_closes_at_once(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, STOP)
        await killed_and_stripped(rig)
        rig.push_quote("1.0500", "1.0502")
        async with rig.starting() as bot:
            await bot.until(lambda: bot.parts.execution.instruments)
            for _ in range(3):
                await bot.quote("1.0500", "1.0502")
            await bot.until(bot.quote_until_ready)
            await sold(bot)
            kinds = [type(envelope.payload) for envelope in bot.ledger.envelopes]
            assert kinds.index(OrderIntended) < kinds.index(BotReady)

    play(scenario())


def test_a_stop_that_is_reached_while_an_exit_rests_takes_its_place(tmp_path: Path):
    async def scenario() -> None:
        resting_exit = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
        rig = rig_of(tmp_path, STOP, execution=resting_exit)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot, 1)
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), bid_quantity=Decimal(0))
            await bot.bar("1.10")
            await bot.until(lambda: [o for o in at_venue(bot) if o.limit_price == Decimal("1.1000")])
            await bot.until(lambda: status(bot) is ProtectionStatus.BOT)
            await bot.quote("1.0500", "1.0502")
            await sold(bot)
            assert bot.events(OrderFilled, side=Side.SELL)[-1].price == Decimal("1.0500")

    play(scenario())


def test_neither_a_halt_nor_a_clean_stop_takes_the_protection_away(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot)
            rig.home.halt.touch()
            bot.beat()
            bot.bot._obey_halt()
            await asyncio.sleep(0.05)
            assert bot.state.mode.mode is Mode.HALTED
            assert len(at_venue(bot)) == 2
            rig.home.halt.unlink()
        assert (
            len([e for e in rig.venue._books.working(PAIR) if e.order.status is VenueOrderStatus.OPEN]) == 2
        )

    play(scenario())


class SlowToCancel(InMemoryVenue):
    """Takes a cancel when it is let."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asked, self.may_cancel = asyncio.Event(), asyncio.Event()

    async def cancel(self, symbol: str, client_order_id: str) -> VenueOrder:
        self.asked.set()
        await self.may_cancel.wait()
        return await super().cancel(symbol, client_order_id)


def test_a_close_is_not_sent_once_it_was_halted_while_its_protection_was_taken_away(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, STOP, venue_kind=SlowToCancel)
        async with rig.running() as bot:
            await bot.enter()
            await protected(bot, 1)
            sent = len(bot.events(OrderSent))
            await bot.bar("1.00")
            await rig.venue.asked.wait()
            rig.home.halt.touch()
            bot.beat()
            rig.venue.may_cancel.set()
            await bot.until(lambda: bot.events(OrderRejected) or len(bot.events(OrderSent)) > sent)
            assert bot.events(OrderRejected)[-1].reason == "never_sent"
            assert len(bot.events(OrderSent)) == sent
            await bot.until(lambda: not resting(bot))
            for _ in range(2):
                rig.clock.advance(2)
                bot.parts.execution.moved.set()
                await asyncio.sleep(0.05)
            await bot.until(lambda: "ORDER_005" in bot.codes())  # what is left without protection is said

    play(scenario())


def test_an_unknown_outcome_of_a_pair_is_asked_for_by_both_ids_and_nothing_is_sent_twice(tmp_path: Path):
    async def scenario() -> None:
        rig = rig_of(tmp_path, venue_kind=LosesPairs)
        async with rig.running() as bot:
            rig.venue.mute(StreamName.ORDERS)
            await bot.bar("1.20")
            await protected(bot)
            assert len(bot.events(OrderIntended)) == 3
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


class LosesPairs(InMemoryVenue):
    """Takes pairs and loses the answers."""

    async def place_pair(self, *pair: Any) -> Any:
        self.lose_next_ack()
        return await super().place_pair(*pair)


def test_no_error_is_said_of_a_day_on_which_nothing_goes_wrong(tmp_path: Path):
    async def scenario() -> None:
        async with rig_of(tmp_path).running() as bot:
            for _ in range(3):
                await bot.enter()
                await protected(bot)
                await bot.bar("1.00")
                await sold(bot)
            assert not bot.events(ErrorRecorded)

    play(scenario())


def test_a_position_whose_stop_the_venue_would_not_take_is_called_unprotected_and_why(tmp_path: Path):
    async def scenario() -> None:
        small = {"kind": "sma_cross", "symbols": [PAIR], "fast": 1, "slow": 2, "order_notional": 6}
        rig = rig_of(tmp_path, {PAIR: {"stop_loss_pct": 50}}, strategies={"last": small})
        async with rig.running() as bot:
            await bot.enter()
            await bot.until(lambda: status(bot) is ProtectionStatus.TOO_SMALL)
            said = bot.state.protection[PAIR].message
            assert said.startswith("unprotected: its stop_loss would be worth 2.9")
            assert said.endswith("the venue takes none below 5")
            assert not resting(bot)
            assert not bot.codes()
            await bot.bar("1.00")
            await bot.until(lambda: status(bot) is ProtectionStatus.NONE)

    play(scenario())
