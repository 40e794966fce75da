"""Every answer and event has the fields and types that Binance's public documentation gives it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import ccxt
import pytest
from support.exchange_process import client_of, holds, watches

pytestmark = pytest.mark.xdist_group("shapes")  # one process for all of them
SHAPES = Path(__file__).parent / "shapes"
REST = json.loads((SHAPES / "rest.json").read_text())
STREAMS = json.loads((SHAPES / "streams.json").read_text())
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
CENTURY = range(946_684_800_000, 4_102_444_800_000)
TYPES = {
    "decimal": lambda value: isinstance(value, str) and DECIMAL.fullmatch(value),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "milliseconds": lambda value: isinstance(value, int) and value in CENTURY,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "null": lambda value: value is None,
}


def differences(shape, value, where="answer"):
    """Yield how a value differs from its shape."""
    if isinstance(shape, dict):
        yield from _of_object(shape, value, where)
    elif isinstance(shape, list):
        yield from _of_list(shape, value, where)
    elif not any(TYPES.get(each, each.__eq__)(value) for each in shape.split("|")):
        yield f"{where}: {shape} expected, found {value!r}"


def _of_list(shape, value, where):
    is_tuple = shape[:1] == ["tuple"]
    entries = shape[1:] if is_tuple else shape[:1] * len(value)
    if not isinstance(value, list) or (is_tuple and len(value) != len(entries)):
        yield f"{where}: a list of {len(entries)} expected, found {value!r}"
        return
    for number, (each, entry) in enumerate(zip(entries, value, strict=False)):
        yield from differences(each, entry, f"{where}[{number}]")


def _of_object(shape, value, where):
    if not isinstance(value, dict):
        yield f"{where}: an object expected, found {value!r}"
        return
    known = {name.removesuffix("?"): name for name in shape}
    yield from (f"{where}.{name} is not documented" for name in value if name not in known)
    for name, spelled in known.items():
        if name in value:
            yield from differences(shape[spelled], value[name], f"{where}.{name}")
        elif name == spelled:
            yield f"{where}.{name} is missing"


def ask(exchange, question):
    async def conversation():
        async with client_of(exchange) as client:
            await client.load_markets()
            return await asyncio.wait_for(question(client), 90)

    return asyncio.run(conversation())


async def send(client, access, method, path, asked):
    """Send a request by ccxt's own method for it; the answer is what came, numbers as numbers."""
    name = f"{access}_{method}_{path.replace('/', '_')}".lower()
    return await getattr(client, name)(asked)


def pair_at(price):
    """Sell at a fifth above a price or a fifth below, whatever comes first."""
    return {
        "symbol": "EURUSD",
        "side": "SELL",
        "quantity": "50",
        "aboveType": "LIMIT_MAKER",
        "abovePrice": f"{price * 1.2:.5f}",
        "belowType": "STOP_LOSS",
        "belowStopPrice": f"{price * 0.8:.5f}",
    }


async def whole_tour(client):
    """Make every request once; return each answer by the request's line."""
    euro, heard = {"symbol": "EURUSD"}, {}
    public = {
        "ping": {},
        "time": {},
        "exchangeInfo": {},
        "depth": {**euro, "limit": 5},
        "trades": {**euro, "limit": 5},
        "aggTrades": {**euro, "limit": 5},
        "klines": {**euro, "interval": "1s", "limit": 5},
        "avgPrice": euro,
        "ticker/24hr": euro,
        "ticker/price": euro,
        "ticker/bookTicker": euro,
    }
    for path, asked in public.items():
        heard[f"GET {path}"] = await send(client, "public", "GET", path, asked)

    async def signed(method, path, asked):
        heard[f"{method} {path}"] = answer = await send(client, "private", method, path, asked)
        return answer

    market = {**euro, "side": "BUY", "type": "MARKET", "quantity": "300"}
    await signed("POST", "order/test", market)
    await signed("POST", "order", market)
    price = float(heard["GET ticker/price"]["price"])
    stop = {**euro, "side": "SELL", "type": "STOP_LOSS_LIMIT", "quantity": "50", "timeInForce": "GTC"}
    waiting = await send(
        client,
        "private",
        "POST",
        "order",
        {**stop, "price": f"{price * 0.8:.5f}", "stopPrice": f"{price * 0.8:.5f}"},
    )
    heard["POST order, waiting"] = waiting
    await signed("GET", "order", {**euro, "orderId": waiting["orderId"]})
    heard["GET order, all"] = await send(client, "private", "GET", "allOrders", euro)
    await signed("DELETE", "order", {**euro, "orderId": waiting["orderId"]})
    pair = await signed("POST", "orderList/oco", pair_at(price))
    await signed("GET", "orderList", {"orderListId": pair["orderListId"]})
    await send(client, "private", "DELETE", "orderList", {**euro, "orderListId": pair["orderListId"]})
    for path, asked in (("account", {}), ("myTrades", euro), ("rateLimit/order", {})):
        await signed("GET", path, asked)
    return heard


@pytest.fixture(scope="module")
def answers(exchange):
    return ask(exchange, whole_tour)


@pytest.mark.parametrize("request_line", [name for name in REST if name != "error"])
def test_an_answer_has_the_documented_fields_and_no_other(answers, request_line):
    shape = REST[request_line]
    assert list(differences(shape, answers[request_line])) == []
    assert answers[request_line] or shape == {}


def test_an_order_that_waits_and_a_list_of_orders_have_them_too(answers):
    assert list(differences(REST["POST order"], answers["POST order, waiting"])) == []
    assert list(differences([REST["GET order"]], answers["GET order, all"])) == []
    assert len(answers["GET order, all"]) >= 2


def test_a_refusal_has_a_code_and_words(exchange):
    async def question(client):
        with pytest.raises(ccxt.BadSymbol):
            await send(client, "public", "GET", "depth", {"symbol": "XYZ"})
        return json.loads(client.last_http_response)

    assert list(differences(REST["error"], ask(exchange, question))) == []


def test_events_have_the_documented_fields_and_no_other(exchange):
    async def question(client):
        heard = {}

        def tap(socket, message):
            event = message.get("event", message) if isinstance(message, dict) else {}
            kind = event.get("e") or ("bookTicker" if "b" in event else None)
            if kind:
                heard.setdefault(kind, []).append(event)
            return type(client).handle_message(client, socket, message)

        client.handle_message = tap
        watching = [
            asyncio.ensure_future(each)
            for each in (
                client.watch_orders(),
                client.watch_bids_asks(["EUR/USD"]),
                client.watch_trades("EUR/USD"),
                client.watch_ohlcv("EUR/USD", "1s"),
            )
        ]
        await watches(client, "orders")
        await client.create_order("EUR/USD", "market", "buy", 100)
        order = await client.create_order("EUR/USD", "limit", "buy", 100, 0.9)
        await client.cancel_order(order["id"], "EUR/USD")
        price = (await client.fetch_ticker("EUR/USD"))["last"]
        pair = await send(client, "private", "POST", "orderList/oco", pair_at(price))
        await client.cancel_order(pair["orders"][1]["orderId"], "EUR/USD")
        await asyncio.gather(*watching)
        await holds(lambda: len(heard.get("listStatus", ())) == 2 and set(heard) == set(STREAMS))
        return heard

    heard = ask(exchange, question)
    assert set(heard) == set(STREAMS)
    assert {event["x"] for event in heard["executionReport"]} == {"NEW", "TRADE", "CANCELED"}
    assert [event["l"] for event in heard["listStatus"]] == ["EXEC_STARTED", "ALL_DONE"]
    for kind, events in heard.items():
        for event in events:
            assert list(differences(STREAMS[kind], event, kind)) == []


def test_the_oracle_sees_what_is_missing_wrong_or_too_much():
    shape = {"a": "decimal", "b?": "integer", "c": ["x|y"], "d": ["tuple", "milliseconds"]}
    right = {"a": "1.0", "c": ["x"], "d": [1_700_000_000_000]}
    assert list(differences(shape, right)) == []
    for wrong in (
        {**right, "a": 1.0},
        {**right, "b": "1"},
        {**right, "c": ["z"]},
        {**right, "d": [5]},
        {**right, "e": 1},
        {"a": "1.0"},
        [],
    ):
        assert list(differences(shape, wrong)) != []
