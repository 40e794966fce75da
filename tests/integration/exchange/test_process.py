"""The exchange as a process: what it keeps through kill -9, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import ccxt
import pytest
from support.exchange_process import ROOT, ExchangeProcess, client_of, exchange_running


@pytest.fixture
def exchange(tmp_path: Path):
    with exchange_running(tmp_path / "home") as running:
        yield running


def ask(exchange: ExchangeProcess, question, **overrides):
    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await question(client)

    return asyncio.run(conversation())


async def trade_a_little(client) -> list[dict]:
    bid = (await client.fetch_order_book("IBM/USD"))["bids"][0][0]
    return [
        await client.create_order("EUR/USD", "market", "buy", 500, None, {"newClientOrderId": "a"}),
        await client.create_order("EUR/USD", "market", "sell", 100, None, {"newClientOrderId": "b"}),
        await client.create_order(
            "IBM/USD", "limit", "buy", 10, round(bid / 2, 2), {"newClientOrderId": "c"}
        ),
    ]


async def ibm_orders(client) -> list[dict]:
    return await client.fetch_open_orders("IBM/USD")


def test_kill_9_loses_nothing_that_was_acknowledged(exchange):
    ask(exchange, trade_a_little)
    before = exchange.books()
    exchange.kill()
    exchange.start()
    assert exchange.books() == before
    assert [order["clientOrderId"] for order in ask(exchange, ibm_orders)] == ["c"]


@pytest.mark.parametrize("round_", range(3))
def test_an_order_acknowledged_just_before_kill_9_is_there(exchange, round_):
    async def until_it_dies(client):
        acknowledged, loop = [], asyncio.get_running_loop()
        while True:
            identity = f"k{len(acknowledged)}"
            params = {"newClientOrderId": identity}
            try:
                await client.create_order("EUR/USD", "market", "buy", 10, None, params)
            except ccxt.BaseError:
                return acknowledged
            acknowledged.append(identity)
            await asyncio.sleep(0.005)  # more than 100 orders in ten seconds are refused
            if len(acknowledged) == 1:
                loop.call_later(0.25 + round_ / 10, exchange.signal, signal.SIGKILL)

    acknowledged = ask(exchange, until_it_dies)
    exchange.finish()
    exchange.start()
    books = exchange.books()
    booked = [order["client_order_id"] for order in books["orders"]]
    assert acknowledged
    assert set(acknowledged) <= set(booked)
    assert len(booked) <= len(acknowledged) + 1
    euros = sum(float(trade["quantity"]) - float(trade["commission"]) for trade in books["trades"])
    assert float(books["balances"]["EUR"]["free"]) == pytest.approx(euros)


def test_bars_go_on_through_a_restart_and_those_missed_meanwhile_exist(exchange):
    before = exchange.get("/api/v3/klines?symbol=EURUSD&interval=1s&limit=30")
    started = exchange.get("/sim/clock")["started_at"]
    exchange.kill()
    time.sleep(1.5)
    exchange.start()
    assert exchange.get("/sim/clock")["started_at"] == started
    path = f"/api/v3/klines?symbol=EURUSD&interval=1s&startTime={before[0][0]}"
    after = exchange.get(path)
    assert after[: len(before) - 1] == before[:-1]
    opens = [candle[0] for candle in after]
    assert opens == list(range(opens[0], opens[0] + 1_000 * len(opens), 1_000))
    assert len(after) >= len(before) + 1


def test_faults_stay_on_through_a_restart(exchange):
    exchange.switch("mute_feed", on=True, symbol="EUR/USD")
    before = exchange.get("/sim/faults")
    exchange.kill()
    exchange.start()
    assert exchange.get("/sim/faults") == before
    exchange.switch("mute_feed", on=False)
    exchange.kill()
    exchange.start()
    assert not any(row["on"] for row in exchange.get("/sim/faults")["faults"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_soon_with_sockets_open_and_an_answer_withheld(exchange, number):
    exchange.switch("lost_ack", on=True)

    async def end_while_connected(client):
        await client.watch_bids_asks(["EUR/USD"])
        withheld = asyncio.ensure_future(client.create_order("EUR/USD", "market", "buy", 10))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        exchange.signal(number)
        code, said = await asyncio.to_thread(exchange.finish)
        await asyncio.gather(withheld, return_exceptions=True)
        return code, said, time.monotonic() - began

    code, said, took = ask(exchange, end_while_connected)
    assert (code, said) == (0, "")
    assert took < 20  # a fraction of a second on a quiet machine; the answer is withheld for thirty


def test_a_second_exchange_on_the_same_home_is_one_clear_error(exchange):
    second = ExchangeProcess(exchange.home)
    with pytest.raises(AssertionError, match=r"exchange\.db is already written by process \d+"):
        second.start()
    assert exchange.get("/api/v3/ping") == {}


def test_books_begun_with_another_bar_are_refused_with_the_one_to_use(exchange):
    exchange.kill()
    other = ExchangeProcess(exchange.home, bar="1m")
    with pytest.raises(AssertionError, match="was begun with --bar 1s, not 1m"):
        other.start()


def test_a_client_that_does_not_read_holds_up_nobody(exchange):
    with socket.create_connection(("127.0.0.1", exchange.port)) as deaf:
        deaf.sendall(
            b"GET /ws/eurusd@bookTicker HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        time.sleep(1)
        assert ask(exchange, lambda client: client.watch_bids_asks(["EUR/USD"]))


def test_the_exchange_loads_neither_ccxt_nor_pandas_nor_flask():
    code = (
        "import sys, trading_bot.exchange.process\n"
        "print([name for name in ('ccxt', 'pandas', 'flask', 'opentelemetry.sdk', 'sqlite3') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
