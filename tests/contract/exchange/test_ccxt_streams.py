"""The real ccxt.pro client hears from the simulated exchange what it hears from Binance Spot."""

from __future__ import annotations

import asyncio
import contextlib
import time

import ccxt
import pytest
from support.exchange_process import client_of, watches

pytestmark = pytest.mark.xdist_group("ccxt streams")  # one process for all of them


def ask(exchange, question, **overrides):
    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await asyncio.wait_for(question(client), 90)

    return asyncio.run(conversation())


def test_quotes_come_for_each_symbol_several_times_a_second(exchange):
    async def question(client):
        heard = [await client.watch_bids_asks(["EUR/USD", "GOOGL/USD"])]  # connected and subscribed
        began = time.monotonic()
        while len(heard) < 8:
            heard.append(await client.watch_bids_asks(["EUR/USD", "GOOGL/USD"]))
        return heard, time.monotonic() - began

    heard, took = ask(exchange, question)
    assert took < 5
    assert {symbol for tickers in heard for symbol in tickers} == {"EUR/USD", "GOOGL/USD"}
    assert all(ticker["bid"] < ticker["ask"] for tickers in heard for ticker in tickers.values())


def test_every_bar_is_told_once_it_is_over_and_is_the_one_that_rest_answers(exchange):
    async def question(client):
        heard = {}
        while len(heard) < 3:
            for candle in await client.watch_ohlcv("EUR/USD", "1s"):
                heard[candle[0]] = candle
        opens = sorted(heard)
        answered = await client.fetch_ohlcv("EUR/USD", "1s", since=opens[0], limit=3)
        return [heard[each] for each in opens], answered

    heard, answered = ask(exchange, question)
    assert [candle[0] - heard[0][0] for candle in heard] == [0, 1000, 2000]
    assert heard == answered


def test_synthetic_trades_come(exchange):
    trades = ask(exchange, lambda client: client.watch_trades("IBM/USD"))
    assert trades[0]["amount"] > 0


def test_an_order_is_reported_with_its_fills_and_the_balances_they_leave(exchange):
    async def question(client):
        watching = [
            asyncio.ensure_future(watch)
            for watch in (client.watch_orders(), client.watch_my_trades(), client.watch_balance())
        ]
        await watches(client, "orders", "myTrades", "balance")
        order = await client.create_order("EUR/USD", "market", "buy", 100, None, {"newClientOrderId": "ws-1"})
        orders, trades, balance = await asyncio.gather(*watching)
        while orders[-1]["status"] == "open":
            orders = await client.watch_orders()
        return order, orders, trades, balance

    order, orders, trades, balance = ask(exchange, question)
    assert orders[-1]["id"] == order["id"]
    assert orders[-1]["clientOrderId"] == "ws-1"
    assert (orders[-1]["status"], orders[-1]["filled"]) == ("closed", 100)
    assert trades[0]["order"] == order["id"]
    assert trades[0]["fee"]["currency"] == "EUR"
    assert balance["USD"]["free"] < 100_000


async def resting(client):
    """Place more than a bar offers at the bid; where the market has come down meanwhile it is refused: once more."""
    while True:
        bid = (await client.fetch_order_book("EUR/USD"))["bids"][0][0]
        only_resting = {"newClientOrderId": "ws-2", "postOnly": True}
        with contextlib.suppress(ccxt.OrderImmediatelyFillable):
            return await client.create_order("EUR/USD", "limit", "buy", 40_000, bid, only_resting)


def test_a_resting_order_is_filled_when_the_market_comes_to_it_and_in_parts(exchange):
    async def question(client):
        watching = asyncio.ensure_future(client.watch_my_trades())
        await watches(client, "myTrades")
        order = await resting(client)
        while True:
            found = await client.fetch_order(order["id"], "EUR/USD")
            if found["filled"]:
                break
            await asyncio.sleep(0.25)
        trades = await watching
        if found["status"] == "open":
            await client.cancel_order(order["id"], "EUR/USD")
        return order, found, trades

    order, found, trades = ask(exchange, question)
    assert order["filled"] == 0
    assert found["filled"] > 0
    assert 0 < trades[0]["amount"] < 40_000
    assert trades[0]["takerOrMaker"] == "maker"
    assert trades[0]["price"] == order["price"]


def test_subscriptions_end_when_they_are_cancelled(exchange):
    async def question(client):
        await client.watch_bids_asks(["MSFT/USD"])
        await client.un_watch_bids_asks(["MSFT/USD"])
        return True

    assert ask(exchange, question)
