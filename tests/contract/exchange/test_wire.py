"""The protocol where no client of ours goes: raw requests, and answers in Binance's own shape."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import aiohttp
import pytest

pytestmark = pytest.mark.xdist_group("wire")  # one process for all of them


def keys(exchange) -> tuple[str, str]:
    return tuple((exchange.home / name).read_text().strip() for name in ("venue-key", "venue-secret"))


def signed(exchange, method: str, path: str, **parameters):
    key, secret = keys(exchange)
    # the longest window: a busy machine may need it
    sent = {"recvWindow": 60_000, **parameters, "timestamp": int(time.time() * 1000)}
    payload = urllib.parse.urlencode(sent)
    signature = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    request = urllib.request.Request(
        f"{exchange.url}{path}?{payload}&signature={signature}", method=method, headers={"X-MBX-APIKEY": key}
    )
    with urllib.request.urlopen(request, timeout=90) as response:
        return json.load(response)


def refusal(call) -> tuple[int, int, str]:
    """Return HTTP status, code and message of a refused call."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        call()
    with caught.value as answer:
        body = json.load(answer)
        return answer.code, body["code"], body["msg"]


def converse(exchange, path: str, *said, answers: int = 1):
    """Say things on a WebSocket; return as many answers as asked for."""

    async def conversation():
        async with aiohttp.ClientSession() as session, session.ws_connect(exchange.url + path) as socket:
            for each in said:
                await socket.send_str(each if isinstance(each, str) else json.dumps(each))
            return [await asyncio.wait_for(socket.receive_json(), 90) for _ in range(answers)]

    return asyncio.run(conversation())


def test_a_request_without_key_signature_or_time_is_refused(exchange):
    assert refusal(lambda: exchange.get("/api/v3/account"))[:2] == (401, -2014)
    request = urllib.request.Request(exchange.url + "/api/v3/account", headers={"X-MBX-APIKEY": "wrong"})
    assert refusal(lambda: urllib.request.urlopen(request))[:2] == (401, -2015)
    unsigned = urllib.request.Request(
        exchange.url + "/api/v3/account", headers={"X-MBX-APIKEY": keys(exchange)[0]}
    )
    assert refusal(lambda: urllib.request.urlopen(unsigned))[1] == -1102


def test_an_order_may_be_sent_in_the_query_too(exchange):
    order = signed(
        exchange, "POST", "/api/v3/order", symbol="IBMUSD", side="BUY", type="MARKET", quantity="1"
    )
    assert order["status"] == "FILLED"
    assert len(order["clientOrderId"]) == 32


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP"}, -1116),
        ({"symbol": "XYZUSD"}, -1121),
        ({"symbol": ""}, -1102),
        ({"quantity": "ten"}, -1100),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "NaN"}, -1100),
        ({"quantity": "0.0005"}, -1013),
        ({"price": "100"}, -1106),
        ({"quoteOrderQty": "100"}, -1106),
        ({"newClientOrderId": "x" * 37}, -1100),
        ({"type": "LIMIT", "price": "100"}, -1102),
        ({"type": "LIMIT", "timeInForce": "GTC"}, -1102),
        ({"recvWindow": "70000"}, -1131),
    ],
)
def test_a_parameter_that_is_wrong_has_its_code(exchange, changes, code):
    wanted = {"symbol": "IBMUSD", "side": "BUY", "type": "MARKET", "quantity": "1", **changes}
    assert refusal(lambda: signed(exchange, "POST", "/api/v3/order", **wanted))[:2] == (400, code)


def test_an_order_is_asked_for_by_one_of_its_ids(exchange):
    assert refusal(lambda: signed(exchange, "GET", "/api/v3/order", symbol="IBMUSD"))[1] == -1102
    assert (
        refusal(lambda: signed(exchange, "GET", "/api/v3/order", symbol="IBMUSD", orderId="77777"))[1]
        == -2013
    )
    assert (
        refusal(lambda: signed(exchange, "DELETE", "/api/v3/order", symbol="IBMUSD", orderId="77777"))[1]
        == -2011
    )


def test_a_filled_order_cannot_be_cancelled(exchange):
    order = signed(
        exchange, "POST", "/api/v3/order", symbol="IBMUSD", side="BUY", type="MARKET", quantity="1"
    )
    cancelling = {"symbol": "IBMUSD", "orderId": order["orderId"]}
    assert refusal(lambda: signed(exchange, "DELETE", "/api/v3/order", **cancelling))[1] == -2011


def test_candles_of_a_longer_interval_are_put_together_from_the_bars(exchange):
    whole = exchange.get("/api/v3/klines?symbol=EURUSD&interval=1m&limit=3")
    minute = whole[-2]
    seconds = exchange.get(
        f"/api/v3/klines?symbol=EURUSD&interval=1s&startTime={minute[0]}&endTime={minute[6]}"
    )
    assert len(seconds) == 60
    assert minute[1] == seconds[0][1]
    assert minute[4] == seconds[-1][4]
    assert float(minute[2]) == max(float(each[2]) for each in seconds)
    assert float(minute[3]) == min(float(each[3]) for each in seconds)


def test_the_historical_time_is_told_beside_the_wall_clock(exchange):
    clock = exchange.get("/sim/clock")
    assert clock["symbols"]["EUR/USD"]["historical_time"].startswith("2017-05-")
    assert clock["interval"] == "1s"
    assert clock["time"] >= clock["bar_opened_at"] >= clock["started_at"]


def test_the_books_bound_their_answer_and_say_what_they_left_out(exchange):
    for _ in range(2):
        signed(exchange, "POST", "/api/v3/order", symbol="IBMUSD", side="BUY", type="MARKET", quantity="1")
    shown = exchange.get("/sim/books?limit=1")
    everything = exchange.books()
    assert len(shown["orders"]) == 1
    assert shown["left_out"]["orders"] == len(everything["orders"]) - 1
    assert everything["left_out"] == {"orders": 0, "trades": 0, "received": 0}


def test_combined_streams_carry_the_streams_name(exchange):
    messages = converse(exchange, "/stream?streams=eurusd@bookTicker/ibmusd@trade", answers=4)
    assert {message["stream"] for message in messages} <= {"eurusd@bookTicker", "ibmusd@trade"}
    assert all(message["data"]["s"] in {"EURUSD", "IBMUSD"} for message in messages)


def test_a_stream_in_the_path_is_heard_without_subscribing(exchange):
    assert converse(exchange, "/ws/eurusd@bookTicker")[0]["s"] == "EURUSD"


def test_what_is_not_understood_on_a_market_stream_is_said_so(exchange):
    unknown, broken, method, listed = converse(
        exchange,
        "/ws",
        {"method": "SUBSCRIBE", "params": ["nosuch@trade", "eurusd@kline_7m"], "id": 1},
        "{",
        {"method": "DANCE", "id": "a"},
        {"method": "LIST_SUBSCRIPTIONS", "id": 3},
        answers=4,
    )
    assert unknown["id"] == 1
    assert "nosuch@trade, eurusd@kline_7m" in unknown["error"]["msg"]
    assert broken["error"]["code"] == 2
    assert method["id"] == "a"
    assert listed == {"result": [], "id": 3}


def test_the_account_stream_is_only_for_the_accounts_owner(exchange):
    key, secret = keys(exchange)
    params = {"apiKey": key, "timestamp": int(time.time() * 1000)}
    payload = f"apiKey={key}&timestamp={params['timestamp']}"
    good = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
    method = "userDataStream.subscribe.signature"
    forged, stranger, owner, unknown = converse(
        exchange,
        "/ws-api/v3",
        {"id": 1, "method": method, "params": {**params, "signature": "0" * 64}},
        {"id": 2, "method": method, "params": {**params, "apiKey": "other", "signature": good}},
        {"id": 3, "method": method, "params": {**params, "signature": good}},
        {"id": 4, "method": "order.place"},
        answers=4,
    )
    assert (forged["status"], forged["error"]["code"]) == (400, -1022)
    assert (stranger["status"], stranger["error"]["code"]) == (401, -2015)
    assert (owner["status"], owner["result"]) == (200, {"subscriptionId": 0})
    assert (unknown["status"], unknown["error"]["code"]) == (400, -1020)


def test_a_web_page_of_another_origin_cannot_switch_a_fault(exchange):
    body = json.dumps({"name": "lost_ack", "on": True}).encode()
    request = urllib.request.Request(exchange.url + "/sim/faults", body, {"Content-Type": "text/plain"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 415
    assert not any(row["on"] for row in exchange.get("/sim/faults")["faults"])
