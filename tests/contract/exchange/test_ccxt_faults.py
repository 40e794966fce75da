"""What the real clients see of each fault."""

from __future__ import annotations

import asyncio
import json
import math
import time
import urllib.error
from pathlib import Path

import ccxt
import pytest
from support.command import wait_until
from support.exchange_process import client_of, holds, watches

from trading_bot.exchange.faults import KINDS

pytestmark = pytest.mark.xdist_group("ccxt faults")  # one process for all of them
SILENCE = 1.2
"""Seconds: several quotes would have come."""


@pytest.fixture(autouse=True)
def all_faults_off_afterwards(exchange):
    yield
    for row in exchange.get("/sim/faults")["faults"]:
        if row["on"]:
            exchange.switch(row["name"], on=False)


def ask(exchange, question, **overrides):
    async def conversation():
        async with client_of(exchange, **overrides) as client:
            await client.load_markets()
            return await asyncio.wait_for(question(client), 90)

    return asyncio.run(conversation())


def ask_later(exchange, question, fault, **how):
    """Ask with a fault that is switched on once the client knows the markets."""

    async def with_fault(client):
        exchange.switch(fault, on=True, **how)
        return await question(client)

    return ask(exchange, with_fault)


async def hears(watch, seconds=60.0) -> bool:
    """Whether something is told in time; what is silent is listened to for ``SILENCE`` seconds."""
    try:
        await asyncio.wait_for(watch, seconds)
    except TimeoutError:
        return False
    return True


def test_mute_feed_keeps_the_socket_open_and_sends_no_market_data(exchange):
    async def question(client):
        before = await hears(client.watch_bids_asks(["EUR/USD"]))
        exchange.switch("mute_feed", on=True)
        while await hears(client.watch_bids_asks(["EUR/USD"]), 0.4):
            pass  # what was under way already
        muted = await hears(client.watch_bids_asks(["EUR/USD"]), SILENCE)
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
            await hears(client.watch_bids_asks(["EUR/USD"]), SILENCE),
        )

    assert ask(exchange, question) == (True, False)


def test_lost_ack_books_the_order_and_never_answers(exchange):
    exchange.switch("lost_ack", on=True)

    async def question(client):
        reports = await listening(client)
        client.timeout = 700  # milliseconds
        with pytest.raises(ccxt.RequestTimeout):
            await client.create_order("EUR/USD", "market", "buy", 100, None, {"newClientOrderId": "lost-1"})
        client.timeout = 90_000
        heard = await hears(reports, 0.3)
        return heard, await client.fetch_order(None, "EUR/USD", {"origClientOrderId": "lost-1"})

    heard, found = ask(exchange, question)
    assert not heard
    assert (found["status"], found["filled"]) == ("closed", 100)
    received = {each["client_order_id"]: each["times"] for each in exchange.books()["received"]}
    assert received["lost-1"] == 1


def test_lost_ack_of_one_symbol_answers_for_the_others(exchange):
    exchange.switch("lost_ack", on=True, symbol="EUR/USD")
    order = ask(exchange, lambda client: client.create_order("MSFT/USD", "market", "buy", 1))
    assert order["status"] == "closed"


def test_faults_are_listed_with_what_they_mean(exchange):
    exchange.switch("mute_feed", on=True, symbol="IBM/USD")
    rows = {row["name"]: row for row in exchange.get("/sim/faults")["faults"]}
    assert (rows["mute_feed"]["on"], rows["mute_feed"]["symbol"]) == (True, "IBM/USD")
    assert (rows["lost_ack"]["on"], rows["lost_ack"]["since"]) == (False, None)
    assert all(row["meaning"] for row in rows.values())


def quote(client, symbol="EUR/USD"):
    """The next quote that the stream tells, as ccxt has it: floats, None for what is none."""
    return client.watch_bids_asks([symbol])


async def forever(client):
    while True:
        await quote(client)


async def place(client, name, symbol="EUR/USD", side="buy", quantity=100, price=None):
    kind = "limit" if price else "market"
    return await client.create_order(symbol, kind, side, quantity, price, {"newClientOrderId": name})


async def found(client, name, symbol="EUR/USD"):
    return await client.fetch_order(None, symbol, {"origClientOrderId": name})


def executions(client):
    """Collect what the account's stream tells, in the words of the wire."""
    told = []

    def tap(socket, message):
        if isinstance(message, dict) and "event" in message:
            told.append(message["event"])
        return type(client).handle_message(client, socket, message)

    client.handle_message = tap
    return told


async def listening(client):
    """Have the account's stream open."""
    watching = asyncio.ensure_future(client.watch_orders())
    await watches(client, "orders")
    return watching


def test_stale_quotes_come_on_time_and_say_what_was_so_once(exchange):
    async def question(client):
        await quote(client)
        exchange.switch("stale_quotes", on=True, symbol="EUR/USD")
        await asyncio.sleep(0.3)
        stale = [(await quote(client))["EUR/USD"] for _ in range(5)]
        ends = [await client.watch_ohlcv("EUR/USD", "1s") for _ in range(2)]
        exchange.switch("stale_quotes", on=False)
        fresh = [(await quote(client))["EUR/USD"] for _ in range(5)]
        return stale, ends, fresh

    stale, ends, fresh = ask(exchange, question)
    assert len({(each["bid"], each["ask"]) for each in stale[1:]}) == 1
    assert ends[0][-1][0] < ends[1][-1][0]
    assert len({(each["bid"], each["ask"]) for each in fresh}) > 1


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("crossed_book", lambda bid, ask, _: bid > ask),
        ("nan_price", lambda bid, ask, _: math.isnan(bid) and math.isnan(ask)),
        ("price_spike", lambda bid, ask, true: 1.15 < bid / true < 1.25 and 1.15 < ask / true < 1.25),
    ],
)
def test_prices_that_cannot_be_are_told_by_the_stream_and_not_by_rest(exchange, name, holds):
    async def question(client):
        await quote(client)
        exchange.switch(name, on=True)
        await asyncio.sleep(0.3)
        told = [(await quote(client))["EUR/USD"] for _ in range(2)][-1]
        return told, await client.fetch_ticker("EUR/USD")

    told, true = ask(exchange, question)
    assert holds(float(told["bid"]), float(told["ask"]), true["last"])
    assert true["bid"] < true["ask"]


def test_a_spike_of_half_below_is_told_with_its_size(exchange):
    exchange.switch("price_spike", on=True, size=-0.5, symbol="EUR/USD")

    async def question(client):
        return (await quote(client))["EUR/USD"], await client.fetch_ticker("EUR/USD")

    told, true = ask(exchange, question)
    assert 0.45 < told["bid"] / true["last"] < 0.55


def test_a_dropped_connection_is_cut_and_not_given_again_until_the_fault_is_off(exchange):
    async def question(client):
        await quote(client)
        exchange.switch("drop_connection", on=True)
        with pytest.raises(ccxt.NetworkError):
            await forever(client)
        with pytest.raises(ccxt.NetworkError):
            await quote(client)
        rest = await client.fetch_time()
        exchange.switch("drop_connection", on=False)
        client.ws_dial_backoff = {}
        return rest, await quote(client)

    rest, back = ask(exchange, question)
    assert rest
    assert back["EUR/USD"]["bid"]


def test_a_flapping_connection_is_cut_again_and_again_and_speaks_in_between(exchange):
    async def question(client):
        exchange.switch("flapping_connection", on=True, size=0.4)
        cuts, quotes = 0, 0
        while cuts < 3:
            client.ws_dial_backoff = {}
            try:
                await quote(client)
                quotes += 1
            except ccxt.NetworkError:
                cuts += 1
        return quotes

    assert ask(exchange, question) >= 1


def test_unreachable_refuses_connections_until_its_time_is_up(exchange):
    async def question(client):
        exchange.switch("unreachable", on=True, seconds=3)
        while True:  # it is refused a moment after, and then answers again
            try:
                await client.fetch_time()
            except ccxt.NetworkError as error:
                why = str(error.__cause__)
                break
        while True:
            await asyncio.sleep(0.1)
            try:
                return why, await client.fetch_time()
            except ccxt.NetworkError:
                continue

    why, time = ask(exchange, question)
    assert "refused" in why or "Connect call failed" in why
    assert time
    changes = [(row["name"], row["on"]) for row in exchange.get("/sim/faults")["changes"][:2]]
    assert changes == [("unreachable", False), ("unreachable", True)]


def test_a_late_answer_comes_after_the_reports(exchange):
    exchange.switch("late_ack", on=True, size=2.0)

    async def question(client):
        told = executions(client)
        watching = await listening(client)
        began = time.monotonic()
        placing = asyncio.ensure_future(place(client, "late-1"))
        await watching
        is_answered = placing.done()
        order = await placing
        return is_answered, time.monotonic() - began, order, told

    is_answered, seconds, order, told = ask(exchange, question)
    assert not is_answered
    assert seconds >= 2
    assert order["status"] == "closed"
    assert told[0]["x"] == "NEW"


def test_rate_limited_is_429_with_the_seconds_to_wait(exchange):
    async def question(client):
        with pytest.raises(ccxt.DDoSProtection, match="429"):
            await client.fetch_ticker("EUR/USD")
        return client.last_response_headers["Retry-After"]

    assert ask_later(exchange, question, "rate_limited", size=7) == "7"


def test_banned_is_418_with_the_end_of_the_ban(exchange):
    async def question(client):
        with pytest.raises(ccxt.DDoSProtection, match=r"418.*banned until \d{13}"):
            await place(client, "banned-1")
        return client.last_response_headers["Retry-After"]

    began = time.monotonic()
    left = int(ask_later(exchange, question, "banned", seconds=100))
    assert 99 - (time.monotonic() - began) <= left <= 100
    assert "banned-1" not in {each["client_order_id"] for each in exchange.books()["received"]}


def test_maintenance_is_503_with_an_end_and_no_sockets(exchange):
    async def question(client):
        with pytest.raises(ccxt.OnMaintenance):
            await client.fetch_balance()
        header = client.last_response_headers["Retry-After"]
        with pytest.raises(ccxt.NetworkError):
            await quote(client)
        return header

    assert ask_later(exchange, question, "maintenance", size=600) == "600"


def test_a_server_error_leaves_open_whether_the_order_was_carried_out(exchange):
    async def question(client):
        for number in range(12):
            with pytest.raises(ccxt.OperationFailed):
                await place(client, f"error-{number}", quantity=10)

    ask_later(exchange, question, "server_error")
    received = {each["client_order_id"] for each in exchange.books()["received"]}
    carried_out = {name for name in received if name.startswith("error-")}
    assert 0 < len(carried_out) < 12


def test_truncated_json_is_an_answer_that_breaks_off_and_the_order_is_booked(exchange):
    order = ask_later(exchange, lambda client: place(client, "cut-1"), "truncated_json")
    assert (order["id"], order["status"]) == (None, None), (
        "ccxt makes an order without an id of half an answer"
    )
    exchange.switch("truncated_json", on=False)
    assert ask(exchange, lambda client: found(client, "cut-1"))["status"] == "closed"


@pytest.mark.parametrize("ahead", [30, -30])
def test_a_skewed_clock_says_so_and_refuses_what_is_signed_by_the_right_time(exchange, ahead):
    async def question(client):
        began = time.time()
        told = await client.fetch_time() / 1000
        ended = time.time()
        with pytest.raises(ccxt.InvalidNonce):
            await client.fetch_balance()
        return began, told - ahead, ended

    began, told, ended = ask_later(exchange, question, "clock_skew", size=ahead)
    assert began - 0.01 <= told <= ended + 0.01


def test_a_rejected_order_is_refused_with_a_code_and_not_booked(exchange):
    async def question(client):
        with pytest.raises(ccxt.ExchangeError, match="PERCENT_PRICE_BY_SIDE"):
            await place(client, "refused-1")
        with pytest.raises(ccxt.OrderNotFound):
            await found(client, "refused-1")
        return await place(client, "refused-2", "MSFT/USD", quantity=1)

    order = ask_later(exchange, question, "reject_order", symbol="EUR/USD")
    assert order["status"] == "closed"


def test_a_halted_symbol_takes_no_order_and_tells_no_quote_but_cancels(exchange):
    async def question(client):
        bid = (await client.fetch_order_book("EUR/USD"))["bids"][0][0]
        await place(client, "halted-0", price=round(bid * 0.9, 5))
        exchange.switch("halted_symbol", on=True, symbol="EUR/USD")
        with pytest.raises(ccxt.MarketClosed):
            await place(client, "halted-1")
        silent = not await hears(quote(client), SILENCE)
        active = (await client.load_markets(reload=True))["EUR/USD"]["active"]
        cancelled = await client.cancel_order(None, "EUR/USD", {"origClientOrderId": "halted-0"})
        return silent, active, cancelled["status"]

    assert ask(exchange, question) == (True, False, "canceled")


def test_a_partial_fill_stalls_until_the_fault_is_off(exchange):
    async def question(client):
        ask_price = (await client.fetch_order_book("EUR/USD"))["asks"][0][0]
        exchange.switch("partial_fill_then_stall", on=True, size=0.4)
        order = await place(client, "stall-1", quantity=100, price=round(ask_price * 1.05, 5))
        market = await place(client, "stall-2", quantity=100)
        await asyncio.sleep(0.6)
        stalled = await found(client, "stall-1")
        exchange.switch("partial_fill_then_stall", on=False)
        while True:
            done = await found(client, "stall-1")
            if done["status"] == "closed":
                return order, market, stalled, done
            await asyncio.sleep(0.1)

    order, market, stalled, done = ask(exchange, question)
    assert (order["status"], order["filled"]) == ("open", 40)
    assert (market["status"], market["filled"]) == ("expired", 40)
    assert (stalled["status"], stalled["filled"]) == ("open", 40)
    assert (done["status"], done["filled"]) == ("closed", 100)


def test_a_duplicate_fill_is_reported_twice_with_one_trade_id_and_booked_once(exchange):
    exchange.switch("duplicate_fill", on=True)

    async def question(client):
        told = executions(client)
        await listening(client)
        await place(client, "twice-1")
        mine = await client.fetch_my_trades("EUR/USD")

        def trades():
            return [each["t"] for each in told if each.get("x") == "TRADE" and each["c"] == "twice-1"]

        await holds(lambda: len(trades()) == 2 * len(set(trades())) > 0)
        return trades(), mine

    trades, mine = ask(exchange, question)
    assert len(trades) == 2 * len(set(trades)) > 0
    assert len([each for each in mine if int(each["id"]) in trades]) == len(set(trades))


def test_reports_out_of_order_tell_the_last_first(exchange):
    exchange.switch("out_of_order_fills", on=True, symbol="EUR/USD")

    async def question(client):
        told = executions(client)
        await listening(client)
        await place(client, "reverse-1")

        def reports():
            return [(each["x"], each["X"]) for each in told if each["e"] == "executionReport"]

        await holds(lambda: len(reports()) == 2)
        return reports()

    assert ask(exchange, question) == [("TRADE", "FILLED"), ("NEW", "NEW")]


def test_a_wrong_balance_is_shown_while_the_books_stay_right(exchange):
    async def question(client):
        await place(client, "money-1")
        exchange.switch("wrong_balance", on=True, size=0.25, symbol="EUR/USD")
        euro = (await client.fetch_balance())["EUR"]["free"]
        exchange.switch("wrong_balance", on=True, size=0.5)
        return euro, (await client.fetch_balance())["USD"]["free"]

    euro, dollar = ask(exchange, question)
    true = exchange.books()["balances"]
    assert euro == pytest.approx(float(true["EUR"]["free"]) * 0.75)
    assert dollar == pytest.approx(float(true["USD"]["free"]) * 0.5)


def test_a_manual_trade_changes_the_position_by_an_order_that_the_client_never_sent(exchange):
    async def question(client):
        told = executions(client)
        await listening(client)
        before = (await client.fetch_balance())["total"].get("MSFT", 0)
        exchange.switch("manual_trade", on=True, symbol="MSFT/USD", size=2000)
        await asyncio.sleep(0.3)
        bought = (await client.fetch_balance())["total"]["MSFT"]
        exchange.switch("manual_trade", on=True, symbol="MSFT/USD", size=-1_000_000)
        await holds(lambda: [each for each in told if each["e"] == "executionReport"])
        return before, bought, (await client.fetch_balance())["total"]["MSFT"], told

    before, bought, sold, told = ask(exchange, question)
    assert bought > before
    assert sold < 0.001
    assert {each["c"][:4] for each in told if each["e"] == "executionReport"} == {"web_"}
    row = next(row for row in exchange.get("/sim/faults")["faults"] if row["name"] == "manual_trade")
    assert not row["on"], "it is over at once"


def test_a_probability_strikes_that_share_of_the_occasions_the_same_way_each_time(exchange):
    async def one_round(client):
        exchange.switch("reject_order", on=True, probability=0.3)
        struck = []
        for number in range(30):  # twice, and those of the tests before: fewer than 100 in ten seconds
            try:
                await place(client, f"dice-{number}-{time.monotonic_ns()}"[:36], quantity=10)
                struck.append(False)
            except ccxt.ExchangeError:
                struck.append(True)
        return struck

    async def question(client):
        return await one_round(client), await one_round(client)

    first, second = ask(exchange, question)
    assert first == second
    assert 3 <= sum(first) <= 15


def test_a_fault_ends_by_itself_and_both_ends_are_recorded(exchange):
    exchange.switch("reject_order", on=True, seconds=3, symbol="EUR/USD", probability=0.5)
    row = next(row for row in exchange.get("/sim/faults")["faults"] if row["name"] == "reject_order")
    assert (row["on"], row["probability"], row["symbol"]) == (True, 0.5, "EUR/USD")

    def recorded():
        return [(each["name"], each["on"]) for each in exchange.get("/sim/faults")["changes"][:2]]

    assert wait_until(lambda: recorded() == [("reject_order", False), ("reject_order", True)], every=0.2)
    assert not any(row["on"] for row in exchange.get("/sim/faults")["faults"])


def test_every_fault_there_is_has_a_test_here():
    here = Path(__file__).read_text()
    assert [name for name in KINDS if f'"{name}"' not in here] == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "meteor", "on": True}, "there is mute_feed, stale_quotes"),
        ({"name": "mute_feed", "on": True, "symbol": "XYZ/USD"}, "XYZ/USD"),
        ({"name": "mute_feed"}, "on"),
        ({"name": "mute_feed", "on": True, "size": 2}, "has no size"),
        ({"name": "mute_feed", "on": True, "probability": 0}, "above 0"),
        ({"name": "mute_feed", "on": True, "seconds": -1}, "seconds"),
        ({"name": "unreachable", "on": True, "probability": 0.5}, "no probability"),
        ({"name": "late_ack", "on": True, "size": 1e9}, "0.01 to 600"),
        ({"name": "drop_connection", "on": True, "symbol": "EUR/USD"}, "whole exchange"),
        ({"name": "mute_feed", "on": "yes"}, "bool"),
    ],
)
def test_a_fault_that_cannot_be_switched_is_refused_with_a_reason(exchange, body, said):
    with pytest.raises(urllib.error.HTTPError) as caught:
        exchange.post("/sim/faults", body)
    with caught.value as answer:
        assert answer.code == 400
        assert said in json.load(answer)["detail"]
