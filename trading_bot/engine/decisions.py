"""The decision cycle: a bar closes, a strategy is asked, an order is proposed."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

from trading_bot.contract.events.market import BarClosed
from trading_bot.contract.events.trading import OrderType, Side, SignalRaised
from trading_bot.contract.telemetry import metrics, spans
from trading_bot.domain.derived import is_open
from trading_bot.domain.guards import is_sellable
from trading_bot.domain.risk import Proposal
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.feed_watch import FeedWatch
from trading_bot.engine.subtasks import Subtasks
from trading_bot.strategies.protocol import Direction, Strategy
from trading_bot.telemetry import SpanContext, Trace
from trading_bot.venues.protocol import Bar, Quote

BASIS_POINTS: Final = Decimal(10_000)

Strategies = dict[tuple[str, str], Strategy]
"""By name in the settings and symbol."""


class Decisions:
    """Asks the strategies on each closed bar.

    A signal to enter is acted on once. A signal to leave stands until the position is closed: what
    could not be sold at one bar is sold at the next, also after a restart; an entry that still rests is
    withdrawn first. A bar that is late, because nobody could hear when it closed, is history: it is taken in,
    and the newest decides.

    Attributes:
        last_at: when the last cycle was, monotonic nanoseconds, or None.
        cycles: how many there were in this run.
    """

    def __init__(
        self, context: Context, execution: Execution, feed: FeedWatch, strategies: Strategies
    ) -> None:
        self.last_at: int | None = None
        self.cycles = 0
        self._context = context
        self._ledger = context.ledger
        self._clock = context.clock
        self._meter = context.meter
        self._tracer = context.tracer
        self._execution = execution
        self._feed = feed
        self._strategies = {symbol: (name, strategy) for (name, symbol), strategy in strategies.items()}
        self._last_open_time: dict[str, int | None] = {}
        """By symbol that is warmed up; None without any history."""
        self._withdrawing = Subtasks(context.errors)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Entries that are being withdrawn."""
        return self._withdrawing.running

    def warm_up(self, symbol: str, bars: list[Bar]) -> None:
        """Give the symbol's strategy its history, oldest first; no signal comes of it."""
        if symbol in self._strategies:
            self._strategies[symbol][1].warm_up([bar.close for bar in bars])
        self._last_open_time[symbol] = bars[-1].open_time if bars else None

    def is_warm(self, symbol: str) -> bool:
        """Whether the symbol has been given its history."""
        return symbol in self._last_open_time

    def on_bar(self, bar: Bar, *, late: bool = False) -> None:
        """Decide on a closed bar; one that is or will be part of the history is passed over.

        No order comes of one that is ``late``: a newer one follows at once.
        """
        if bar.symbol not in self._last_open_time:
            return
        before = self._last_open_time[bar.symbol]
        if before is not None and bar.open_time <= before:
            return
        began = self._clock.monotonic_ns()
        self._last_open_time[bar.symbol] = bar.open_time
        skipped = 0 if before is None else (bar.open_time - before) // self._context.interval_ns - 1
        self._feed.compare(bar)
        self._feed.write_down(bar.symbol)
        trace = self._tracer.trace()
        with trace.span(spans.DECIDE_CYCLE) as cycle:
            cycle.set(spans.SYMBOL, bar.symbol)
            self._ledger.append(
                _closed(bar, self._context.interval_ns, skipped),
                trace_id=trace.trace_id,
                span_id=cycle.span_id,
            )
            placed = bar.symbol in self._strategies and self._decide(bar, trace, cycle, late=late)
        self._finish(trace, began, placed=placed)

    def _decide(self, bar: Bar, trace: Trace, cycle: SpanContext, *, late: bool) -> bool:
        name, strategy = self._strategies[bar.symbol]
        with cycle.child(spans.EVALUATE_STRATEGY) as span:
            stance = strategy.on_bar(bar.close)
            span.set(spans.STRATEGY, name)
            span.set(spans.SIGNAL, stance.direction if stance else "none")
        if stance is not None:
            trace.keep()
            self._ledger.append(
                SignalRaised(
                    strategy=name,
                    symbol=bar.symbol,
                    side=Side.BUY if stance.direction is Direction.LONG else Side.SELL,
                    reason=stance.reason,
                    price=bar.close,
                ),
                trace_id=trace.trace_id,
                span_id=span.span_id,
            )
        proposal = None if late else self._wanted(bar, name, strategy, entered=stance is not None)
        return proposal is not None and self._execution.propose(proposal, trace, cycle)

    def _wanted(self, bar: Bar, name: str, strategy: Strategy, *, entered: bool) -> Proposal | None:
        if self._execution.is_busy(bar.symbol):
            if strategy.direction is Direction.FLAT:
                self._withdraw_entry(bar.symbol)
            return None
        position = self._ledger.state.positions.get(bar.symbol)
        holds = position is not None and is_open(self._ledger.state, position)
        blocks_entry = holds and position is not None and is_sellable(self._ledger.state, position)
        if strategy.direction is Direction.LONG and entered and not blocks_entry:
            return self._entry(bar, name)  # what is too little to be sold leaves with what is bought
        if strategy.direction is Direction.FLAT and position is not None and position.trip_open and holds:
            return self._order(bar, name, Side.SELL, position.quantity)
        return None

    def _withdraw_entry(self, symbol: str) -> None:
        """Cancel an entry that still rests: it stands in the way of the exit, and could yet be filled."""
        if any(order.side is Side.BUY for order in self._execution.working(symbol)):
            work = self._execution.cancel_working("its strategy wants out", symbol)
            self._withdrawing.begin(symbol, f"withdraw {symbol}", work)

    def _entry(self, bar: Bar, name: str) -> Proposal:
        notional = self._context.settings.strategies[name].order_notional
        return self._order(bar, name, Side.BUY, notional / self._price(bar, Side.BUY))

    def _order(self, bar: Bar, name: str, side: Side, quantity: Decimal) -> Proposal:
        return Proposal(
            strategy=name,
            symbol=bar.symbol,
            side=side,
            type=self._context.settings.execution.order_type,
            quantity=self._execution.instruments[bar.symbol].round_quantity(quantity),
            price=self._price(bar, side),
        )

    def _price(self, bar: Bar, side: Side) -> Decimal:
        """Return the touch, or for a limit order a price a little through it; without a quote the close."""
        quote = self._feed.quotes.get(bar.symbol)
        touch = bar.close if quote is None else _touch(quote, side)
        execution = self._context.settings.execution
        if execution.order_type is not OrderType.LIMIT:
            return touch
        offset = touch * execution.limit_offset_bps / BASIS_POINTS
        price = touch + offset if side is Side.BUY else touch - offset
        return self._execution.instruments[bar.symbol].round_price(price, side)

    def _finish(self, trace: Trace, began: int, *, placed: bool) -> None:
        now = self._clock.monotonic_ns()
        self.last_at = now
        self.cycles += 1
        self._meter.decisions.observe((now - began) / 1e9, trace.trace_id if trace.kept or placed else None)
        self._meter.counters[metrics.DECISIONS.name] += 1
        if placed:
            return  # the order's task records the whole trace once the order is sent
        if self._tracer.sampled(trace, self._context.settings.telemetry.idle_span_share):
            recorded = trace.drain()
            if recorded is not None:
                self._ledger.append(recorded, trace_id=trace.trace_id)


def _touch(quote: Quote, side: Side) -> Decimal:
    return quote.ask if side is Side.BUY else quote.bid


def _closed(bar: Bar, interval_ns: int, skipped: int) -> BarClosed:
    return BarClosed(
        symbol=bar.symbol,
        open_time=bar.open_time,
        interval_ns=interval_ns,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        skipped=skipped,
    )
