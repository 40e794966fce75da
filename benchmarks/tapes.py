"""Tapes to measure on: what the demo's bot writes, minute by minute, and as many events of it as wanted.

A minute of five symbols at the default settings: a beat and five quotes a second, a record of measurements
every two, five bars, two reconciliations; the spans of a cycle now and then; an order that is filled every
other minute; a snapshot of the fold every thirty seconds where asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path

import apsw

from trading_bot.boot.clock import SystemClock
from trading_bot.contract.codec import Envelope, seal
from trading_bot.contract.events import Event, account, lifecycle, market, observation, trading
from trading_bot.contract.telemetry import metrics, spans
from trading_bot.domain.clock import SECOND
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import snapshot
from trading_bot.domain.state import State
from trading_bot.journal.pending import Entry, Group
from trading_bot.journal.tape_file import TapeFile
from trading_bot.telemetry import Tracer

SYMBOLS = ("EUR/USD", "GOOGL/USD", "AAPL/USD", "IBM/USD", "MSFT/USD")
RUN = "20260101T000000-bench0"
BEGAN = 1_767_225_600 * SECOND
PAGE = 5_000
SNAPSHOT_SECONDS = 30

Told = tuple[int, Event, str | None]
"""Its time, the event, its trace id."""


def record(path: Path, events: int, *, snapshots: bool) -> State:
    """Write a tape of so many events; return the state that it says."""
    tape, state = TapeFile.open(path), State()
    told = islice(_story(), events)
    while page := list(islice(told, PAGE)):
        entries: list[Entry] = []
        for at, event, trace_id in page:
            replaced = snapshots and isinstance(event, account.ReconciliationCompleted)
            entries.append(_entry(state.seq + 1, at, snapshot(state) if replaced else event, trace_id))
            state = evolve(state, entries[-1][0])
        tape.commit(Group(entries, durable=False))
    tape.checkpoint()
    tape.close()
    return state


def prolong(path: Path, events: int) -> None:
    """Copy a tape's events behind its end, under new numbers, until there are so many."""
    connection = apsw.Connection(str(path))
    connection.pragma("synchronous", "off")
    connection.pragma("journal_mode", "off")
    connection.execute("DROP INDEX events_by_kind; DROP INDEX events_by_trace")
    while (last := connection.execute("SELECT max(seq) FROM events").get) < events:
        connection.execute(
            "INSERT INTO events SELECT seq + ?1, ts + ?1 * 140000000, run, kind, version, trace_id, span_id, payload"
            " FROM events WHERE seq <= ?2",
            (last, min(last, events - last)),
        )
    connection.execute("CREATE INDEX events_by_kind ON events (kind)")
    connection.execute("CREATE INDEX events_by_trace ON events (trace_id) WHERE trace_id IS NOT NULL")
    connection.pragma("journal_mode", "wal")
    connection.close()


def _entry(seq: int, at: int, event: Event, trace_id: str | None) -> Entry:
    event, payload = seal(event)
    return Envelope(seq, at, RUN, "bench", event.KIND, event.VERSION, trace_id, None, event), payload


def _story() -> Iterator[Told]:
    for event in _opening():
        yield BEGAN, event, None
    second = 0
    while True:
        at = BEGAN + second * SECOND
        for event, trace_id in _second(second, at):
            yield at, event, trace_id
        second += 1


def _opening() -> Iterator[Event]:
    yield lifecycle.BotStarted(
        version="0",
        pid=1,
        host="bench",
        python="3",
        supervisor=lifecycle.Supervisor.UP,
        venue="simulated",
        currency="USD",
        previous_run_ended=None,
    )
    yield account.BalanceAdopted(asset="USD", previous=Decimal(0), amount=Decimal(100_000), reason="opening")
    yield account.DayStarted(day="2026-01-01", equity=Decimal(100_000))
    yield lifecycle.BotReady(recovery_ns=SECOND, symbols=SYMBOLS, strategies=("trend",))


def _second(second: int, at: int) -> Iterator[tuple[Event, str | None]]:
    yield lifecycle.BotBeat(cycles=second // 60 * len(SYMBOLS)), None
    for number, symbol in enumerate(SYMBOLS):
        yield _quote(symbol, _price(number, second), at), None
        if second % 60 == 0:
            yield _bar(symbol, _price(number, second), at), None
    if second % 2:
        yield _sample(second), None
    if second % SNAPSHOT_SECONDS == 0:
        yield _reconciled(), None
    if second % 120 == 0:
        yield from _order(second // 120)


def _price(number: int, second: int) -> Decimal:
    """A price that wanders: no two events are the same."""
    return Decimal(10_000 + 3_000 * number + second * 7 % 499 - second * 3 % 251).scaleb(-2)


def _quote(symbol: str, price: Decimal, at: int) -> Event:
    tick = Decimal("0.01")
    return market.QuoteConflated(
        symbol=symbol, bid=price - tick, ask=price + tick, venue_time=at, received_at=at, messages=9
    )


def _bar(symbol: str, price: Decimal, at: int) -> Event:
    return market.BarClosed(
        symbol=symbol,
        open_time=at - 60 * SECOND,
        interval_ns=60 * SECOND,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal("1200.5"),
        skipped=0,
    )


def _sample(second: int) -> Event:
    bounds = metrics.DECISION_DURATION.bounds
    decisions = observation.HistogramDelta(buckets=(1,) + (0,) * len(bounds), total=0.0001)
    return observation.RuntimeSampled(
        interval_ns=2 * SECOND,
        cpu_seconds=second / 50,
        resident_bytes=60_000_000,
        open_files=40,
        threads=4,
        loop_lag_ns=100_000,
        journal_queue=0,
        journal_bytes=1_000_000,
        clock_offset_ns=1_000,
        requests={"clock": 1},
        counters={metrics.DECISIONS.name: 1},
        histograms={metrics.DECISION_DURATION.name: decisions},
    )


def _reconciled() -> Event:
    return account.ReconciliationCompleted(
        trigger="periodic", orders_checked=1, fills_learned=0, mismatches=0, duration_ns=SECOND // 50
    )


def _order(number: int) -> Iterator[tuple[Event, str | None]]:
    order_id, symbol, trace = (
        f"tt-{number}",
        SYMBOLS[number // 2 % len(SYMBOLS)],
        Tracer(SystemClock()).trace(),
    )
    side = trading.Side.SELL if number % 2 else trading.Side.BUY
    price = _price(SYMBOLS.index(symbol), number * 120)
    with trace.span(spans.DECIDE_CYCLE) as cycle:
        for name in (spans.EVALUATE_STRATEGY, spans.CHECK_RISK, spans.PLACE_ORDER):
            cycle.child(name).end()
    steps = (
        trading.OrderIntended(
            client_order_id=order_id,
            strategy="trend",
            symbol=symbol,
            side=side,
            type=trading.OrderType.MARKET,
            time_in_force=trading.TimeInForce.GTC,
            quantity=Decimal(10),
            limit_price=None,
            reference_price=price,
            generation=1,
        ),
        trading.OrderSent(client_order_id=order_id),
        trading.OrderAcknowledged(
            client_order_id=order_id,
            venue_order_id=f"V{number}",
            learned_by=trading.LearnedBy.ANSWER,
            latency_ns=4_000_000,
        ),
        _fill(order_id, symbol, side, price, number),
        trace.drain(),
    )
    yield from ((step, trace.trace_id) for step in steps if step is not None)


def _fill(order_id: str, symbol: str, side: trading.Side, price: Decimal, number: int) -> Event:
    return trading.OrderFilled(
        client_order_id=order_id,
        trade_id=f"T{number}",
        symbol=symbol,
        side=side,
        quantity=Decimal(10),
        price=price,
        fee=Decimal("0.5"),
        fee_asset="USD",
        liquidity=trading.Liquidity.TAKER,
        learned_by=trading.LearnedBy.STREAM,
        venue_time=BEGAN + number * SECOND,
        latency_ns=5_000_000,
    )
