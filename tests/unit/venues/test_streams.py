"""Streams that come back, bars in order, and the mailbox that they fill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_bot.contract.errors import RetriableError
from trading_bot.domain.clock import SECOND, ManualClock
from trading_bot.venues.mailbox import Mailbox
from trading_bot.venues.protocol import (
    BadMessage,
    Bar,
    BarUpdate,
    FeedMessage,
    Quote,
    StreamLost,
    StreamName,
    StreamRestored,
)
from trading_bot.venues.streams import FIRST_SECONDS, LAST_SECONDS, BarSequence, Stream, backoff_seconds


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_back_off_doubles_within_its_bounds_and_spreads_by_half(attempt: int, chance: float) -> None:
    longest = min(LAST_SECONDS, FIRST_SECONDS * 2 ** min(attempt - 1, 30))
    assert longest / 2 <= backoff_seconds(attempt, chance) <= longest


def test_the_first_attempts_wait_a_quarter_a_half_one_second() -> None:
    assert [backoff_seconds(attempt, 0.9999999) for attempt in (1, 2, 3, 30)] == pytest.approx(
        [0.25, 0.5, 1, 10]
    )


class ScriptedDialect:
    """Each connection ends as the next step says."""

    def __init__(self, *steps: Callable[[], Awaitable[None]]) -> None:
        self.steps = list(steps)
        self.drops: asyncio.Queue[StreamName] = asyncio.Queue()

    async def watch(self, stream: StreamName) -> NoReturn:
        if self.steps:
            await self.steps.pop(0)()
            raise ConnectionError(f"{stream} broke")
        await asyncio.Event().wait()
        raise AssertionError

    async def drop(self, stream: StreamName) -> None:
        self.drops.put_nowait(stream)


def test_an_outage_is_told_once_and_ends_when_data_flows_with_its_attempts_and_its_length() -> None:
    async def run() -> None:
        clock, heard = ManualClock(), list[FeedMessage]()

        async def nothing() -> None:
            clock.advance(2)

        dialect = ScriptedDialect(nothing, nothing, nothing)
        stream = Stream(StreamName.QUOTES, dialect, heard.append, clock, lambda: 0.0)
        task = asyncio.ensure_future(stream.run())
        for _ in range(3):
            await dialect.drops.get()
        clock.advance(1)
        stream.flowing()
        stream.flowing()
        task.cancel()
        assert heard == [
            StreamLost(stream=StreamName.QUOTES, message="ConnectionError: quotes broke"),
            StreamRestored(stream=StreamName.QUOTES, attempts=3, outage_ns=5 * SECOND),
        ]

    asyncio.run(run())


def test_a_first_connection_says_nothing_and_breaking_off_leads_to_a_new_one() -> None:
    async def run() -> None:
        heard = list[FeedMessage]()
        dialect = ScriptedDialect()
        stream = Stream(StreamName.BARS, dialect, heard.append, ManualClock(), lambda: 0.0)
        task = asyncio.ensure_future(stream.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stream.flowing()
        assert heard == []
        stream.break_off()
        await dialect.drops.get()
        task.cancel()
        assert heard == [StreamLost(stream=StreamName.BARS, message="the connection was given up")]

    asyncio.run(run())


INTERVAL = 60 * SECOND


def bar(minute: int, symbol: str = "EUR/USD") -> Bar:
    price = Decimal(1)
    return Bar(
        symbol=symbol,
        open_time=minute * INTERVAL,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(0),
    )


class History:
    """Closed bars that can be asked for once they are let go."""

    def __init__(self, *minutes: int) -> None:
        self.bars = [bar(minute) for minute in minutes]
        self.let_go = asyncio.Event()
        self.asked: list[tuple[str, int]] = []
        self.fails = False

    async def __call__(self, symbol: str, since: int) -> list[Bar]:
        self.asked.append((symbol, since // INTERVAL))
        await self.let_go.wait()
        if self.fails:
            raise RetriableError("VENUE_001", "not now")
        return [one for one in self.bars if one.open_time >= since]


async def sequence(history: History, given_bars: list[int], closed: list[int]) -> list[int]:
    """Return the minutes delivered; the history answers after the last bar has closed."""
    delivered: list[int] = []
    bars = BarSequence(INTERVAL, history, lambda one: delivered.append(one.bar.open_time // INTERVAL))
    bars.given([bar(minute) for minute in given_bars])
    for minute in closed:
        bars.closed(bar(minute))
        await asyncio.sleep(0)
    history.let_go.set()
    for _ in range(5):
        await asyncio.sleep(0)
    return delivered


@pytest.mark.parametrize(
    ("given_bars", "closed", "expected"),
    [
        pytest.param([1, 2], [3, 4], [3, 4], id="they go on"),
        pytest.param([1, 2], [2, 3, 3, 2, 4], [3, 4], id="what came before comes again"),
        pytest.param([], [7, 8], [7, 8], id="nothing was given before"),
        pytest.param([1, 2], [6, 7], [3, 4, 5, 6, 7], id="a hole is filled before what follows"),
        pytest.param([1, 2], [3, 5, 6, 7], [3, 4, 5, 6, 7], id="a hole later on"),
    ],
)
def test_bars_come_in_order_once_each_without_holes(
    given_bars: list[int], closed: list[int], expected: list[int]
) -> None:
    async def run() -> None:
        assert await sequence(History(*range(1, 9)[: max(closed)]), given_bars, closed) == [
            minute for minute in expected if minute <= 8
        ]

    asyncio.run(run())


def test_of_bars_that_nobody_heard_in_time_all_but_the_newest_say_so() -> None:
    async def run() -> None:
        history, told = History(3, 4, 5, 6, 7), list[tuple[int, bool]]()
        bars = BarSequence(
            INTERVAL, history, lambda one: told.append((one.bar.open_time // INTERVAL, one.late))
        )
        bars.given([bar(2)])
        for minute in (6, 7):
            bars.closed(bar(minute))
        history.let_go.set()
        for _ in range(5):
            await asyncio.sleep(0)
        bars.closed(bar(8))
        assert told == [(3, True), (4, True), (5, True), (6, True), (7, False), (8, False)]

    asyncio.run(run())


def test_a_hole_that_the_venue_has_no_bars_for_stays_one() -> None:
    async def run() -> None:
        history = History(5, 6)
        assert await sequence(history, [1], [5, 6]) == [5, 6]
        assert history.asked == [("EUR/USD", 2)]

    asyncio.run(run())


def test_a_history_that_cannot_be_read_does_not_hold_the_bars_back() -> None:
    async def run() -> None:
        history = History()
        history.fails = True
        assert await sequence(history, [1], [5, 6]) == [5, 6]

    asyncio.run(run())


def quote(symbol: str, bid: int) -> Quote:
    return Quote(symbol=symbol, bid=Decimal(bid), ask=Decimal(bid + 1), venue_time=None, received_at=1)


def test_the_newest_quote_of_each_symbol_waits_and_bars_go_first() -> None:
    async def run() -> None:
        mailbox = Mailbox()
        for message in (
            quote("A", 1),
            quote("B", 1),
            quote("A", 2),
            BarUpdate(bar=bar(1)),
            BarUpdate(bar=bar(2)),
        ):
            mailbox.put(message)
        assert len(mailbox) == 4
        assert [await mailbox.get() for _ in range(4)] == [
            BarUpdate(bar=bar(1)),
            BarUpdate(bar=bar(2)),
            quote("A", 2),
            quote("B", 1),
        ]
        mailbox.close()
        assert await mailbox.get() is None

    asyncio.run(run())


def test_a_full_mailbox_says_so_instead_of_dropping_a_bar_but_always_takes_a_quote() -> None:
    mailbox = Mailbox(limit=2)
    mailbox.put(BarUpdate(bar=bar(1)))
    mailbox.put(BarUpdate(bar=bar(2)))
    with pytest.raises(asyncio.QueueFull):
        mailbox.put(BarUpdate(bar=bar(3)))
    for number in range(100):
        mailbox.put(quote("A", number + 1))
        mailbox.put(BadMessage(symbol="A", message=str(number)))
    assert len(mailbox) == 4
