"""Orders of every kind that ccxt's spot trading sends, by the real client."""

from __future__ import annotations

import asyncio
import time

import ccxt
import pytest
from support.exchange_process import client_of

pytestmark = pytest.mark.xdist_group("ccxt orders")  # one process for all of them


def ask(exchange, question, **overrides):
    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await asyncio.wait_for(question(client), 90)

    return asyncio.run(conversation())


def name(text: str) -> str:
    return f"{text}-{time.time_ns()}"


async def settled(client, order, seconds=60.0):
    """The order once it is no longer open."""
    for _ in range(int(seconds / 0.15)):
        found = await client.fetch_order(order["id"], order["symbol"])
        if found["status"] != "open":
            return found
        await asyncio.sleep(0.15)
    raise AssertionError(f"still open: {found}")


async def came_after_all(client, order_id):
    """Cancel an order whose price does not come; whether it came just then."""
    try:
        await client.cancel_order(order_id, "EUR/USD")
    except ccxt.OrderNotFound:
        return True
    return False


async def last(client, symbol="EUR/USD"):
    return (await client.fetch_ticker(symbol))["last"]


@pytest.mark.parametrize(
    ("kind", "side", "far"),
    [
        ("stopLossPrice", "sell", 0.9),
        ("stopLossPrice", "buy", 1.1),
        ("takeProfitPrice", "sell", 1.1),
        ("takeProfitPrice", "buy", 0.9),
    ],
)
@pytest.mark.parametrize("limit", [False, True], ids=["market", "limit"])
def test_an_order_with_a_stop_price_waits_locks_and_can_be_cancelled(exchange, kind, side, far, limit):
    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 200)
        stop = round(await last(client) * far, 5)
        price = stop if limit else None
        before = (await client.fetch_balance())["used"]
        order = await client.create_order(
            "EUR/USD", "limit" if limit else "market", side, 100, price, {kind: stop}
        )
        found = await client.fetch_order(order["id"], "EUR/USD")
        during = (await client.fetch_balance())["used"]
        opened = await client.fetch_open_orders("EUR/USD")
        cancelled = await client.cancel_order(order["id"], "EUR/USD")
        return stop, order, found, before, during, opened, cancelled, (await client.fetch_balance())["used"]

    stop, order, found, before, during, opened, cancelled, after = ask(exchange, question)
    asset, locked = ("EUR", 100) if side == "sell" else ("USD", 100 * stop)
    assert (found["status"], found["filled"], float(found["triggerPrice"])) == ("open", 0, stop)
    assert found["info"]["isWorking"] is False
    assert order["id"] in {each["id"] for each in opened}
    assert during[asset] - before.get(asset, 0) == pytest.approx(locked)
    assert cancelled["status"] == "canceled"
    assert after == before


@pytest.mark.parametrize(
    ("kind", "side", "there"),
    [("stopLossPrice", "sell", 1.05), ("stopLossPrice", "buy", 0.95), ("takeProfitPrice", "buy", 1.05)],
)
def test_a_stop_price_that_is_reached_already_is_refused(exchange, kind, side, there):
    async def question(client):
        stop = round(await last(client) * there, 5)
        with pytest.raises(ccxt.OrderImmediatelyFillable):
            await client.create_order("EUR/USD", "market", side, 10, None, {kind: stop})

    ask(exchange, question)


@pytest.mark.parametrize(("kind", "side"), [("stopLossPrice", "sell"), ("takeProfitPrice", "sell")])
def test_an_order_is_triggered_by_the_price_and_then_trades_at_the_market(exchange, kind, side):
    """The price walks over its open, both extremes and its close within each second."""

    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 100)
        for _ in range(40):
            near = 0.99999 if kind == "stopLossPrice" else 1.00001
            stop = round(await last(client) * near, 5)
            try:
                order = await client.create_order("EUR/USD", "market", side, 50, None, {kind: stop})
            except ccxt.OrderImmediatelyFillable:
                continue
            try:
                return stop, await settled(client, order, 4)
            except AssertionError:
                if await came_after_all(client, order["id"]):
                    return stop, await settled(client, order)
        raise AssertionError("the price never came")

    stop, done = ask(exchange, question)
    assert (done["status"], done["filled"]) == ("closed", 50)
    assert done["info"]["isWorking"] is True
    assert done["average"] == pytest.approx(stop, rel=0.02)


async def place_pair(client, quantity, above, below, **more):
    return await client.private_post_orderlist_oco(
        {
            "symbol": "EURUSD",
            "side": "SELL",
            "quantity": quantity,
            "aboveType": "LIMIT_MAKER",
            "abovePrice": f"{above:.5f}",
            "belowType": "STOP_LOSS",
            "belowStopPrice": f"{below:.5f}",
            **more,
        }
    )


def test_a_pair_locks_once_and_both_end_when_one_is_cancelled(exchange):
    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 300)
        price, used = await last(client), (await client.fetch_balance())["used"].get("EUR", 0)
        pair = await place_pair(client, 100, price * 1.2, price * 0.8, listClientOrderId=name("pair"))
        locked = (await client.fetch_balance())["used"]["EUR"] - used
        shown = await client.private_get_orderlist({"orderListId": pair["orderListId"]})
        opened = await client.private_get_openorderlist()
        await client.cancel_order(pair["orders"][0]["orderId"], "EUR/USD")
        orders = [await client.fetch_order(each["orderId"], "EUR/USD") for each in pair["orders"]]
        after = await client.private_get_orderlist({"origClientOrderId": pair["listClientOrderId"]})
        return (
            pair,
            locked,
            shown,
            opened,
            orders,
            after,
            (await client.fetch_balance())["used"]["EUR"] - used,
        )

    pair, locked, shown, opened, orders, after, left = ask(exchange, question)
    assert (locked, left) == (100, 0)
    assert shown["listOrderStatus"] == "EXECUTING"
    assert [each["orderListId"] for each in opened] == [pair["orderListId"]]
    assert [order["status"] for order in orders] == ["canceled", "canceled"]
    assert after["listOrderStatus"] == "ALL_DONE"
    assert {each["type"] for each in pair["orderReports"]} == {"LIMIT_MAKER", "STOP_LOSS"}


def test_a_pair_whose_stop_is_reached_trades_it_and_expires_the_other(exchange):
    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 300)
        for _ in range(40):
            price = await last(client)
            try:
                pair = await place_pair(client, 50, price * 1.2, price * 0.99999)
            except ccxt.OrderImmediatelyFillable:
                continue
            ids = {each["type"]: each["orderId"] for each in pair["orderReports"]}
            order = {"id": ids["STOP_LOSS"], "symbol": "EUR/USD"}
            try:
                stop = await settled(client, order, 4)
            except AssertionError:
                if not await came_after_all(client, order["id"]):
                    continue
                stop = await settled(client, order)
            return stop, await client.fetch_order(ids["LIMIT_MAKER"], "EUR/USD")
        raise AssertionError("the price never came")

    stop, other = ask(exchange, question)
    assert (stop["status"], stop["filled"]) == ("closed", 50)
    assert (other["status"], other["filled"]) == ("expired", 0)


def test_a_pair_ends_as_one_and_a_wrong_one_is_refused(exchange):
    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 300)
        price = await last(client)
        pair = await place_pair(client, 50, price * 1.2, price * 0.8)
        ended = await client.private_delete_orderlist(
            {"symbol": "EURUSD", "orderListId": pair["orderListId"]}
        )
        with pytest.raises(ccxt.ExchangeError):
            await place_pair(client, 50, price * 1.2, price * 0.8, aboveType="MARKET")
        with pytest.raises(ccxt.InsufficientFunds):
            await place_pair(client, 5_000_000, price * 1.2, price * 0.8)
        return ended, await client.private_get_allorderlist()

    ended, lists = ask(exchange, question)
    assert ended["listStatusType"] == "ALL_DONE"
    assert [each["status"] for each in ended["orderReports"]] == ["CANCELED", "CANCELED"]
    assert lists[-1]["orderListId"] == ended["orderListId"]


def test_cancel_all_ends_single_orders_and_pairs_and_gives_everything_back(exchange):
    async def question(client):
        await client.create_order("EUR/USD", "market", "buy", 300)
        price = await last(client)
        await client.create_order("EUR/USD", "limit", "buy", 100, round(price * 0.8, 5))
        await client.create_order("EUR/USD", "limit", "sell", 100, round(price * 1.2, 5))
        await place_pair(client, 50, price * 1.2, price * 0.8)
        ended = await client.private_delete_openorders({"symbol": "EURUSD"})
        with pytest.raises(ccxt.OrderNotFound):
            await client.cancel_all_orders("EUR/USD")
        return ended, await client.fetch_open_orders("EUR/USD"), (await client.fetch_balance())["used"]

    ended, still_open, used = ask(exchange, question)
    assert len(ended) == 3
    assert [each.get("contingencyType") for each in ended] == [None, None, "OCO"]
    assert still_open == []
    assert set(used.values()) == {0}


def test_a_market_order_may_be_asked_for_by_what_it_costs(exchange):
    async def question(client):
        return await client.create_market_buy_order_with_cost("MSFT/USD", 1000)

    order = ask(exchange, question)
    assert order["status"] == "closed"
    assert 950 < order["cost"] <= 1000


def test_what_is_out_of_all_proportion_to_the_balance_is_refused(exchange):
    async def question(client):
        with pytest.raises(ccxt.InsufficientFunds):
            await client.create_order("EUR/USD", "market", "buy", 1_000_000)

    ask(exchange, question)


def test_an_order_is_replaced_in_one_request(exchange):
    async def question(client):
        price = round(await last(client) * 0.8, 5)
        first = await client.create_order("EUR/USD", "limit", "buy", 100, price)
        second = await client.edit_order(first["id"], "EUR/USD", "limit", "buy", 120, price)
        with pytest.raises(ccxt.ExchangeError):
            await client.edit_order(first["id"], "EUR/USD", "limit", "buy", 120, price)
        ended = await client.fetch_order(first["id"], "EUR/USD")
        await client.cancel_order(second["id"], "EUR/USD")
        return ended, second

    ended, second = ask(exchange, question)
    assert ended["status"] == "canceled"
    assert second["amount"] == 120


def test_an_order_can_be_tried_out_without_being_placed(exchange):
    async def question(client):
        before = len(await client.fetch_orders("EUR/USD"))
        await client.create_order("EUR/USD", "limit", "buy", 100, 0.5, {"test": True})
        with pytest.raises(ccxt.InvalidOrder):
            await client.create_order("EUR/USD", "limit", "buy", 0.01, 0.5, {"test": True})
        return before, len(await client.fetch_orders("EUR/USD"))

    before, after = ask(exchange, question)
    assert before == after


def test_public_trades_and_the_average_price_are_there(exchange):
    async def question(client):
        trades = await client.fetch_trades("EUR/USD", limit=5)
        recent = await client.fetch_trades(
            "EUR/USD", limit=5, params={"fetchTradesMethod": "publicGetTrades"}
        )
        average = await client.public_get_avgprice({"symbol": "EURUSD"})
        return trades, recent, average, await last(client)

    trades, recent, average, price = ask(exchange, question)
    assert len(trades) == len(recent) == 5
    assert [each["timestamp"] for each in trades] == sorted(each["timestamp"] for each in trades)
    assert float(average["price"]) == pytest.approx(price, rel=0.2)
