"""What every venue keeps to: the one in memory, and ccxt's on the simulated exchange, read in both ways."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from decimal import Decimal
from typing import Any

import pytest
from support.exchange_process import ExchangeProcess, exchange_running
from support.venues import (
    FEE_RATE,
    OTHER_SYMBOL,
    SYMBOL,
    Listener,
    MemoryMarket,
    SimulatedMarket,
    order,
)

from trading_bot.contract.errors import NonRetriableError, OperatorError
from trading_bot.contract.events.trading import OrderType, Side, TimeInForce, Trigger
from trading_bot.venues.protocol import (
    BarUpdate,
    FillReport,
    OrderReport,
    OutcomeUnknown,
    Quote,
    StreamLost,
    StreamName,
    StreamRestored,
    Venue,
    VenueOrderStatus,
)

pytestmark = pytest.mark.xdist_group("venue")  # one exchange for all of them
Market = MemoryMarket | SimulatedMarket
Test = Callable[[Venue, Market], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExchangeProcess]:
    with exchange_running(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture(params=["in memory", "ccxt, Binance's messages", "ccxt, unified streams"])
def market(request: pytest.FixtureRequest) -> Market:
    if request.param == "in memory":
        return MemoryMarket()
    exchange = request.getfixturevalue("exchange")
    return SimulatedMarket(exchange, unified="unified" in request.param)


@contextlib.asynccontextmanager
async def opened(market: Market) -> AsyncIterator[Venue]:
    venue = market.make()
    try:
        await venue.open([SYMBOL, OTHER_SYMBOL])
        async with market.moving():
            yield venue
    finally:
        await venue.close()


def on(market: Market, test: Test) -> None:
    async def run() -> None:
        async with opened(market) as venue:
            await test(venue, market)

    asyncio.run(run())


def test_opening_returns_the_instruments_with_their_steps(market: Market) -> None:
    async def test() -> None:
        venue = market.make()
        instruments = await venue.open([SYMBOL, OTHER_SYMBOL])
        await venue.close()
        assert list(instruments) == [SYMBOL, OTHER_SYMBOL]
        one = instruments[SYMBOL]
        assert (one.symbol, one.base, one.quote) == (SYMBOL, "EUR", "USD")
        assert (one.tick, one.lot) == (Decimal("0.00001"), Decimal("0.1"))
        assert (one.minimum_quantity, one.minimum_notional) == (Decimal("0.1"), Decimal(5))

    asyncio.run(test())


def test_a_symbol_that_is_not_listed_is_left_out_and_the_others_can_be_asked_for(market: Market) -> None:
    async def test() -> None:
        venue = market.make()
        assert list(await venue.open([SYMBOL, "NOPE/USD"])) == [SYMBOL]
        assert await venue.open_orders(SYMBOL) == []
        await venue.close()

    asyncio.run(test())


def test_where_no_symbol_is_listed_the_venue_does_not_open_and_names_them(market: Market) -> None:
    async def test() -> None:
        venue = market.make()
        with pytest.raises(OperatorError, match="NOPE/USD") as refused:
            await venue.open(["NOPE/USD"])
        await venue.close()
        assert refused.value.code == "VENUE_008"

    asyncio.run(test())


def test_a_market_order_is_filled_and_moves_both_balances_by_what_its_fills_say(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        before = await venue.balances()
        sent = order()
        placed = await venue.place(sent)
        assert placed.status is VenueOrderStatus.FILLED
        assert placed.client_order_id == sent.client_order_id
        assert placed.filled_quantity == placed.quantity == sent.quantity
        assert placed.type is OrderType.MARKET
        assert placed.limit_price is None
        fills = [
            fill for fill in await venue.fills(SYMBOL, 0) if fill.venue_order_id == placed.venue_order_id
        ]
        assert sum(fill.quantity for fill in fills) == sent.quantity
        fees = sum(fill.fee for fill in fills)
        assert {fill.fee_asset for fill in fills} == {"EUR"}
        assert fees == sent.quantity * FEE_RATE
        after = await venue.balances()
        bought = after["EUR"].total - (before["EUR"].total if "EUR" in before else 0)
        assert bought == sent.quantity - fees
        paid = sum(fill.quantity * fill.price for fill in fills)
        assert before["USD"].total - after["USD"].total == paid

    on(market, test)


def test_a_sale_pays_its_commission_in_the_quote_asset(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        await venue.place(order(quantity="50"))
        sold = await venue.place(order(Side.SELL, quantity="20"))
        (fill,) = [
            fill for fill in await venue.fills(SYMBOL, 0) if fill.venue_order_id == sold.venue_order_id
        ]
        assert fill.side is Side.SELL
        assert fill.fee_asset == "USD"
        assert fill.fee > 0

    on(market, test)


def test_a_resting_order_is_found_holds_its_funds_and_gives_them_back_when_cancelled(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        sent = order(price="0.9")
        free = (await venue.balances())["USD"].free
        placed = await venue.place(sent)
        assert placed.status is VenueOrderStatus.OPEN
        assert placed.limit_price == Decimal("0.9")
        assert sent.client_order_id in [one.client_order_id for one in await venue.open_orders(SYMBOL)]
        found = await venue.order(SYMBOL, sent.client_order_id)
        assert found == placed
        held = (await venue.balances())["USD"]
        assert held.total - held.free >= sent.quantity * Decimal("0.9")
        cancelled = await venue.cancel(SYMBOL, sent.client_order_id)
        assert cancelled.status is VenueOrderStatus.CANCELLED
        assert cancelled.client_order_id == sent.client_order_id
        assert (await venue.balances())["USD"].free == free
        assert sent.client_order_id not in [one.client_order_id for one in await venue.open_orders(SYMBOL)]

    on(market, test)


def test_an_immediate_order_that_nobody_meets_expires(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        placed = await venue.place(order(price="0.9", time_in_force=TimeInForce.IOC))
        assert placed.status is VenueOrderStatus.EXPIRED
        assert placed.filled_quantity == 0
        assert await venue.open_orders(SYMBOL) == []

    on(market, test)


def test_an_order_that_the_venue_never_had_is_none(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        assert await venue.order(SYMBOL, "never-sent") is None

    on(market, test)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"quantity": Decimal(1_000_000), "price": "0.9"}, id="more than the account has"),
        pytest.param({"quantity": Decimal("100.33")}, id="not on the lot"),
        pytest.param({"quantity": Decimal(1)}, id="below the least notional"),
        pytest.param(
            {"price": "0.9000001"},
            id="a price that is not on the tick",
        ),
    ],
)
def test_a_decoded_rejection_is_final_and_leaves_no_order(market: Market, changes: dict[str, Any]) -> None:
    async def test(venue: Venue, _: Market) -> None:
        before = await venue.balances()
        sent = order(**changes)
        with pytest.raises(NonRetriableError) as rejected:
            await venue.place(sent)
        assert rejected.value.code == "ORDER_001"
        assert rejected.value.context["client_order_id"] == sent.client_order_id
        assert await venue.order(SYMBOL, sent.client_order_id) is None
        assert await venue.balances() == before

    on(market, test)


def test_cancelling_what_is_over_or_unknown_is_refused(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        filled = await venue.place(order())
        for client_order_id in (filled.client_order_id, "never-sent"):
            with pytest.raises(NonRetriableError) as refused:
                await venue.cancel(SYMBOL, client_order_id)
            assert refused.value.code == "ORDER_003"

    on(market, test)


def test_a_lost_answer_leaves_the_outcome_unknown_until_the_order_is_asked_for(market: Market) -> None:
    async def test(venue: Venue, market: Market) -> None:
        sent = order()
        market.lose_next_ack()
        with pytest.raises(OutcomeUnknown) as lost:
            await venue.place(sent)
        assert lost.value.code == "ORDER_002"
        assert lost.value.context["client_order_id"] == sent.client_order_id
        found = await venue.order(SYMBOL, sent.client_order_id)
        assert found is not None
        assert found.status is VenueOrderStatus.FILLED

    on(market, test)


def test_a_client_order_id_that_is_already_open_is_unknown_not_rejected(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        sent = order(price="0.9")
        await venue.place(sent)
        with pytest.raises(OutcomeUnknown):
            await venue.place(sent)
        open_ids = [one.client_order_id for one in await venue.open_orders(SYMBOL)]
        assert open_ids.count(sent.client_order_id) == 1
        await venue.cancel(SYMBOL, sent.client_order_id)

    on(market, test)


def test_fills_are_those_since_a_time_oldest_first_and_their_ids_differ(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        for _index in range(3):
            await venue.place(order(quantity="10"))
        fills = await venue.fills(SYMBOL, 0)
        assert fills == sorted(fills, key=lambda fill: fill.venue_time)
        assert len({fill.trade_id for fill in fills}) == len(fills) >= 3
        since = fills[-2].venue_time
        assert await venue.fills(SYMBOL, since) == [fill for fill in fills if fill.venue_time >= since]
        assert await venue.fills(SYMBOL, fills[-1].venue_time + 60_000_000_000) == []

    on(market, test)


def test_the_clocks_of_venue_and_machine_are_compared_at_the_middle_of_a_request(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        reading = await venue.clock()
        # Both read the same clock here; the venue says whole milliseconds.
        assert abs(reading.offset_ns) <= reading.round_trip_ns / 2 + 2_000_000

    on(market, test)


def test_the_used_share_of_the_rate_limit_grows_with_requests_where_the_venue_tells_it(
    market: Market,
) -> None:
    async def test(venue: Venue, _: Market) -> None:
        before = venue.rate_limit_used
        for _ in range(20):
            await venue.balances()
        if isinstance(market, MemoryMarket):
            assert venue.rate_limit_used is None
        else:  # a minute may have ended meanwhile, and the count begun anew
            assert before is not None
            assert venue.rate_limit_used is not None
            assert 0 < venue.rate_limit_used < 1
            assert venue.rate_limit_used != before

    on(market, test)


def test_candles_are_closed_in_order_and_without_holes(market: Market) -> None:
    async def test(venue: Venue, market: Market) -> None:
        await asyncio.sleep(0.3)
        before = time.time_ns()
        bars = await venue.candles(SYMBOL, 10)
        opened_at = [bar.open_time for bar in bars]
        assert len(bars) == 10
        assert {later - earlier for earlier, later in itertools.pairwise(opened_at)} == {market.interval_ns}
        assert opened_at[-1] + market.interval_ns <= time.time_ns()
        assert opened_at[-1] + 3 * market.interval_ns > before
        assert all(
            bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars
        )

    on(market, test)


def test_bars_of_the_stream_go_on_where_the_candles_ended(market: Market) -> None:
    async def test(venue: Venue, market: Market) -> None:
        last = {symbol: (await venue.candles(symbol, 5))[-1].open_time for symbol in (SYMBOL, OTHER_SYMBOL)}
        # Nobody listens while some bars close: they must come all the same.
        await asyncio.sleep(2.5 * market.interval_ns / 1e9)
        async with Listener(venue) as listener:
            await listener.until(lambda heard: len(heard.of(BarUpdate)) >= 10)
            for symbol, since in last.items():
                times = [
                    update.bar.open_time for update in listener.of(BarUpdate) if update.bar.symbol == symbol
                ]
                expected = [since + (step + 1) * market.interval_ns for step in range(len(times))]
                assert times == expected

    on(market, test)


def test_every_symbol_is_quoted_with_positive_prices_and_the_time_of_receipt(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        started = time.time_ns()
        async with Listener(venue) as listener:
            await listener.until(
                lambda heard: {quote.symbol for quote in heard.of(Quote)} == {SYMBOL, OTHER_SYMBOL}
            )
            for quote in listener.of(Quote):
                assert 0 < quote.bid <= quote.ask
                assert started <= quote.received_at <= time.time_ns()

    on(market, test)


def test_a_quote_that_is_asked_for_is_of_its_symbol_and_close_to_the_streams(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote, symbol=SYMBOL))
            streamed = listener.of(Quote, symbol=SYMBOL)[-1]
            asked = await venue.quote(SYMBOL)
        assert asked.symbol == SYMBOL
        assert 0 < asked.bid <= asked.ask
        assert abs(asked.bid - streamed.bid) / streamed.bid < Decimal("0.1")
        assert venue.requests["quote"] == 1

    on(market, test)


def test_the_private_stream_reports_an_order_and_its_fills(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            await listener.until_orders_are_told()
            placed = await venue.place(order())
            await listener.until(
                lambda heard: [
                    report
                    for report in heard.of(OrderReport)
                    if report.order.client_order_id == placed.client_order_id
                    and report.order.status is VenueOrderStatus.FILLED
                ]
            )
            fills = [
                report.fill
                for report in listener.of(FillReport)
                if report.fill.venue_order_id == placed.venue_order_id
            ]
            assert sum(fill.quantity for fill in fills) == placed.quantity
            stated = {fill.trade_id: fill for fill in await venue.fills(SYMBOL, 0)}
            for fill in fills:
                same = stated[fill.trade_id]
                assert (fill.price, fill.fee, fill.fee_asset, fill.venue_time, fill.liquidity) == (
                    same.price,
                    same.fee,
                    same.fee_asset,
                    same.venue_time,
                    same.liquidity,
                )

    on(market, test)


def test_a_cancelled_order_is_reported_under_its_own_id(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            await listener.until_orders_are_told()
            placed = await venue.place(order(price="0.9"))
            await venue.cancel(SYMBOL, placed.client_order_id)
            await listener.until(
                lambda heard: [
                    report
                    for report in heard.of(OrderReport)
                    if report.order.client_order_id == placed.client_order_id
                    and report.order.status is VenueOrderStatus.CANCELLED
                ]
            )

    on(market, test)


@pytest.mark.parametrize("stream", list(StreamName))
def test_a_stream_that_is_reconnected_says_so_and_flows_again(market: Market, stream: StreamName) -> None:
    async def test(venue: Venue, market: Market) -> None:
        await venue.candles(SYMBOL, 5)
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote) and heard.of(BarUpdate))
            await listener.until_orders_are_told()
            await venue.reconnect(stream)
            (restored,) = await listener.until(lambda heard: heard.of(StreamRestored, stream=stream))
            (lost,) = listener.of(StreamLost, stream=stream)
            assert listener.heard.index(lost) < listener.heard.index(restored)
            assert restored.attempts >= 1
            assert restored.outage_ns >= 0
            placed = await venue.place(order())
            seen = len(listener.of(Quote)), len(listener.of(BarUpdate))
            await listener.until(
                lambda heard: (
                    len(heard.of(Quote)) > seen[0]
                    and len(heard.of(BarUpdate)) > seen[1]
                    and placed.venue_order_id
                    in [report.fill.venue_order_id for report in heard.of(FillReport)]
                )
            )
            times = [update.bar.open_time for update in listener.of(BarUpdate) if update.bar.symbol == SYMBOL]
            steps = {later - earlier for earlier, later in itertools.pairwise(times)}
            assert steps <= {market.interval_ns}

    on(market, test)


def test_listening_ends_when_the_venue_is_closed_and_closing_twice_is_fine(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        async with Listener(venue) as listener:
            await listener.until(lambda heard: heard.of(Quote))
            await venue.close()
            await listener.until(lambda heard: heard.ended)
        await venue.close()

    on(market, test)


def test_orders_and_balances_are_there_when_the_venue_is_opened_again(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        sent = order(price="0.9")
        await venue.place(sent)
        balances = await venue.balances()
        await venue.close()
        await venue.open([SYMBOL])
        found = await venue.order(SYMBOL, sent.client_order_id)
        assert found is not None
        assert found.status is VenueOrderStatus.OPEN
        assert await venue.balances() == balances
        await venue.cancel(SYMBOL, sent.client_order_id)

    on(market, test)


def test_requests_are_counted_by_operation(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        before = venue.requests.get("balances", 0)
        await venue.balances()
        assert venue.requests["balances"] == before + 1

    on(market, test)


def stop(trigger: Trigger, price: str, quantity: str = "20", **changes: Any) -> Any:
    """Return a sell that waits for a price."""
    return order(Side.SELL, quantity, trigger=trigger, stop_price=Decimal(price), **changes)


def test_an_order_that_waits_for_its_price_holds_what_it_will_sell_and_gives_it_back(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        assert venue.takes_triggers
        await venue.place(order(quantity="30"))
        free = (await venue.balances())["EUR"].free
        for trigger, price in ((Trigger.STOP_LOSS, "0.5"), (Trigger.TAKE_PROFIT, "2")):
            sent = stop(trigger, price)
            placed = await venue.place(sent)
            assert (placed.status, placed.filled_quantity) == (VenueOrderStatus.OPEN, 0)
            assert (placed.type, placed.limit_price) == (OrderType.MARKET, None)
            assert await venue.order(SYMBOL, sent.client_order_id) == placed
            assert placed in await venue.open_orders(SYMBOL)
            assert (await venue.balances())["EUR"].free == free - 20
            assert (await venue.cancel(SYMBOL, sent.client_order_id)).status is VenueOrderStatus.CANCELLED
            assert (await venue.balances())["EUR"].free == free

    on(market, test)


def test_a_stop_price_that_is_reached_already_is_refused(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        await venue.place(order(quantity="30"))
        for trigger, price in ((Trigger.STOP_LOSS, "2"), (Trigger.TAKE_PROFIT, "0.5")):
            with pytest.raises(NonRetriableError) as refused:
                await venue.place(stop(trigger, price))
            assert refused.value.code == "ORDER_001"

    on(market, test)


def test_two_orders_of_which_one_cancels_the_other_hold_once_and_end_together(market: Market) -> None:
    async def test(venue: Venue, _: Market) -> None:
        await venue.place(order(quantity="30"))
        async with Listener(venue) as listener:
            await listener.until_orders_are_told()
            free = (await venue.balances())["EUR"].free
            loss, profit = stop(Trigger.STOP_LOSS, "0.5"), stop(Trigger.TAKE_PROFIT, "2")
            placed = await venue.place_pair(loss, profit)
            sent = [loss.client_order_id, profit.client_order_id]
            assert [one.client_order_id for one in placed] == sent
            assert [one.status for one in placed] == [VenueOrderStatus.OPEN] * 2
            assert (await venue.balances())["EUR"].free == free - 20
            cancelled = await venue.cancel(SYMBOL, loss.client_order_id)
            assert cancelled.client_order_id == loss.client_order_id
            assert cancelled.status is VenueOrderStatus.CANCELLED
            found = [await venue.order(SYMBOL, client_order_id) for client_order_id in sent]
            assert [one.status for one in found if one] == [VenueOrderStatus.CANCELLED] * 2
            await listener.until(
                lambda heard: {report.order.client_order_id for report in heard.of(OrderReport)} >= set(sent)
            )
        assert (await venue.balances())["EUR"].free == free

    on(market, test)


def test_a_pair_whose_answer_is_lost_is_found_by_both_its_ids(market: Market) -> None:
    async def test(venue: Venue, market: Market) -> None:
        await venue.place(order(quantity="30"))
        loss, profit = stop(Trigger.STOP_LOSS, "0.5"), stop(Trigger.TAKE_PROFIT, "2")
        if isinstance(market, SimulatedMarket):
            pytest.skip("the exchange's fault is of single orders; see the integration tests")
        market.lose_next_ack()
        with pytest.raises(OutcomeUnknown):
            await venue.place_pair(loss, profit)
        for sent in (loss, profit):
            found = await venue.order(SYMBOL, sent.client_order_id)
            assert found is not None
            assert found.status is VenueOrderStatus.OPEN
        await venue.cancel(SYMBOL, loss.client_order_id)

    on(market, test)
