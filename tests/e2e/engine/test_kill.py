"""kill -9 of the bot while it trades: what it knew is what it knows again, and what the exchange says."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from support.command import wait_until
from support.trading import Floor, agree

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.account import AnchorsRestored
from trading_bot.contract.events.lifecycle import BotReady, BotStarted, ModeChanged, StateSnapshotted
from trading_bot.contract.events.trading import OrderFilled, OrderIntended, OrderSent
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import encode_state, restore
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader

pytestmark = pytest.mark.timeout(3000)

KILLS, KILLS_LONG = 3, 100
STARTING_UP = 0.15
"""Share of the kills that hit the bot while it recovers."""
WITH_AN_ORDER = 0.7
"""Share of the kills that are aimed at the moment after an intent is on the tape."""
ON_ITS_WAY = 0.02
"""Seconds from an intent to its fill, about."""
MOVED_BY_TRADING = (
    metrics.SIGNALS,
    metrics.DENIALS,
    metrics.ORDERS,
    metrics.ORDERS_SENT,
    metrics.FILLS,
    metrics.FILL_NOTIONAL,
    metrics.TRADES,
    metrics.BARS,
)


def wait_for_a_moment(floor: Floor, chance: random.Random, started_after: int) -> str:
    """Wait for the moment of a kill; return what kind of moment it is."""
    if chance.random() < STARTING_UP:
        floor.wait_for(BotStarted.KIND, after=started_after)
        time.sleep(chance.uniform(0, 0.8))
        return "starting"
    floor.wait_for(BotReady.KIND, after=started_after)
    time.sleep(chance.uniform(0.5, 2.5))
    if chance.random() > WITH_AN_ORDER:
        return "trading"
    wait_for_an_intent(floor)
    time.sleep(chance.uniform(0, ON_ITS_WAY))
    return "with an order"


def wait_for_an_intent(floor: Floor) -> None:
    """Wait, a millisecond at a time, until the next order is about to be sent."""
    with TapeReader.open(floor.home.journal) as reader:
        last = reader.last_seq()
        assert wait_until(lambda: bool(reader.read(last, 1, [OrderIntended.KIND])), every=0.001)


def kept(state: State) -> dict[str, object]:
    """Return what a crash must not change, as plain values."""
    account = state.account
    return {
        "positions": {
            symbol: (position.quantity, position.entry_price, position.realized_pnl, position.trip_pnl)
            for symbol, position in state.positions.items()
        },
        "balances": dict(account.balances),
        "realized": account.realized_pnl,
        "fees": dict(account.fees),
        "anchors": (account.day, account.day_start_equity, account.peak_equity, account.max_drawdown),
        "breakers": tuple(state.breakers),
        "round trips": (state.performance.won, state.performance.lost, state.performance.streak),
        "orders": {key: (order.status, order.filled_quantity) for key, order in state.orders.items()},
        "settings": (state.settings.generation, state.settings.hash),
    }


def counters(state: State) -> dict[str, dict[str, float]]:
    return {metric.name: dict(state.counts.get(metric.name, {})) for metric in MOVED_BY_TRADING}


def assert_not_lower(before: State, after: State) -> None:
    for name, series in before.counts.items():
        for labels, value in series.items():
            assert after.counts[name][labels] >= value, f"{name}{{{labels}}} fell from {value}"


def restart(floor: Floor, before: State) -> None:
    """Start the bot after a kill: what it begins with, and what it says of it, is what stood there before."""
    floor.start("run")
    if before.account.opened_at is None:
        return
    restored = floor.wait_for(AnchorsRestored.KIND, after=before.seq)
    begun = state_at(floor, restored.seq)
    assert kept(begun) == kept(before)
    assert counters(begun) == counters(before)
    assert_not_lower(before, begun)
    said, account = restored.payload, before.account
    assert isinstance(said, AnchorsRestored)
    assert (said.day, said.day_start_equity) == (account.day, account.day_start_equity)
    assert (said.peak_equity, said.breakers) == (account.peak_equity, tuple(before.breakers))
    written_by_itself = floor.wait_for(StateSnapshotted.KIND, after=restored.seq)
    assert_not_lower(before, restore(written_by_itself))


def state_at(floor: Floor, seq: int) -> State:
    """Return the fold of the tape from its beginning up to an event."""
    state = State()
    for envelope in floor.events():
        if envelope.seq <= seq:
            state = evolve(state, envelope)
    return state


def audit(tape: list[Envelope]) -> int:
    """Hold every snapshot that any run wrote to the fold of all before it; return how many there were."""
    state, audited = State(), 0
    for expected, envelope in enumerate(tape, start=1):
        assert envelope.seq == expected, "a gap"
        if isinstance(envelope.payload, StateSnapshotted):
            assert bytes(envelope.payload.state) == encode_state(state), f"live state differed at {expected}"
            audited += 1
        state = evolve(state, envelope)
    return audited


def duplicates(values: Iterator[object]) -> set[object]:
    seen: set[object] = set()
    return {value for value in values if value in seen or seen.add(value)}


def assert_nothing_was_sent_twice(floor: Floor, tape: list[Envelope]) -> None:
    received = floor.books()["received"]
    assert not [entry for entry in received if entry["times"] != 1]
    intended = [e.payload.client_order_id for e in tape if isinstance(e.payload, OrderIntended)]
    sent = [e.payload.client_order_id for e in tape if isinstance(e.payload, OrderSent)]
    fills = [(e.payload.symbol, e.payload.trade_id) for e in tape if isinstance(e.payload, OrderFilled)]
    assert not duplicates(iter(intended))
    assert not duplicates(iter(sent))
    assert not duplicates(iter(fills))
    assert {entry["client_order_id"] for entry in received} <= set(intended), "an order without its intent"


def test_a_killed_bot_goes_on_with_the_same_books_and_sends_nothing_twice(
    floor: Callable[..., Floor], count: Callable[[str, int, str], None], long_run: bool, seed: int
):
    chance, here = random.Random(seed), floor()
    kills, moments, in_flight = (KILLS_LONG if long_run else KILLS), [], 0
    before = State()
    here.start("run")
    for _ in range(kills):
        moments.append(wait_for_a_moment(here, chance, before.seq))
        here.kill("run")
        before = here.state()
        in_flight += bool(before.orders)
        restart(here, before)
        agree(here)
    here.home.halt.touch()
    here.wait_for(ModeChanged.KIND, after=before.seq, mode="halted")
    assert wait_until(lambda: not here.state().orders), here.state().orders
    agree(here)
    last = here.state()
    assert here.stop("run")[0] == 0
    tape = here.events()
    audited = audit(tape)
    assert not last.reconciliation.mismatches
    assert audited >= kills
    assert_nothing_was_sent_twice(here, tape)
    trades = len(here.books()["trades"])
    assert trades > 0
    print(f"{kills} kills {dict(Counter(moments))}, {in_flight} with orders on their way")
    print(f"{trades} trades, {audited} snapshots held to the fold")
    count("kill -9 of the bot", kills, f"{in_flight} with orders on their way, 0 sent twice, books agree")
