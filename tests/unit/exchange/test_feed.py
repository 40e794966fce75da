"""Who hears what of the market, and when a bar is said to be over."""

from __future__ import annotations

import asyncio
import json

import pytest

from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.exchange.faults import MUTE_FEED, Fault, Faults
from trading_bot.exchange.feed import MOST_CLOSED_TOLD, Feed
from trading_bot.exchange.lines import MOST_QUEUED, Connection
from trading_bot.exchange.listing import DEFAULTS
from trading_bot.exchange.markets import Market, Markets
from trading_bot.exchange.timeline import MINUTE, Timeline
from trading_bot.market_data.bundled import load

START = 1_795_312_620 * SECOND
EURO = load("EUR/USD")


def feed(interval: str = "1s") -> Feed:
    timeline = Timeline.begin(START, interval)
    return Feed(Markets([Market(DEFAULTS["EUR/USD"], EURO, timeline, 1)]), Faults([], ManualClock(START), 1))


def heard(connection: Connection) -> list[dict]:
    async def drain() -> list[dict]:
        messages = []
        while True:
            try:
                messages.append(json.loads(await asyncio.wait_for(connection.next_message(), 0.01)))
            except TimeoutError:
                return messages

    return asyncio.run(drain())


def hear(made: Feed, stream: str, *spans: tuple[float, float], combined: bool = False) -> list[dict]:
    connection = Connection()
    assert made.subscribe(connection, stream, combined=combined)
    for before, now in spans:
        made.publish((START + int(before * SECOND), START + int(now * SECOND)))
    return heard(connection)


def test_a_bar_of_a_second_is_told_once_when_it_is_over():
    quarters = [(quarter / 4, (quarter + 1) / 4) for quarter in range(12)]
    bars = hear(feed(), "eurusd@kline_1s", *quarters)
    assert [bar["k"]["t"] // 1000 for bar in bars] == [START // SECOND + each for each in range(3)]
    assert all(bar["k"]["x"] for bar in bars)


def test_a_longer_bar_is_told_each_second_and_once_more_when_it_is_over():
    seconds = [(second, second + 1) for second in range(58, 62)]
    bars = hear(feed("1m"), "eurusd@kline_1m", *seconds)
    assert [bar["k"]["x"] for bar in bars] == [False, True, False, False, False]
    first, over = bars[0]["k"], bars[1]["k"]
    assert first["t"] == over["t"] == START // 1_000_000
    assert bars[2]["k"]["t"] == (START + MINUTE) // 1_000_000


def test_after_a_stall_the_bars_that_were_missed_are_told():
    bars = hear(feed(), "eurusd@kline_1s", (0, 5.1))
    assert len(bars) == 5
    many = hear(feed(), "eurusd@kline_1s", (0, 3_600))
    assert len(many) == MOST_CLOSED_TOLD


@pytest.mark.parametrize("name", ["eurusd@nothing", "xyzusd@trade", "eurusd@kline_7m", "eurusd", ""])
def test_what_is_no_stream_cannot_be_subscribed_to(name):
    assert not feed().subscribe(Connection(), name, combined=False)


def test_a_muted_market_says_nothing_until_the_fault_is_off():
    faults = Faults([Fault(name=MUTE_FEED, symbol="EUR/USD", since_ns=START)], ManualClock(START), 1)
    made = Feed(Markets([Market(DEFAULTS["EUR/USD"], EURO, Timeline.begin(START, "1s"), 1)]), faults)
    assert hear(made, "eurusd@bookTicker", (0, 0.25)) == []
    faults.remove(MUTE_FEED, None)
    assert len(hear(made, "eurusd@bookTicker", (0.25, 0.5))) == 1


def test_a_connection_that_is_gone_is_told_nothing_more():
    made, connection = feed(), Connection()
    made.subscribe(connection, "eurusd@trade", combined=False)
    made.forget(connection)
    made.publish((START, START + SECOND // 4))
    assert made.heard_by(connection) == []
    assert heard(connection) == []


def test_a_connection_that_reads_too_slowly_is_marked_to_be_cut():
    connection = Connection()
    for number in range(MOST_QUEUED):
        connection.send(str(number))
    assert not connection.overrun.is_set()
    connection.send("one more")
    assert connection.overrun.is_set()
