"""From a bar's close to the books: a decision, an order, its fill; and every way to be denied."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from support.engine import PAIR, Rig, Running, play

from trading_bot.contract.events.lifecycle import Mode
from trading_bot.contract.events.observation import SpansRecorded
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderCancelled,
    OrderCancelRequested,
    OrderDenied,
    OrderFilled,
    OrderIntended,
    OrderSent,
    Side,
    SignalRaised,
)
from trading_bot.domain.orders import OrderStatus
from trading_bot.venues.protocol import StreamName

RESTING = {"order_type": "limit", "time_in_force": "gtc", "limit_offset_bps": 0}


def test_a_crossing_becomes_an_order_a_fill_and_a_position_in_the_books(tmp_path: Path):
    async def scenario() -> None:
        async with Rig(tmp_path).running() as bot:
            order = await bot.enter()
            assert order.status is OrderStatus.FILLED
            assert [
                type(e.payload) for e in bot.ledger.envelopes if e.payload.KIND.startswith(("si", "or"))
            ] == [
                SignalRaised,
                OrderIntended,
                OrderSent,
                OrderAcknowledged,
                OrderFilled,
            ]
            (fill,) = bot.events(OrderFilled)
            held = bot.state.positions[PAIR]
            assert held.quantity == fill.quantity - fill.fee == bot.state.account.balances["EUR"]
            assert bot.state.account.balances["USD"] == Decimal(100_000) - fill.quantity * fill.price

    play(scenario())


def test_the_whole_order_is_one_trace_from_the_decision_to_the_fill(tmp_path: Path):
    async def scenario() -> None:
        async with Rig(tmp_path).running() as bot:
            order = await bot.enter()
            await bot.until(lambda: "send order" in spans_of(bot, order.trace_id))
            assert {
                "decide cycle",
                "evaluate strategy",
                "check risk",
                "place order",
                "receive fill",
            } <= spans_of(bot, order.trace_id)

    play(scenario())


def spans_of(bot: Running, trace_id: str | None) -> set[str]:
    recorded = [span for event in bot.events(SpansRecorded) for span in event.spans]
    return {span.name for span in recorded if span.trace_id == trace_id}


def test_a_signal_to_leave_stands_until_the_position_is_sold(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            rig.venue.reject_next("market is closed")
            await bot.bar("1.00")
            await bot.until(lambda: "ORDER_001" in bot.codes())
            rig.venue.reject_next("market is closed")
            await bot.bar("0.99")
            await bot.until(lambda: bot.codes().count("ORDER_001") == 2)
            await bot.bar("0.98")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)
            assert len(bot.events(SignalRaised, side=Side.SELL)) == 1
            assert len(bot.events(OrderIntended, side=Side.SELL)) == 3
            await bot.bar("0.97")
            assert len(bot.events(OrderIntended)) == 4, "flat is flat: dust is not sold"

    play(scenario())


def test_an_entry_that_still_rests_is_withdrawn_for_the_exit_of_what_it_has_bought(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, execution=RESTING)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(100))
            await bot.bar("1.20")
            await bot.until(lambda: bot.events(OrderFilled))
            assert bot.only_order().status is OrderStatus.PARTIALLY_FILLED
            await bot.bar("1.21")
            assert not bot.events(OrderCancelRequested), "its strategy still wants it"
            await bot.quote("1.0990", "1.1010")
            await bot.bar("1.10")
            await bot.until(lambda: bot.events(OrderCancelled))
            assert bot.events(OrderCancelRequested)[0].reason == "its strategy wants out"
            await bot.bar("1.09")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)

    play(scenario())


def test_what_is_below_the_venues_minimum_is_not_stuck_and_leaves_with_the_next_position(tmp_path: Path):
    async def scenario() -> None:
        limits = {"max_exit_seconds": 5}
        rig = Rig(tmp_path, execution={"order_type": "limit", "time_in_force": "ioc"}, limits=limits)
        async with rig.running() as bot:
            rig.venue.push_quote(PAIR, Decimal("1.1000"), Decimal("1.1002"), ask_quantity=Decimal(2))
            await bot.enter()
            assert bot.state.positions[PAIR].quantity == Decimal("1.998")
            await bot.quote()
            await bot.bar("1.10")
            assert "minimum of 5" in bot.events(OrderDenied)[-1].message
            rig.clock.advance(6)
            await bot.quote("1.1001", "1.1003")
            bot.beat()
            assert not bot.state.markets[PAIR].blocks
            await bot.enter()
            await bot.bar("1.10")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < Decimal("0.1"))

    play(scenario())


def test_a_signal_to_enter_is_acted_on_once(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            rig.venue.reject_next()
            await bot.bar("1.20")
            await bot.until(lambda: "ORDER_001" in bot.codes())
            await bot.bar("1.30")
            assert len(bot.events(OrderIntended)) == 1

    play(scenario())


def test_a_crossing_that_nobody_heard_in_time_is_no_entry(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            unheard(rig, "1.10", "1.09")
            await bot.bar("1.08")
            await bot.until(lambda: bot.parts.decisions.cycles == 3)
            assert [signal.side for signal in bot.events(SignalRaised)] == [Side.BUY, Side.SELL]
            assert not bot.events(OrderIntended)

    play(scenario())


def test_a_crossing_that_nobody_heard_in_time_is_no_exit_once_the_newest_bar_wants_to_stay(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            await bot.enter()
            unheard(rig, "1.19", "1.20")
            await bot.bar("1.21")
            await bot.until(lambda: bot.parts.decisions.cycles == 4)
            assert [signal.side for signal in bot.events(SignalRaised)] == [Side.BUY, Side.SELL, Side.BUY]
            assert len(bot.events(OrderIntended)) == 1

    play(scenario())


def unheard(rig: Rig, *closes: str) -> None:
    """Close bars that the bot hears of with the next one only."""
    rig.venue.mute(StreamName.BARS)
    for close in closes:
        rig.push_bar(close)
    rig.venue.unmute(StreamName.BARS)


def test_a_denied_order_says_which_limit_and_is_not_sent(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_order_notional": 500})
        async with rig.running() as bot:
            await bot.bar("1.20")
            (denied,) = bot.events(OrderDenied)
            assert (denied.error_code, denied.limit, denied.limit_value) == (
                "RISK_001",
                "max_order_notional",
                Decimal(500),
            )
            assert denied.observed is not None
            assert denied.observed > 500
            assert not bot.events(OrderIntended)
            assert "place" not in rig.venue.requests

    play(scenario())


def test_orders_that_are_being_placed_count_for_the_order_rate(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_orders_per_minute": 1})
        async with rig.running() as bot:
            rig.push_bar("1.20", PAIR)
            rig.push_bar("1.20", "GOOGL/USD")
            await bot.until(lambda: bot.parts.decisions.cycles == 2)
            (denied,) = bot.events(OrderDenied)
            assert denied.limit == "max_orders_per_minute"
            assert len(bot.events(OrderIntended)) == 1

    play(scenario())


def test_the_order_rate_is_remembered_over_a_restart(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path, limits={"max_orders_per_minute": 1})
        async with rig.running() as bot:
            await bot.enter()
            await bot.kill()
        async with rig.running() as bot:
            await bot.bar("1.00")
            (denied,) = bot.events(OrderDenied)
            assert denied.limit == "max_orders_per_minute"
            rig.clock.advance(61)
            await bot.quote()
            await bot.bar("0.90")
            await bot.until(lambda: bot.state.positions[PAIR].quantity < 1)

    play(scenario())


def test_nothing_new_is_begun_while_the_bot_stops(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.running() as bot:
            bot.bot.stop()
            rig.push_bar("1.20")
            await bot.stop()
            assert not bot.events(OrderSent)
            assert bot.state.mode.mode is Mode.PAUSED

    play(scenario())


def test_a_bar_that_comes_before_the_history_is_left_to_the_history(tmp_path: Path):
    async def scenario() -> None:
        rig = Rig(tmp_path)
        async with rig.starting() as bot:
            await bot.until(lambda: bot.parts.execution.instruments)
            rig.push_bar("1.20")
            await bot.until(bot.quote_until_ready)
            assert not bot.events(OrderDenied)
            assert not bot.events(SignalRaised)

    play(scenario())
