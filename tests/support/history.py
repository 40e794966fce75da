"""A short life of a bot in which everything that the metrics tell about happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

import msgspec

from trading_bot.contract.codec import Envelope, decode_payload, encode_payload
from trading_bot.contract.errors import RetriableError
from trading_bot.contract.events import Event, account, lifecycle, market, observation, trading
from trading_bot.contract.settings import Breakers, Session, Settings, SmaCross, settings_hash
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND, Clock, ManualClock
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import snapshot
from trading_bot.domain.state import State

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STOCK, PAIR = "AAPL/USD", "EUR/USD"
SETTINGS = Settings(
    symbols=(PAIR, STOCK),
    strategies={"cross": SmaCross(symbols=(PAIR, STOCK))},
    bar="1m",
    breakers=Breakers(least_orders=1),
    sessions={
        PAIR: Session(calendar="24/5"),
        STOCK: Session(time_zone="America/New_York", opens="09:30", closes="16:00", weekdays=(1, 2, 3, 4, 5)),
    },
)


class Append(Protocol):
    """What takes events: a tape's writer, or :class:`Recorder`."""

    def __call__(self, event: Event, *, trace_id: str | None = None) -> Envelope: ...


class Recorder:
    """Takes events like a tape would, and folds them: for tests without a file."""

    def __init__(self, clock: Clock, run_id: str = "20231114T221320-aaaaaa") -> None:
        self.clock = clock
        self.run_id = run_id
        self.state = State()
        self.envelopes: list[Envelope] = []

    def __call__(self, event: Event, *, trace_id: str | None = None) -> Envelope:
        envelope = Envelope(
            seq=self.state.seq + 1,
            ts=self.clock.now_ns(),
            run_id=self.run_id,
            bot="demo",
            kind=event.KIND,
            version=event.VERSION,
            trace_id=trace_id,
            span_id=None,
            payload=decode_payload(event.KIND, event.VERSION, encode_payload(event)),
        )
        self.envelopes.append(envelope)
        self.state = evolve(self.state, envelope)
        return envelope


def rich_state() -> tuple[State, ManualClock]:
    """Return the state at the end of the story, and the clock half a second later."""
    clock = ManualClock()
    recorder = Recorder(clock)
    tell(recorder, clock, clock.advance)
    recorder(snapshot(recorder.state))
    clock.advance(0.5)
    return recorder.state, clock


def tell(append: Append, clock: Clock, wait: Callable[[float], None] = lambda _seconds: None) -> None:
    """Append the story; ``wait`` lets time pass where it matters."""
    for event in _beginning(clock.now_ns()):
        append(event)
        wait(0.1)
    for event, trace_id in _trading(clock):
        append(event, trace_id=trace_id)
        wait(0.25)
    for event in _trouble(clock):
        append(event)
        wait(0.1)


def _beginning(now: int) -> Iterator[Event]:
    yield started(previous_run_ended=False)
    yield account.AnchorsRestored(
        day="2023-11-14", day_start_equity=Decimal(100_000), peak_equity=Decimal(100_000), breakers=()
    )
    yield lifecycle.SettingsApplied(
        generation=3,
        hash=settings_hash(SETTINGS),
        settings=msgspec.to_builtins(SETTINGS),
        source="command",
        actor="operator",
        reason="a test",
    )
    yield account.BalanceAdopted(asset="USD", previous=Decimal(0), amount=Decimal(100_000), reason="opening")
    yield account.DayStarted(day="2023-11-14", equity=Decimal(100_000))
    yield quote(PAIR, "1.0700", "1.0702", now)
    yield quote(STOCK, "187.40", "187.50", now)
    yield account.ReconciliationCompleted(
        trigger="start", orders_checked=2, fills_learned=0, mismatches=0, duration_ns=SECOND // 8
    )
    yield lifecycle.BotReady(recovery_ns=SECOND // 2, symbols=(PAIR, STOCK), strategies=("cross",))
    for name in lifecycle.ConditionName:
        if name is not lifecycle.ConditionName.TELEMETRY_FLOWING:
            yield condition(name, lifecycle.ConditionStatus.TRUE, "Fine")
    yield lifecycle.ModeChanged(
        previous=lifecycle.Mode.PAUSED,
        mode=lifecycle.Mode.RUNNING,
        reason="Started",
        message="started",
        actor="bot",
    )


def started(*, previous_run_ended: bool | None) -> lifecycle.BotStarted:
    return lifecycle.BotStarted(
        version="0.1.0",
        pid=4242,
        host="host",
        python="3.11.2",
        supervisor=lifecycle.Supervisor.UP,
        venue="simulated",
        currency="USD",
        previous_run_ended=previous_run_ended,
    )


def _trading(clock: Clock) -> Iterator[tuple[Event, str | None]]:
    minute = 60 * SECOND
    for symbol, price in ((PAIR, "1.0701"), (STOCK, "187.45")):
        yield (
            bar(symbol, price, clock.now_ns() // minute * minute - minute, skipped=int(symbol == STOCK)),
            None,
        )
    yield _signal(trading.Side.BUY), TRACE
    yield from _order("A1", trading.Side.BUY, trading.OrderType.MARKET, "2000", None)
    yield from _acknowledged("A1", 12_000_000)
    yield from _fill("A1", "T1", trading.Side.BUY, "1200 at 1.0703", "1.2 EUR", 30_000_000)
    yield from _fill("A1", "T2", trading.Side.BUY, "800 at 1.0704", "0.8 EUR", None)
    yield quote(PAIR, "1.0720", "1.0722", clock.now_ns()), None
    yield _signal(trading.Side.SELL), TRACE
    yield from _order("A2", trading.Side.SELL, trading.OrderType.LIMIT, "1998", "1.0719")
    yield from _acknowledged("A2", None)
    yield from _fill("A2", "T3", trading.Side.SELL, "1998 at 1.0720", "2.14 USD", None)
    yield from _order("A3", trading.Side.BUY, trading.OrderType.MARKET, "1500", None)
    yield from _acknowledged("A3", 40_000_000)
    yield from _fill("A3", "T4", trading.Side.BUY, "1500 at 1.0722", "1.5 EUR", 90_000_000)
    yield from _order("A4", trading.Side.BUY, trading.OrderType.LIMIT, "100", "1.0600")
    yield from _acknowledged("A4", 9_000_000)
    yield from _order("A5", trading.Side.BUY, trading.OrderType.LIMIT, "50", "1.0650")
    yield trading.OrderOutcomeLost(client_order_id="A5", message="no answer within 5 s"), TRACE
    yield from _order("A6", trading.Side.BUY, trading.OrderType.LIMIT, "60", "1.0650")
    yield (
        trading.OrderRejected(
            client_order_id="A6", reason="refused", error_code="ORDER_001", message="refused"
        ),
        TRACE,
    )
    yield _denied(), TRACE


def _order(
    order_id: str, side: trading.Side, kind: trading.OrderType, quantity: str, limit: str | None
) -> Iterator[tuple[Event, str]]:
    yield (
        trading.OrderIntended(
            client_order_id=order_id,
            strategy="cross",
            symbol=PAIR,
            side=side,
            type=kind,
            time_in_force=trading.TimeInForce.GTC,
            quantity=Decimal(quantity),
            limit_price=None if limit is None else Decimal(limit),
            reference_price=Decimal("1.0702"),
            generation=3,
        ),
        TRACE,
    )
    yield trading.OrderSent(client_order_id=order_id), TRACE


def _acknowledged(order_id: str, latency_ns: int | None) -> Iterator[tuple[Event, str]]:
    yield (
        trading.OrderAcknowledged(
            client_order_id=order_id,
            venue_order_id=f"V{order_id}",
            learned_by=trading.LearnedBy.ANSWER,
            latency_ns=latency_ns,
        ),
        TRACE,
    )


def _fill(
    order_id: str, trade_id: str, side: trading.Side, traded: str, fee: str, latency_ns: int | None
) -> Iterator[tuple[Event, str]]:
    quantity, price = traded.split(" at ")
    amount, asset = fee.split(" ")
    learned = trading.LearnedBy.RECONCILIATION if trade_id == "T4" else trading.LearnedBy.STREAM
    yield (
        trading.OrderFilled(
            client_order_id=order_id,
            trade_id=trade_id,
            symbol=PAIR,
            side=side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(amount),
            fee_asset=asset,
            liquidity=trading.Liquidity.TAKER,
            venue_time=1_700_000_000 * SECOND,
            learned_by=learned,
            latency_ns=latency_ns,
        ),
        TRACE,
    )


def _signal(side: trading.Side) -> trading.SignalRaised:
    return trading.SignalRaised(
        strategy="cross", symbol=PAIR, side=side, reason="the averages crossed", price=Decimal("1.0701")
    )


def _denied() -> trading.OrderDenied:
    return trading.OrderDenied(
        client_order_id="A7",
        strategy="cross",
        symbol=STOCK,
        side=trading.Side.BUY,
        type=trading.OrderType.MARKET,
        quantity=Decimal(100),
        error_code="RISK_001",
        limit="max_order_notional",
        limit_value=Decimal(5000),
        observed=Decimal(18745),
        message="too large",
    )


def _trouble(clock: Clock) -> Iterator[Event]:
    yield market.FeedReconnected(stream="quotes", attempts=2, outage_ns=3 * SECOND)
    yield lifecycle.SymbolBlocked(symbol=STOCK, blocked=True, reason="StaleFeed", message="no quote for 6 s")
    error = RetriableError("VENUE_001", "the venue cannot be reached", venue="simulated")
    yield lifecycle.ErrorRecorded(error=error.semantic(clock.now_ns(), TRACE))
    yield account.MismatchFound(
        mismatch_id="m1",
        subject="position",
        symbol=STOCK,
        asset=None,
        local="0",
        venue="1",
        message="differs",
        quantity=Decimal(1),
    )
    yield account.ProtectionChanged(
        symbol=PAIR,
        status=account.ProtectionStatus.MISSING,
        quantity=Decimal(1498),
        stop_loss=Decimal("1.0508"),
        take_profit=None,
        message="the venue does not take its protective orders: refused",
    )
    yield account.BreakerOpened(
        breaker="max_daily_loss",
        error_code="RISK_006",
        limit_value=Decimal(5000),
        observed=Decimal(5001),
        message="the day's loss reached its limit",
    )
    yield condition(lifecycle.ConditionName.FEED_FRESH, lifecycle.ConditionStatus.FALSE, "Stale")
    yield sample()
    yield lifecycle.BotBeat(cycles=7)


def condition(
    name: lifecycle.ConditionName, status: lifecycle.ConditionStatus, reason: str
) -> lifecycle.ConditionChanged:
    return lifecycle.ConditionChanged(
        condition=name, status=status, reason=reason, message=f"{name} is {status}"
    )


def quote(symbol: str, bid: str, ask: str, at: int) -> market.QuoteConflated:
    return market.QuoteConflated(
        symbol=symbol, bid=Decimal(bid), ask=Decimal(ask), venue_time=at, received_at=at, messages=5
    )


def bar(symbol: str, price: str, open_time: int, skipped: int = 0) -> market.BarClosed:
    value = Decimal(price)
    return market.BarClosed(
        symbol=symbol,
        open_time=open_time,
        interval_ns=60 * SECOND,
        open=value,
        high=value,
        low=value,
        close=value,
        volume=Decimal(1000),
        skipped=skipped,
    )


def sample() -> observation.RuntimeSampled:
    decision, commit = metrics.DECISION_DURATION, metrics.JOURNAL_COMMIT
    return observation.RuntimeSampled(
        interval_ns=2 * SECOND,
        cpu_seconds=1.25,
        resident_bytes=41_943_040,
        open_files=17,
        threads=4,
        loop_lag_ns=1_500_000,
        journal_queue=3,
        journal_bytes=123_456,
        clock_offset_ns=-2_000_000,
        rate_limit_used_ratio=0.02,
        requests={"place": 5, "clock": 1},
        counters={metrics.DECISIONS.name: 7, metrics.BAD_MESSAGES.name: 1, metrics.JOURNAL_DROPPED.name: 0},
        histograms={
            decision.name: _delta(decision, 5, 7, 0.0021, 0.0003),
            commit.name: _delta(commit, 2, 12, 0.004, None),
        },
    )


def _delta(
    metric: metrics.Metric, bucket: int, count: int, total: float, exemplar: float | None
) -> observation.HistogramDelta:
    buckets = [0] * (len(metric.bounds) + 1)
    buckets[bucket] = count
    return observation.HistogramDelta(
        buckets=tuple(buckets),
        total=total,
        exemplar_value=exemplar,
        exemplar_trace_id=None if exemplar is None else TRACE,
    )
