"""The faults of the in-memory venue, and what its books keep."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from support.venues import SYMBOL, Listener, instrument, order

from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.events.trading import Liquidity, TimeInForce
from trading_bot.domain.clock import ManualClock
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import (
    FillReport,
    OutcomeUnknown,
    Quote,
    StreamLost,
    StreamName,
    StreamRestored,
    VenueOrderStatus,
)

BID, ASK = Decimal("1.1000"), Decimal("1.1002")


def venue_of(clock: ManualClock | None = None, funds: str = "1000", fee_rate: str = "0.001") -> InMemoryVenue:
    return InMemoryVenue(
        clock=clock or ManualClock(),
        instruments=[instrument(SYMBOL)],
        funds={"USD": Decimal(funds)},
        fee_rate=Decimal(fee_rate),
    )


def on_venue(test: Callable[[InMemoryVenue], Awaitable[None]]) -> None:
    async def run() -> None:
        venue = venue_of()
        await venue.open([SYMBOL])
        venue.push_quote(SYMBOL, BID, ASK)
        await test(venue)

    asyncio.run(run())


def test_a_lost_order_never_reaches_the_venue_and_a_lost_answer_does() -> None:
    async def test(venue: InMemoryVenue) -> None:
        venue.lose_next_order()
        first, second = order(), order()
        with pytest.raises(OutcomeUnknown):
            await venue.place(first)
        assert await venue.order(SYMBOL, first.client_order_id) is None
        venue.lose_next_ack()
        with pytest.raises(OutcomeUnknown):
            await venue.place(second)
        found = await venue.order(SYMBOL, second.client_order_id)
        assert found is not None
        assert found.status is VenueOrderStatus.FILLED

    on_venue(test)


def test_a_rejection_and_a_failure_hit_once() -> None:
    async def test(venue: InMemoryVenue) -> None:
        venue.reject_next("market is closed")
        with pytest.raises(NonRetriableError, match="market is closed"):
            await venue.place(order())
        venue.fail_next("balances", RetriableError("VENUE_001", "not there"))
        with pytest.raises(RetriableError):
            await venue.balances()
        await venue.balances()
        await venue.place(order())

    on_venue(test)


def test_a_mute_stream_says_nothing_and_speaks_again_after_a_reconnect() -> None:
    async def test(venue: InMemoryVenue) -> None:
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            venue.mute(StreamName.QUOTES)
            venue.push_quote(SYMBOL, BID, Decimal("1.2"))
            await venue.reconnect(StreamName.QUOTES)
            venue.push_quote(SYMBOL, BID, Decimal("1.3"))
            await listener.until(lambda heard: heard.of(Quote, ask=Decimal("1.3")))
            assert listener.of(Quote, ask=Decimal("1.2")) == []
            assert [type(message) for message in listener.heard] == [Quote, StreamLost, StreamRestored, Quote]
            assert venue.reconnects == {StreamName.QUOTES: 1}

    on_venue(test)


def test_a_resting_order_is_filled_at_its_limit_by_the_quote_that_reaches_it() -> None:
    async def test(venue: InMemoryVenue) -> None:
        placed = await venue.place(order(price="1.05"))
        venue.push_quote(SYMBOL, Decimal("1.04"), Decimal("1.05"), ask_quantity=Decimal(40))
        partly = await venue.order(SYMBOL, placed.client_order_id)
        assert partly is not None
        assert (partly.status, partly.filled_quantity) == (VenueOrderStatus.OPEN, Decimal(40))
        venue.push_quote(SYMBOL, Decimal("1.03"), Decimal("1.04"))
        fills = await venue.fills(SYMBOL, 0)
        assert [(fill.quantity, fill.price, fill.liquidity) for fill in fills] == [
            (Decimal(40), Decimal("1.05"), Liquidity.MAKER),
            (Decimal("60.3"), Decimal("1.05"), Liquidity.MAKER),
        ]
        assert await venue.open_orders(SYMBOL) == []

    on_venue(test)


def test_what_trades_at_once_is_bounded_by_the_quote_and_the_rest_of_an_immediate_order_expires() -> None:
    async def test(venue: InMemoryVenue) -> None:
        venue.push_quote(SYMBOL, BID, ASK, ask_quantity=Decimal(30))
        placed = await venue.place(order(price="1.2", time_in_force=TimeInForce.IOC))
        assert (placed.status, placed.filled_quantity) == (VenueOrderStatus.EXPIRED, Decimal(30))
        (fill,) = await venue.fills(SYMBOL, 0)
        assert (fill.price, fill.liquidity) == (ASK, Liquidity.TAKER)
        balances = await venue.balances()
        assert balances["USD"].free == balances["USD"].total == 1000 - 30 * ASK

    on_venue(test)


def test_a_fill_is_reported_before_the_state_that_it_leads_to() -> None:
    async def test(venue: InMemoryVenue) -> None:
        async with Listener(venue) as listener:
            await venue.place(order())
            await listener.until(lambda heard: len(heard.heard) >= 4)
            kinds = [type(message).__name__ for message in listener.heard]
            assert kinds[:3] == ["OrderReport", "FillReport", "OrderReport"]
            assert listener.of(FillReport)[0].fill.quantity == Decimal("100.3")

    on_venue(test)
