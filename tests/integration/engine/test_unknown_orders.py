"""Orders in doubt: lost answers, lost orders, reports twice or in the wrong order."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events.lifecycle import SymbolBlocked
from trading_bot.contract.events.trading import (
    LearnedBy,
    OrderAcknowledged,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderIntended,
    OrderOutcomeLost,
    OrderRejected,
    OrderSent,
)
from trading_bot.domain.orders import OrderStatus
from trading_bot.engine.settlement import RECEIVE_WINDOW_NS
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import (
    MayLeave,
    NewOrder,
    StreamName,
    VenueOrder,
    VenueOrderStatus,
    unconditionally,
)

WINDOW_SECONDS = RECEIVE_WINDOW_NS / 1e9


class SlowToAnswer(InMemoryVenue):
    """Takes orders at once, and answers when it is let."""

    def __init__(self, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.may_answer = asyncio.Event()

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        taken = await super().place(order, may_leave)
        await self.may_answer.wait()
        return taken


async def lose_answer(rig: Rig, bot: Running) -> None:
    """Have an order taken whose answer and reports are lost."""
    rig.venue.mute(StreamName.ORDERS)
    rig.venue.lose_next_ack()
    await bot.bar("1.20")
    await bot.until(lambda: bot.events(OrderOutcomeLost))


def test_an_order_whose_answer_is_lost_is_asked_for_and_never_sent_again(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await lose_answer(rig, bot)
            await bot.until(lambda: bot.state.closed_orders)
            order = bot.only_order()
            assert order.status is OrderStatus.FILLED
            assert bot.events(OrderAcknowledged)[0].learned_by is LearnedBy.RECONCILIATION
            assert [fill.learned_by for fill in bot.events(OrderFilled)] == [LearnedBy.RECONCILIATION]
            assert rig.venue.requests["place"] == 1
            blocks = [event.blocked for event in bot.events(SymbolBlocked, reason="UnknownOrder")]
            assert blocks == [True, False]

    play(scenario())


def test_while_an_order_is_unknown_nothing_new_is_sent_on_its_symbol_and_others_trade(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            assert bot.state.markets[PAIR].blocks.keys() == {"UnknownOrder"}
            await bot.bar("1.00")
            await bot.bar("1.30")
            assert len(bot.events(OrderIntended)) == 1
            assert (await bot.enter(STOCK)).status is OrderStatus.FILLED

    play(scenario())


def test_an_order_that_never_arrived_is_given_up_only_when_it_cannot_arrive_any_more(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20")
            await bot.until(lambda: rig.venue.requests.get("order", 0) >= 2)
            assert bot.only_order().status is OrderStatus.UNKNOWN
            rig.clock.advance(WINDOW_SECONDS - 1)
            asked = rig.venue.requests["order"]
            await bot.until(lambda: rig.venue.requests["order"] > asked)
            assert bot.only_order().status is OrderStatus.UNKNOWN
            rig.clock.advance(1)
            await bot.until(lambda: bot.events(OrderRejected))
            (rejected,) = bot.events(OrderRejected)
            assert rejected.reason == "not_found"
            assert not bot.state.markets[PAIR].blocks.get("UnknownOrder")
            assert rig.venue.requests["place"] == 1

    play(scenario())


def test_an_answer_that_took_long_does_not_make_an_order_older_than_it_was_when_asked_for(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=SlowToFindNothing)
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            venue = rig.venue
            assert isinstance(venue, SlowToFindNothing)
            await bot.until(lambda: venue.answered >= 1)
            assert bot.only_order().status is OrderStatus.UNKNOWN, (
                "asked within the window, answered after it"
            )
            await bot.until(lambda: bot.events(OrderRejected))

    play(scenario())


class SlowToFindNothing(InMemoryVenue):
    """Takes longer than the receive window, on the clock, to say that it does not know an order."""

    answered = 0

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        found = await super().order(symbol, client_order_id)
        self._clock.advance(WINDOW_SECONDS + 1)  # type: ignore[attr-defined]
        self.answered += 1
        return found


def test_a_fill_that_is_reported_again_counts_once(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            held = bot.state.positions[PAIR].quantity
            (fill,) = await rig.venue.fills(PAIR, 0)
            assert bot.parts.execution.take_fill(fill, LearnedBy.STREAM)
            assert bot.parts.execution.take_fill(fill, LearnedBy.RECONCILIATION)
            assert len(bot.events(OrderFilled)) == 1
            assert bot.state.positions[PAIR].quantity == held

    play(scenario())


def test_the_fills_of_an_order_that_works_for_long_count_once_however_many_there_are(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution={"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0})
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderAcknowledged))
            order = bot.only_order()
            for fills in (300, 600):
                while len(bot.events(OrderFilled)) < fills:
                    rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(1))
                    await asyncio.sleep(0)
                await bot.parts.reconciliation.run("periodic")
                rig.clock.advance(700)
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(1))
            await bot.parts.reconciliation.run("periodic")
            await bot.parts.reconciliation.run("periodic")
            trades = [fill for fill in rig.venue._books.fills if fill.symbol == PAIR]
            assert order.filled_quantity == sum(fill.quantity for fill in trades) == len(trades)
            assert not bot.state.reconciliation.mismatches

    play(scenario())


def test_fills_that_come_before_the_answer_are_booked_and_the_answer_changes_nothing(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=SlowToAnswer)
        async with rig.running() as bot:
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderFilled))
            assert bot.only_order().status is OrderStatus.FILLED
            assert bot.events(OrderAcknowledged)[0].learned_by is LearnedBy.STREAM
            assert isinstance(rig.venue, SlowToAnswer)
            rig.venue.may_answer.set()
            await bot.parts.execution.finish_placing(1)
            assert len(bot.events(OrderAcknowledged)) == 1
            assert len(bot.events(OrderFilled)) == 1

    play(scenario())


def test_an_end_that_comes_before_the_fills_waits_for_them(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        rig.venue.mute(StreamName.ORDERS)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal("100.0"))
            await bot.bar("1.20")  # market orders end at once: 100 are filled, the rest expires
            await bot.until(lambda: bot.events(OrderAcknowledged))
            report = await rig.venue.order(PAIR, bot.only_order().client_order_id)
            assert report is not None
            assert report.status is VenueOrderStatus.EXPIRED
            assert not bot.only_order().is_final, "the end is known, its fill is not"
            await bot.until(lambda: bot.events(OrderCancelled))
            assert bot.only_order().filled_quantity == Decimal(100)
            assert bot.events(OrderCancelled)[0].reason == "expired"
            assert bot.state.positions[PAIR].quantity == Decimal("99.9")

    play(scenario())


def test_an_answer_lost_after_the_stream_has_told_of_the_order_is_no_doubt(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_next_ack()
            await bot.bar("1.20")
            await bot.until(lambda: bot.state.closed_orders)
            assert bot.only_order().status is OrderStatus.FILLED
            await bot.until(lambda: not bot.state.markets[PAIR].blocks)
            assert rig.venue.requests["place"] == 1

    play(scenario())


def test_a_rejection_is_final_and_says_why(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.reject_next("market is closed")
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderRejected))
            (rejected,) = bot.events(OrderRejected)
            assert (rejected.reason, rejected.error_code) == ("refused", "ORDER_001")
            assert "market is closed" in rejected.message
            assert not bot.state.markets[PAIR].blocks

    play(scenario())


def test_a_killed_bot_asks_for_the_order_that_was_on_its_way_before_anything_else(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=SlowToAnswer)
        rig.venue.mute(StreamName.ORDERS)
        async with rig.running() as bot:
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderSent))
            await bot.kill()
        rig.venue.unmute(StreamName.ORDERS)
        async with rig.running() as bot:
            order = bot.only_order()
            assert order.status is OrderStatus.FILLED
            assert bot.events(OrderAcknowledged)[0].latency_ns is None
            assert not bot.events(OrderSent)
            assert rig.venue.requests["place"] == 1
            assert not bot.state.reconciliation.mismatches

    play(scenario())


def test_an_unknown_order_blocks_its_symbol_again_after_a_restart(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            await bot.kill()
        async with rig.running() as bot:
            assert "UnknownOrder" in bot.state.markets[PAIR].blocks
            await bot.bar("1.00")
            await bot.bar("1.30")
            assert not bot.events(OrderIntended)
            assert not bot.events(OrderDenied), "nothing is even proposed while the symbol is busy"
            rig.clock.advance(WINDOW_SECONDS)
            await bot.until(lambda: bot.events(OrderRejected))
            assert "UnknownOrder" not in bot.state.markets[PAIR].blocks

    play(scenario())


def test_an_acknowledged_order_that_the_venue_drops_is_over_and_what_it_filled_counts(tmp_path: Path):
    async def scenario() -> None:
        limit = {
            "order_type": "limit",
            "time_in_force": "gtc",
            "limit_offset_bps": 0,
            "cancel_on_stop": False,
        }
        rig = Rig(tmp_path, execution=limit)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderAcknowledged))
            order = bot.only_order()
            rig.venue._books.entries.clear()
            rig.clock.advance(WINDOW_SECONDS)
            assert await bot.parts.settlement.ask(order)
            assert order.status is OrderStatus.CANCELLED
            assert bot.events(OrderCancelled)[0].reason == "venue"

    play(scenario())


def test_a_clock_that_is_set_forward_does_not_make_an_order_too_old_to_arrive(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.lose_next_order()
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            rig.clock.set_wall(3600)
            asked = rig.venue.requests.get("order", 0)
            await bot.until(lambda: rig.venue.requests.get("order", 0) > asked + 1)
            assert bot.only_order().status is OrderStatus.UNKNOWN

    play(scenario())


def test_an_order_that_stays_unknown_is_an_operators_matter_after_the_age_that_is_set(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution={"unknown_operator_seconds": 3})
        async with rig.running() as bot:
            bot.parts.settlement._chance = lambda: 0.0
            rig.venue.mute(StreamName.ORDERS)
            rig.venue.lose_next_ack()
            for _ in range(100):
                rig.venue.fail_next("order", RetriableError("VENUE_001", "no connection"))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderOutcomeLost))
            await bot.until(lambda: rig.venue.requests.get("order", 0) >= 2)
            assert "ORDER_004" not in bot.codes()
            rig.clock.advance(3)
            asked = rig.venue.requests["order"]
            await bot.until(lambda: rig.venue.requests["order"] > asked + 1)
            assert bot.codes().count("ORDER_004") == 1

    play(scenario())


class Lagging(InMemoryVenue):
    """Its order query does not know what its lists show."""

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        await super().order(symbol, client_order_id)
        return None


def test_an_order_that_the_query_does_not_know_is_found_among_the_trades_or_the_working_ones(tmp_path: Path):
    async def scenario() -> None:
        resting = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
        for number, execution in enumerate(({}, resting)):
            rig = Rig(tmp_path / str(number), venue_kind=Lagging, execution=execution)
            async with rig.running() as bot:
                if execution:
                    rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
                await lose_answer(rig, bot)
                await bot.until(lambda rig=rig: rig.venue.requests.get("order", 0) >= 1)
                rig.clock.advance(WINDOW_SECONDS)
                await bot.until(lambda bot=bot: bot.only_order().unknown_since is None)
                expected = OrderStatus.ACKNOWLEDGED if execution else OrderStatus.FILLED
                assert bot.only_order().status is expected
                assert not bot.events(OrderRejected)

    play(scenario())


class HeldBack(InMemoryVenue):
    """Its client waits for the rate limit, signs late, and the request is lost."""

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        self._clock.advance(WINDOW_SECONDS)  # type: ignore[attr-defined]
        self.lose_next_order()
        return await super().place(order, may_leave)


def test_a_request_that_was_signed_late_may_arrive_late(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=HeldBack)
        async with rig.running() as bot:
            await bot.bar("1.20")
            await bot.until(lambda: rig.venue.requests.get("order", 0) >= 2)
            assert bot.only_order().status is OrderStatus.UNKNOWN, "it left only just now"
            rig.clock.advance(WINDOW_SECONDS)
            await bot.until(lambda: bot.events(OrderRejected))

    play(scenario())


def test_a_halt_does_not_forget_an_unknown_order_and_cancels_it_once_it_is_known(tmp_path: Path):
    async def scenario() -> None:
        resting = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}
        rig = Rig(tmp_path, execution=resting)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(0))
            rig.venue.fail_next("order", RetriableError("VENUE_001", "no connection"))
            await lose_answer(rig, bot)
            rig.home.halt.touch()
            bot.beat()
            assert not rig.venue.requests.get("cancel")
            await bot.until(lambda: bot.only_order().unknown_since is None)
            rig.venue.unmute(StreamName.ORDERS)
            bot.bot._obey_halt()
            await bot.until(lambda: bot.only_order().status is OrderStatus.CANCELLED)

    play(scenario())
