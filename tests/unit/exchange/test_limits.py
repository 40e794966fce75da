"""Request weights, order counts, bans, and how long a socket may live."""

from __future__ import annotations

import asyncio

import pytest

from trading_bot.domain.clock import ManualClock
from trading_bot.exchange.faults import DROP_CONNECTION, FLAPPING_CONNECTION, Fault, Faults
from trading_bot.exchange.limits import MOST_WEIGHT, ORDER_WINDOWS, PATIENCE, WEIGHTS, Limits
from trading_bot.exchange.lines import MOST_MESSAGES_A_SECOND, MOST_OPENED, Connection, Lines

HERE = "127.0.0.1"


def limits() -> tuple[Limits, ManualClock]:
    clock = ManualClock()
    clock.advance(-(clock.now_ns() % 60_000_000_000) / 1e9 + 60)  # a minute begins
    return Limits(clock), clock


@pytest.mark.parametrize(
    ("request_line", "asked", "weight"),
    [
        ("GET /api/v3/depth", {"limit": "100"}, 5),
        ("GET /api/v3/depth", {"limit": "500"}, 25),
        ("GET /api/v3/depth", {"limit": "1000"}, 50),
        ("GET /api/v3/depth", {"limit": "5000"}, 250),
        ("GET /api/v3/depth", {"limit": "many"}, 5),
        ("GET /api/v3/openOrders", {"symbol": "EURUSD"}, 6),
        ("GET /api/v3/openOrders", {}, 80),
        ("GET /api/v3/ticker/24hr", {"symbol": "EURUSD"}, 2),
        ("GET /api/v3/ticker/24hr", {"symbols": '["EURUSD","IBMUSD"]'}, 2),
        ("GET /api/v3/ticker/24hr", {}, 80),
        ("GET /api/v3/myTrades", {"symbol": "EURUSD"}, 20),
        ("GET /api/v3/myTrades", {"symbol": "EURUSD", "orderId": "1"}, 5),
        ("GET /api/v3/account", {}, 20),
        ("POST /api/v3/order", {}, 1),
    ],
)
def test_a_request_weighs_what_the_documentation_says(request_line, asked, weight):
    method, path = request_line.split()
    assert WEIGHTS[method, path](asked) == weight


def test_a_minutes_weight_may_be_used_up_and_begins_anew_with_the_next():
    counted, clock = limits()
    usage = counted.charge(HERE, MOST_WEIGHT)
    assert counted.verdict(usage) is None
    clock.advance(15)
    reason, wait = counted.verdict(counted.charge(HERE, 1))
    assert (reason.status, reason.code, wait) == (429, -1003, 45)
    clock.advance(45)
    assert counted.verdict(counted.charge(HERE, 1)) is None
    assert counted.charge(HERE, 4).weight == 5


def test_another_address_is_not_concerned():
    counted, _ = limits()
    counted.charge(HERE, 2 * MOST_WEIGHT)
    assert counted.verdict(counted.charge("10.0.0.1", 1)) is None


def test_who_goes_on_asking_is_banned_and_longer_each_time():
    counted, clock = limits()
    bans = []
    for _ in range(3):
        counted.charge(HERE, 2 * MOST_WEIGHT)
        verdicts = [counted.verdict(counted.charge(HERE, 1)) for _ in range(PATIENCE + 1)]
        assert {reason.status for reason, _ in verdicts[:-1]} == {429}
        reason, wait = verdicts[-1]
        assert reason.status == 418
        bans.append(wait)
        clock.advance(wait)
        assert counted.verdict(counted.charge(HERE, 1)) is None
    assert bans == [120, 240, 480]


def test_a_ban_lasts_three_days_at_most():
    counted, clock = limits()
    for _ in range(20):
        counted.charge(HERE, 2 * MOST_WEIGHT)
        for _ in range(PATIENCE + 1):
            verdict = counted.verdict(counted.charge(HERE, 1))
        clock.advance(verdict[1])
    assert verdict[1] == 3 * 24 * 3600


def test_orders_are_counted_in_both_windows_and_too_many_are_refused_without_a_time_to_wait():
    counted, clock = limits()
    _, most, short, _ = ORDER_WINDOWS[0]
    for _ in range(most):
        assert counted.orders_verdict() is None
        counted.count_order()
    reason, wait = counted.orders_verdict()
    assert (reason.status, reason.code, wait) == (429, -1015, None)
    assert counted.headers(counted.charge(HERE, 1), places=True)[f"X-MBX-ORDER-COUNT-{short}"] == str(most)
    clock.advance(10)
    assert counted.orders_verdict() is None
    said = counted.headers(counted.charge(HERE, 1), places=True)
    assert (said["X-MBX-ORDER-COUNT-10S"], said["X-MBX-ORDER-COUNT-1D"]) == ("0", str(most))


def test_an_address_opens_300_sockets_in_five_minutes_and_no_more():
    clock = ManualClock()
    lines = Lines(Faults([], clock, 1), clock)
    assert all(lines.admits(HERE) for _ in range(MOST_OPENED))
    assert not lines.admits(HERE)
    assert lines.admits("10.0.0.1")
    clock.advance(301)
    assert lines.admits(HERE)


def test_a_socket_is_let_go_after_a_day():
    clock = ManualClock()
    lines = Lines(Faults([], clock, 1), clock)
    old = lines.enter()
    clock.advance(24 * 3600 - 1)
    young = lines.enter()
    lines.end_old()
    assert not old.overrun.is_set()
    clock.advance(1)
    lines.end_old()
    assert (old.overrun.is_set(), young.overrun.is_set()) == (True, False)


def test_five_messages_a_second_are_heard_and_a_sixth_is_too_many():
    connection, second = Connection(), 1_000_000_000
    assert all(connection.hear(number) for number in range(MOST_MESSAGES_A_SECOND))
    assert not connection.hear(second - 1)
    assert connection.hear(3 * second)


def test_faults_of_connections_strike_the_open_ones_and_the_next():
    async def play():
        clock = ManualClock()
        faults = Faults([], clock, 1)
        lines = Lines(faults, clock)
        first = lines.enter()
        flapping = Fault(name=FLAPPING_CONNECTION, symbol=None, since_ns=0, size=0.02)
        faults.add(flapping)
        lines.strike(flapping)
        second = lines.enter()
        await asyncio.sleep(0.05)
        assert first.cut.is_set()
        assert second.cut.is_set()
        faults.remove(FLAPPING_CONNECTION, None)
        third = lines.enter()
        assert lines.gated() is None
        dropped = Fault(name=DROP_CONNECTION, symbol=None, since_ns=0)
        faults.add(dropped)
        lines.strike(dropped)
        assert third.cut.is_set()
        assert lines.gated() is dropped

    asyncio.run(play())
