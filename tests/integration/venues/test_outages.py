"""What a venue says and does while its exchange is away, mute, or back again."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import Iterator
from decimal import Decimal, getcontext

import pytest
from support.exchange_process import ExchangeProcess, exchange_running
from support.venues import OTHER_SYMBOL, SYMBOL, Listener, ccxt_venue, give_up_after, order

from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events.trading import Side
from trading_bot.venues.paging import all_fills
from trading_bot.venues.protocol import (
    BarUpdate,
    FillReport,
    OutcomeUnknown,
    Quote,
    StreamLost,
    StreamName,
    StreamRestored,
)

EVERY_STREAM = set(StreamName)


@pytest.fixture
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    with exchange_running(tmp_path_factory.mktemp("exchange")) as running:
        yield running


def streams(messages: list[StreamLost] | list[StreamRestored]) -> list[StreamName]:
    return [message.stream for message in messages]


@pytest.mark.parametrize("unified", [False, True], ids=["Binance's messages", "unified streams"])
def test_every_stream_comes_back_with_its_exchange_and_no_bar_is_missing(
    exchange: ExchangeProcess, unified: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange, unified=unified)
        await venue.open([SYMBOL, OTHER_SYMBOL])
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote) and len(heard.of(BarUpdate)) >= 2)
            exchange.kill()
            await listener.until(lambda heard: set(streams(heard.of(StreamLost))) == EVERY_STREAM)
            with pytest.raises(RetriableError) as raised:
                await venue.place(order())
            assert not isinstance(raised.value, OutcomeUnknown)
            await asyncio.sleep(1.2)
            await asyncio.to_thread(exchange.start)
            await listener.until(lambda heard: set(streams(heard.of(StreamRestored))) == EVERY_STREAM)
            assert sorted(streams(listener.of(StreamLost))) == sorted(EVERY_STREAM)
            assert min(message.outage_ns for message in listener.of(StreamRestored)) > 500_000_000
            placed = await venue.place(order())
            await listener.until(
                lambda heard: (
                    placed.venue_order_id in [one.fill.venue_order_id for one in heard.of(FillReport)]
                )
            )
            bars = len(listener.of(BarUpdate))
            await listener.until(lambda heard: len(heard.of(BarUpdate)) >= bars + 4)
            for symbol in (SYMBOL, OTHER_SYMBOL):
                times = [one.bar.open_time for one in listener.of(BarUpdate) if one.bar.symbol == symbol]
                assert {later - earlier for earlier, later in itertools.pairwise(times)} == {1_000_000_000}
        await venue.close()

    asyncio.run(run())
    if not unified:
        assert [record.getMessage() for record in caplog.records] == []


def test_a_mute_feed_keeps_its_connection_and_a_reconnect_is_answered_by_nothing_until_it_speaks(
    exchange: ExchangeProcess,
) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange)
        await venue.open([SYMBOL])
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            await asyncio.to_thread(exchange.switch, "mute_feed", on=True)
            silent_since = -1
            while len(listener.of(Quote)) != silent_since:  # some were under way
                silent_since = len(listener.of(Quote))
                await asyncio.sleep(0.6)
            assert listener.of(StreamLost) == []
            await venue.reconnect(StreamName.QUOTES)
            await listener.until(lambda heard: heard.of(StreamLost))
            await asyncio.sleep(0.8)
            assert streams(listener.of(StreamLost)) == [StreamName.QUOTES]
            assert listener.of(StreamRestored) == []
            await asyncio.to_thread(exchange.switch, "mute_feed", on=False)
            await listener.until(lambda heard: heard.of(StreamRestored))
        await venue.close()

    asyncio.run(run())


def test_a_frozen_exchange_is_noticed_by_its_unanswered_pings_on_every_stream(
    exchange: ExchangeProcess,
) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange)
        await venue.open([SYMBOL])
        venue._client.streaming["keepAlive"] = 400
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            exchange.signal(signal.SIGSTOP)
            try:
                await listener.until(lambda heard: set(streams(heard.of(StreamLost))) == EVERY_STREAM)
            finally:
                exchange.signal(signal.SIGCONT)
            await listener.until(lambda heard: set(streams(heard.of(StreamRestored))) == EVERY_STREAM)
        await venue.close()

    asyncio.run(run())


def test_an_exchange_that_is_frozen_answers_nothing_in_time(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange)
        await venue.open([SYMBOL])
        give_up_after(venue, 0.5)
        exchange.signal(signal.SIGSTOP)
        try:
            with pytest.raises(OutcomeUnknown):
                await venue.place(order())
            with pytest.raises(RetriableError):
                await venue.balances()
        finally:
            exchange.signal(signal.SIGCONT)
        await venue.close()

    asyncio.run(run())


def test_all_fills_are_read_over_many_pages_also_those_of_one_millisecond(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange)
        await venue.open([SYMBOL])
        for _ in range(6):
            await asyncio.gather(*(venue.place(order(quantity="10")) for _ in range(2)))
        everything = await venue.fills(SYMBOL, 0)
        assert len(everything) >= 12
        for page_size in (1, 2, 5, 1000):
            paged = await all_fills(venue._client, SYMBOL, 0, page_size)
            assert [trade["id"] for trade in paged] == [fill.trade_id for fill in everything]
        await venue.close()

    asyncio.run(run())


def test_the_client_leaves_the_decimal_context_of_the_process_alone(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange, unified=True)
        await venue.open([SYMBOL])
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            await asyncio.sleep(0.3)
            await venue.place(order())
            await venue.place(order(Side.SELL, quantity="50"))
            await venue.place(order(price="0.9"))
            await listener.until(lambda heard: len(heard.of(FillReport)) >= 2)
            assert listener.of(StreamLost) == []
        await venue.close()
        venue._client = None

    before = getcontext().copy()
    asyncio.run(run())
    assert str(getcontext()) == str(before)
    assert Decimal(1) / Decimal(3) == Decimal("0.3333333333333333333333333333")


def test_a_venue_that_asks_to_wait_is_sent_nothing_before(exchange: ExchangeProcess) -> None:
    async def run() -> None:
        venue = ccxt_venue(exchange)
        await venue.open([SYMBOL])
        exchange.switch("rate_limited", on=True, size=4)
        with pytest.raises(RetriableError, match="429") as told:
            await venue.balances()
        exchange.switch("rate_limited", on=False)
        held_back = order()
        with pytest.raises(RetriableError, match="not sent") as unsent:
            await venue.place(held_back)
        assert (told.value.code, unsent.value.code) == ("VENUE_003", "VENUE_003")
        await asyncio.sleep(4.1)
        assert await venue.order(SYMBOL, held_back.client_order_id) is None
        await venue.place(order())
        await venue.close()

    asyncio.run(run())
