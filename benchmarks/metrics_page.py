"""The exporter's page for some thousand series, beside prometheus_client rendering ready families.

A state with as many symbols as it takes; everything that a scrape does but the socket. CPU time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median

from prometheus_client.core import Metric as Family
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from benchmarks.rows import Row
from exporter.metrics.families import Collectors, Points, families
from exporter.metrics.page import encode
from exporter.metrics.scrape import Own, Scrape
from trading_bot.boot.clock import SystemClock
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.contract.telemetry import metrics
from trading_bot.domain import tally
from trading_bot.domain.bookkeeping import position_of
from trading_bot.domain.health import Liveness, assess
from trading_bot.domain.state import Condition, Market, State

ROUNDS = 7
SIZES = (1_000, 10_000)
ACCEPTED = {"text": "text/plain", "OpenMetrics": "application/openmetrics-text; version=1.0.0"}
CLOCK = SystemClock()


def measure() -> list[Row]:
    """Return the CPU time of a page, medians, turn by turn with the floor."""
    return [row for size in SIZES for row in _rows(_state_of(size), size)]


class Ready(Collector):
    """Families that are there already."""

    def __init__(self, page: list[Points]) -> None:
        self._families = families(page, "bench")

    def collect(self) -> list[Family]:
        """Return them."""
        return self._families


def _rows(state: State, wanted: int) -> list[Row]:
    ready = Ready(_collect(state))
    found = _series(state)
    steps: dict[str, Callable[[], object]] = {
        name: lambda accept=accept: encode(_collect(state), "bench", accept)  # type: ignore[misc]
        for name, accept in ACCEPTED.items()
    }
    rounds = [(_spent(lambda: generate_latest(ready)), *map(_spent, steps.values())) for _ in range(ROUNDS)]
    floor, *measured = (median(column) for column in zip(*rounds, strict=True))
    return [
        Row(
            what=f"page of {found:,} series (for {wanted:,}), {name}, CPU",
            measured=taken,
            unit="ms",
            floor=floor,
            floor_is="prometheus_client rendering ready families as text",
        )
        for name, taken in zip(steps, measured, strict=True)
    ]


def _spent(step: Callable[[], object]) -> float:
    begun = time.thread_time()
    step()
    return (time.thread_time() - begun) * 1e3


def _collect(state: State) -> list[Points]:
    now = CLOCK.now_ns()
    health = assess(state, now, Liveness.ALIVE, beat_at=now, journal_error=None, tape_fault=None)
    scrape = Scrape(now_ns=now, state=state, health=health, settings=None, own=_own(now))
    return Collectors(CLOCK, _refuse).collect(scrape)


def _refuse(error: TickertapeError) -> None:
    raise error


def _series(state: State) -> int:
    _, body = encode(_collect(state), "bench", ACCEPTED["text"])
    return sum(not line.startswith(b"#") for line in body.splitlines())


def _state_of(series: int) -> State:
    state = State()
    state.run.beat_at = CLOCK.now_ns()
    empty = _series(state)
    _add_symbol(state, 0)
    each = max(1, _series(state) - empty)
    for number in range(1, -(-(series - empty) // each)):
        _add_symbol(state, number)
    return state


def _add_symbol(state: State, number: int) -> None:
    symbol, price, now = f"S{number}/USD", Decimal(100 + number).scaleb(-1), CLOCK.now_ns()
    state.markets[symbol] = Market(bid=price, ask=price, mark=price, quote_at=now, bar_recorded_at=now)
    position = position_of(state, symbol)
    position.quantity, position.value, position.entry_price = Decimal(10), 10 * price, price
    for metric in (metrics.MESSAGES, metrics.BARS):
        tally.count(state, metric, symbol, by=number)
    for side in ("buy", "sell"):
        tally.count(state, metrics.FILLS, symbol, side, "taker", by=number)
        for outcome in ("filled", "rejected"):
            tally.count(state, metrics.ORDERS, symbol, side, "market", outcome, by=number)


def _own(now: int) -> Own:
    return Own(
        started_at=now,
        cpu_seconds=1.0,
        resident_bytes=60_000_000,
        lag={"journal": 0, "control": 0},
        rewinds={"journal": 0, "control": 0},
        disagreements=0,
        errors={},
        journal_bytes=1_000_000,
        control_position=1,
        control_errors={},
        telemetry=Condition(
            name=ConditionName.TELEMETRY_FLOWING,
            status=ConditionStatus.TRUE,
            reason="Following",
            message="the journal is followed",
            since=now,
        ),
        shipping={},
    )
