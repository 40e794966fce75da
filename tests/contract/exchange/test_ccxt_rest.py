"""The real ccxt client finds in the simulated exchange what it expects of Binance Spot."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

import ccxt
import pytest
from support.exchange_process import client_of, exchange_running

pytestmark = pytest.mark.xdist_group("ccxt rest")  # one process for all of them

SYMBOLS = ["EUR/USD", "GOOGL/USD", "AAPL/USD", "IBM/USD", "MSFT/USD"]


def ask(exchange, question, **overrides):
    """Run ``question(client)`` on a client of its own."""

    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await question(client)

    return asyncio.run(conversation())


def test_markets_carry_tick_lot_and_notional(exchange):
    markets = ask(exchange, lambda client: client.fetch_markets())
    assert [market["symbol"] for market in markets] == SYMBOLS
    euro = markets[0]
    assert (euro["precision"]["price"], euro["precision"]["amount"]) == (0.00001, 0.1)
    assert (euro["limits"]["amount"]["min"], euro["limits"]["cost"]["min"]) == (0.1, 5)
    assert euro["active"]
    assert euro["spot"]


def test_every_answer_says_the_weight_that_is_used_and_an_order_its_count(exchange):
    async def question(client):
        await client.fetch_balance()
        before = dict(client.last_response_headers)
        await client.fetch_open_orders("EUR/USD")
        after = dict(client.last_response_headers)
        await client.create_order("EUR/USD", "market", "buy", 10)
        return before, after, dict(client.last_response_headers)

    before, after, ordered = ask(exchange, question)
    used = [int(headers["X-MBX-USED-WEIGHT-1M"]) for headers in (before, after)]
    assert used[1] - used[0] == 6 or used[1] < used[0], "another minute may have begun"
    assert int(ordered["X-MBX-ORDER-COUNT-10S"]) >= 1
    assert int(ordered["X-MBX-ORDER-COUNT-1D"]) >= 1


def test_more_than_the_weight_of_a_minute_is_429_then_418(tmp_path):
    async def question(client):
        own.post("/sim/limits", {"request_weight": 1})
        with pytest.raises(ccxt.DDoSProtection, match="429"):
            await client.fetch_balance()
        waits, refusals = int(client.last_response_headers["Retry-After"]), 1
        while True:  # they are counted anew with each minute
            with pytest.raises(ccxt.DDoSProtection, match=r"429|418") as caught:
                await client.fetch_balance()
            if "418" in str(caught.value):
                return waits, refusals, int(client.last_response_headers["Retry-After"])
            refusals += 1

    with exchange_running(tmp_path) as own:
        waits, refusals, ban = ask(own, question)
    assert 1 <= waits <= 60
    assert refusals >= 50
    assert 60 < ban <= 120


def test_the_clock_is_the_wall_clock(exchange):
    before = time.time() * 1000
    assert before - 1 <= ask(exchange, lambda client: client.fetch_time()) <= time.time() * 1000 + 1


def test_the_book_is_sorted_and_its_top_is_the_ticker(exchange):
    async def question(client):
        return await client.fetch_order_book("EUR/USD", 5), await client.fetch_bids_asks(["EUR/USD"])

    book, tickers = ask(exchange, question)
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert book["bids"][0][0] < book["asks"][0][0]
    assert tickers["EUR/USD"]["bid"] < tickers["EUR/USD"]["ask"]


def test_500_candles_of_history_are_served_at_the_first_start(exchange):
    before = time.time() * 1_000
    candles = ask(exchange, lambda client: client.fetch_ohlcv("EUR/USD", "1s", limit=500))
    opens = [candle[0] for candle in candles]
    assert opens == list(range(opens[0], opens[0] + 500_000, 1_000))
    assert opens[-1] > before - 3_000
    assert all(low <= min(start, end) <= max(start, end) <= high for _, start, high, low, end, _ in candles)


def test_candles_that_are_over_never_change(exchange):
    async def question(client):
        first = await client.fetch_ohlcv("IBM/USD", "1s", limit=50)
        await asyncio.sleep(1.2)
        return first, await client.fetch_ohlcv("IBM/USD", "1s", since=first[0][0], limit=50)

    first, again = ask(exchange, question)
    assert first[:-1] == again[:49]


def test_the_days_ticker_is_between_low_and_high(exchange):
    ticker = ask(exchange, lambda client: client.fetch_ticker("GOOGL/USD"))
    assert ticker["low"] <= ticker["last"] <= ticker["high"]


def test_a_market_order_is_filled_and_pays_its_commission_from_what_it_gets(exchange):
    async def question(client):
        before = await client.fetch_balance()
        order = await client.create_order(
            "EUR/USD", "market", "buy", 100, None, {"newClientOrderId": "rest-1"}
        )
        return before, order, await client.fetch_balance()

    before, order, after = ask(exchange, question)
    assert order["status"] == "closed"
    assert order["filled"] == 100
    assert order["clientOrderId"] == "rest-1"
    assert (order["fee"]["currency"], order["fee"]["cost"]) == ("EUR", pytest.approx(0.1))
    assert Decimal(str(after["EUR"]["total"])) - Decimal(
        str(before.get("EUR", {}).get("total", 0))
    ) == Decimal("99.9")
    assert before["USD"]["total"] - after["USD"]["total"] == pytest.approx(order["cost"])


def test_an_order_larger_than_the_book_is_filled_in_part_and_the_rest_expires(exchange):
    async def question(client):
        bought = await client.create_order("EUR/USD", "market", "buy", 60_000)
        await client.create_order("EUR/USD", "market", "sell", float(int(bought["filled"] * 0.99)))
        return bought

    order = ask(exchange, question)
    assert order["status"] == "expired"
    assert 0 < order["filled"] < 60_000
    assert len(order["trades"]) > 1


def test_a_limit_order_rests_is_found_and_is_cancelled(exchange):
    async def question(client):
        bid = (await client.fetch_order_book("EUR/USD"))["bids"][0][0]
        order = await client.create_order(
            "EUR/USD", "limit", "buy", 50, round(bid * 0.9, 5), {"newClientOrderId": "rest-2"}
        )
        found = await client.fetch_order(None, "EUR/USD", {"origClientOrderId": "rest-2"})
        resting = await client.fetch_open_orders("EUR/USD")
        locked = await client.fetch_balance()
        cancelled = await client.cancel_order(order["id"], "EUR/USD")
        return order, found, resting, locked, cancelled, await client.fetch_open_orders("EUR/USD")

    order, found, resting, locked, cancelled, left = ask(exchange, question)
    assert order["status"] == found["status"] == "open"
    assert [each["id"] for each in resting] == [order["id"]]
    assert locked["USD"]["used"] == pytest.approx(50 * order["price"])
    assert cancelled["status"] == "canceled"
    assert left == []


def test_an_ioc_order_that_crosses_nothing_expires_unfilled(exchange):
    async def question(client):
        bid = (await client.fetch_order_book("EUR/USD"))["bids"][0][0]
        return await client.create_order(
            "EUR/USD", "limit", "buy", 50, round(bid * 0.9, 5), {"timeInForce": "IOC"}
        )

    order = ask(exchange, question)
    assert (order["status"], order["filled"]) == ("expired", 0)


def test_my_trades_are_those_of_my_orders(exchange):
    async def question(client):
        order = await client.create_order("MSFT/USD", "market", "buy", 20)
        trades = await client.fetch_my_trades("MSFT/USD", params={"orderId": order["id"]})
        since = await client.fetch_my_trades("MSFT/USD", since=trades[0]["timestamp"])
        orders = await client.fetch_orders("MSFT/USD")
        return order, trades, since, orders

    order, trades, since, orders = ask(exchange, question)
    assert {trade["order"] for trade in trades} == {order["id"]}
    assert sum(trade["amount"] for trade in trades) == pytest.approx(order["filled"])
    assert all(trade["fee"]["currency"] == "MSFT" for trade in trades)
    assert [trade["id"] for trade in since] == [trade["id"] for trade in trades]
    assert order["id"] in {each["id"] for each in orders}


def test_a_client_order_id_is_refused_while_it_is_open_and_taken_again_afterwards(exchange):
    async def question(client):
        price = round((await client.fetch_order_book("EUR/USD"))["bids"][0][0] * 0.9, 5)
        wanted = ("EUR/USD", "limit", "buy", 50, price, {"newClientOrderId": "rest-3"})
        first = await client.create_order(*wanted)
        with pytest.raises(ccxt.InvalidOrder, match=r"-2010.*Duplicate order sent"):
            await client.create_order(*wanted)
        await client.cancel_order(first["id"], "EUR/USD")
        second = await client.create_order(*wanted)
        await client.cancel_order(second["id"], "EUR/USD")
        found = await client.fetch_order(None, "EUR/USD", {"origClientOrderId": "rest-3"})
        return first, second, found

    first, second, found = ask(exchange, question)
    assert first["id"] != second["id"] == found["id"]
    times = {each["client_order_id"]: each["times"] for each in exchange.books()["received"]}
    assert times["rest-3"] == 3


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (("EUR/USD", "market", "buy", 9_000_001), ccxt.InvalidOrder),
        (("EUR/USD", "limit", "buy", 500_000, 1.0), ccxt.InsufficientFunds),
        (("IBM/USD", "market", "sell", 1), ccxt.InsufficientFunds),
        (("EUR/USD", "limit", "buy", 1, 1.0), ccxt.BadRequest),
        (("EUR/USD", "limit", "buy", 100, 1.0, {"newClientOrderId": "no spaces"}), ccxt.BadRequest),
        (("EUR/USD", "limit", "buy", 100, 1.0, {"timeInForce": "GTD"}), ccxt.BadRequest),
    ],
)
def test_a_refused_order_is_the_exception_that_ccxt_has_for_it(exchange, wanted, error):
    with pytest.raises(error):
        ask(exchange, lambda client: client.create_order(*wanted))


def test_price_and_quantity_off_their_steps_are_refused(exchange):
    async def question(client):
        raw = {"symbol": "EURUSD", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        for price, quantity in (("1.000001", "10"), ("1.00001", "10.01")):
            with pytest.raises(ccxt.InvalidOrder):
                await client.private_post_order({**raw, "price": price, "quantity": quantity})
        return True

    assert ask(exchange, question)


def test_an_order_that_does_not_exist_is_not_found(exchange):
    async def question(client):
        with pytest.raises(ccxt.OrderNotFound):
            await client.fetch_order(None, "EUR/USD", {"origClientOrderId": "never-sent"})
        with pytest.raises(ccxt.OrderNotFound):
            await client.cancel_order("999999", "EUR/USD")
        return True

    assert ask(exchange, question)


def test_wrong_keys_and_a_wrong_clock_are_refused(exchange):
    with pytest.raises(ccxt.AuthenticationError):
        ask(exchange, lambda client: client.fetch_balance(), secret="wrong")
    with pytest.raises(ccxt.AuthenticationError):
        ask(exchange, lambda client: client.fetch_balance(), apiKey="wrong")

    async def late(client):
        client.nonce = lambda: client.milliseconds() - 60_000
        return await client.fetch_balance()

    with pytest.raises(ccxt.InvalidNonce):
        ask(exchange, late)


def test_an_unknown_symbol_is_refused(exchange):
    async def question(client):
        with pytest.raises(ccxt.BadSymbol):
            await client.public_get_depth({"symbol": "NONESUCH"})
        with pytest.raises(ccxt.BadRequest):
            await client.public_get_klines({"symbol": "EURUSD", "interval": "7m"})
        return True

    assert ask(exchange, question)
