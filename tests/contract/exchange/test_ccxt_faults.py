"""What the real clients see of each fault."""

from __future__ import annotations

import asyncio
import json
import urllib.error

import ccxt
import pytest
from support.exchange_process import client_of


@pytest.fixture(autouse=True)
def all_faults_off_afterwards(exchange):
    yield
    for name in ("mute_feed", "lost_ack"):
        exchange.switch(name, on=False)


def ask(exchange, question, **overrides):
    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await asyncio.wait_for(question(client), 20)

    return asyncio.run(conversation())


async def hears(watch, seconds=1.2) -> bool:
    try:
        await asyncio.wait_for(watch, seconds)
    except TimeoutError:
        return False
    return True


def test_mute_feed_keeps_the_socket_open_and_sends_no_market_data(exchange):
    async def question(client):
        before = await hears(client.watch_bids_asks(["EUR/USD"]))
        exchange.switch("mute_feed", on=True)
        await hears(client.watch_bids_asks(["EUR/USD"]), 0.3)  # what was under way already
        muted = await hears(client.watch_bids_asks(["EUR/USD"]))
        sockets = [each.connection.closed for each in client.clients.values() if each.connection]
        rest = await client.fetch_time()
        exchange.switch("mute_feed", on=False)
        return before, muted, sockets, rest, await hears(client.watch_bids_asks(["EUR/USD"]))

    before, muted, sockets, rest, after = ask(exchange, question)
    assert (before, muted, after) == (True, False, True)
    assert sockets == [False]
    assert rest


def test_mute_feed_of_one_symbol_leaves_the_others(exchange):
    exchange.switch("mute_feed", on=True, symbol="EUR/USD")

    async def question(client):
        return (
            await hears(client.watch_bids_asks(["GOOGL/USD"])),
            await hears(client.watch_bids_asks(["EUR/USD"])),
        )

    assert ask(exchange, question) == (True, False)


def test_lost_ack_books_the_order_and_never_answers(exchange):
    exchange.switch("lost_ack", on=True)

    async def question(client):
        reports = asyncio.ensure_future(client.watch_orders())
        await asyncio.sleep(0.7)
        with pytest.raises(ccxt.RequestTimeout):
            await client.create_order("EUR/USD", "market", "buy", 100, None, {"newClientOrderId": "lost-1"})
        heard = await hears(reports, 0.3)
        return heard, await client.fetch_order(None, "EUR/USD", {"origClientOrderId": "lost-1"})

    heard, found = ask(exchange, question, timeout=700)
    assert not heard
    assert (found["status"], found["filled"]) == ("closed", 100)
    received = {each["client_order_id"]: each["times"] for each in exchange.books()["received"]}
    assert received["lost-1"] == 1


def test_lost_ack_of_one_symbol_answers_for_the_others(exchange):
    exchange.switch("lost_ack", on=True, symbol="EUR/USD")
    order = ask(exchange, lambda client: client.create_order("MSFT/USD", "market", "buy", 1), timeout=700)
    assert order["status"] == "closed"


def test_faults_are_listed_with_what_they_mean(exchange):
    exchange.switch("mute_feed", on=True, symbol="IBM/USD")
    rows = {row["name"]: row for row in exchange.get("/sim/faults")["faults"]}
    assert (rows["mute_feed"]["on"], rows["mute_feed"]["symbol"]) == (True, "IBM/USD")
    assert (rows["lost_ack"]["on"], rows["lost_ack"]["since"]) == (False, None)
    assert all(row["meaning"] for row in rows.values())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "meteor", "on": True}, "there is mute_feed, lost_ack"),
        ({"name": "mute_feed", "on": True, "symbol": "XYZ/USD"}, "XYZ/USD"),
        ({"name": "mute_feed"}, "on"),
        ({"name": "mute_feed", "on": "yes"}, "bool"),
    ],
)
def test_a_fault_that_cannot_be_switched_is_refused_with_a_reason(exchange, body, said):
    with pytest.raises(urllib.error.HTTPError) as caught:
        exchange.post("/sim/faults", body)
    with caught.value as answer:
        assert answer.code == 400
        assert said in json.load(answer)["detail"]
