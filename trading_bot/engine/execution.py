"""Orders on their way: intent, send, acknowledgement, fills, ends, and cancels.

The intent is durable before any byte leaves, and an order is sent at most once, whatever happens: an
outcome that is not known is asked for (:mod:`~trading_bot.engine.settlement`), never tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import msgspec

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import Event, trading
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import LearnedBy, Side
from trading_bot.contract.telemetry import spans
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import Order, OrderStatus
from trading_bot.domain.risk import Denial, Proposal, check_order
from trading_bot.domain.state import State
from trading_bot.engine.context import Context
from trading_bot.engine.order_events import denied, filled, intended, request_of
from trading_bot.telemetry import SpanContext, Trace
from trading_bot.venues.protocol import (
    OutcomeUnknown,
    Venue,
    VenueFill,
    VenueOrder,
    VenueOrderStatus,
)

UNKNOWN_ORDER: Final = "UnknownOrder"
ENDED: Final = frozenset({VenueOrderStatus.CANCELLED, VenueOrderStatus.EXPIRED})
RECENT_ORDERS: Final = 6_000
"""The largest order rate that the settings allow for a minute."""


class Flight(msgspec.Struct):
    """What this run knows of an order besides the state: monotonic times, nanoseconds, and its place span."""

    sent_at: int | None = None
    acknowledged_at: int | None = None
    place_span_id: str | None = None
    cancel_requested: bool = False


class Execution:
    """Places and cancels orders, and takes the venue's word on them.

    Attributes:
        instruments: the venue's rules by symbol, set once the venue is open.
        doubtful: orders that somebody must ask the venue about; settlement waits on it.
    """

    def __init__(self, context: Context, venue: Venue) -> None:
        self.instruments: dict[str, Instrument] = {}
        self.doubtful: asyncio.Queue[str] = asyncio.Queue()
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._venue = venue
        self._began = context.clock.monotonic_ns()
        self._flights: dict[str, Flight] = {}
        self._intent_times: deque[int] = deque(_intent_times(self._ledger.state), maxlen=RECENT_ORDERS)
        self._placing: set[asyncio.Task[None]] = set()

    def is_busy(self, symbol: str) -> bool:
        """Whether an order of the symbol is on its way, working or unknown; protective ones that rest aside."""
        orders = self._ledger.state.orders.values()
        return any(o.symbol == symbol and (o.trigger is None or not o.rests) for o in orders)

    def propose(self, proposal: Proposal, trace: Trace, cycle: SpanContext) -> bool:
        """Check a proposal and, if it passes, begin to place it; return whether it passed.

        The order is sent by a task of its own, so that the cycle does not wait for disk or network.
        """
        client_order_id = self._new_id()
        with cycle.child(spans.CHECK_RISK) as span:
            denial = check_order(
                self._ledger.state,
                self._context.settings,
                self.instruments[proposal.symbol],
                proposal,
                self._intent_times,
                self._clock.now_ns(),
            )
            span.set(spans.VERDICT, denial.limit if denial else "passed")
            if denial is not None:
                span.fail(denial.error_code)
                self._deny(client_order_id, proposal, denial, span)
                return False
        place = cycle.child(spans.PLACE_ORDER)
        place.set(spans.CLIENT_ORDER_ID, client_order_id)
        self._intend(client_order_id, proposal, place)
        self._begin_placing((client_order_id,), trace, place, protective=proposal.protective)
        return True

    def protect(self, strategy: str, symbol: str, legs: tuple[Leg, ...], trace: Trace) -> asyncio.Task[None]:
        """Begin to place protective orders, one or a pair of which one cancels the other.

        Nobody else's check is asked: they only sell what is held, once it is worth less or more.
        The task ends when the venue has answered, or will not.
        """
        place = trace.span(spans.PLACE_ORDER)
        state, ids = self._ledger.state, list[str]()
        self._intent_times.append(self._clock.now_ns())
        for leg in legs:
            ids.append(self._new_id())
            pair = ids[0] if len(legs) > 1 else None
            event = protecting(ids[-1], strategy, symbol, leg, pair, state.settings.generation)
            self._ledger.append(event, trace_id=place.trace_id, span_id=place.span_id)
        place.set(spans.CLIENT_ORDER_ID, ids[0])
        return self._begin_placing(tuple(ids), trace, place, protective=True)

    async def cancel_protective(self, symbol: str, reason: str) -> None:
        """Cancel the symbol's protective orders that rest; a pair ends with one of its orders."""
        pairs = set()
        for order in protective_orders(self._ledger.state, symbol):
            if not order.rests or order.is_final:
                continue
            if order.pair is not None and order.pair in pairs:
                self._doubt(order)  # it has ended with the other; its report usually comes by itself
                continue
            pairs.add(order.pair)
            await self._cancel(order, reason)

    def least_age_ns(self, order: Order) -> int:
        """Return how long ago an order was sent, at least, by the clock that nobody sets.

        One that an earlier run has sent is at least as old as this run.
        """
        flight = self._flights.get(order.client_order_id)
        since = flight.sent_at if flight is not None and flight.sent_at is not None else self._began
        return self._clock.monotonic_ns() - since

    async def finish_placing(self, timeout: float) -> None:
        """Wait for orders that are being placed; what is not answered by then is asked for at the next start."""
        if self._placing:
            await asyncio.wait(self._placing, timeout=timeout)

    def has_working(self) -> bool:
        """Whether the venue has acknowledged an order that is not over."""
        return bool(self.working())

    def working(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that the venue has acknowledged and that are not over: of one symbol, or all."""
        return [
            order
            for order in self._ledger.state.orders.values()
            if order.acknowledged_at is not None and symbol in {None, order.symbol}
        ]

    async def cancel_working(self, reason: str, symbol: str | None = None) -> None:
        """Cancel every order that the venue has acknowledged: of one symbol, or all."""
        for order in self.working(symbol):
            if not order.is_final:
                await self._cancel(order, reason)

    def take_order(self, report: VenueOrder, learned_by: LearnedBy) -> None:
        """Take the venue's report on one of our orders. An end waits until all its fills are known."""
        order = self._find(report.client_order_id)
        if order is None:
            return
        if report.status is VenueOrderStatus.REJECTED:
            self._reject(order, "refused", None, "the venue rejected the order")
            return
        self._acknowledge(order, report.venue_order_id, learned_by)
        if report.filled_quantity > order.filled_quantity:
            self._doubt(order)  # its fills are on their way; settlement looks after a moment
        elif report.status in ENDED and not order.is_final:
            self._end(order, self._reason_of_end(order, report.status), learned_by)

    def take_fill(self, fill: VenueFill, learned_by: LearnedBy) -> bool:
        """Take one execution of one of our orders; return whether the order is ours. Each fill counts once."""
        if fill.trade_id in self._ledger.state.trade_ids.get(fill.symbol, {}):
            return True
        order = self._owner(fill)
        if order is None:
            return False
        self._acknowledge(order, fill.venue_order_id, learned_by)
        flight = self._flights.get(order.client_order_id)
        trace = self._context.tracer.trace(order.trace_id)
        with trace.span(spans.RECEIVE_FILL, flight.place_span_id if flight else None) as span:
            span.set(spans.TRADE_ID, fill.trade_id)
            span.set(spans.PRICE, str(fill.price))
            span.set(spans.QUANTITY, str(fill.quantity))
            self._ledger.append(
                filled(order, fill, learned_by, self._fill_latency(order, learned_by)),
                trace_id=order.trace_id,
                span_id=span.span_id,
            )
        self._record(trace)
        self._forget(order)
        return True

    def lose_outcome(self, order: Order, message: str) -> None:
        """Say that an order's outcome is not known, block its symbol, and have it asked for."""
        self._append(trading.OrderOutcomeLost(client_order_id=order.client_order_id, message=message), order)
        self._ledger.append(
            SymbolBlocked(symbol=order.symbol, blocked=True, reason=UNKNOWN_ORDER, message=message)
        )
        self.doubtful.put_nowait(order.client_order_id)

    def settle_unknown(self, order: Order) -> None:
        """Unblock the symbol if no order of it is unknown any more."""
        state = self._ledger.state
        market = state.markets.get(order.symbol)
        others = any(o.symbol == order.symbol and o.unknown_since is not None for o in state.orders.values())
        if market is not None and UNKNOWN_ORDER in market.blocks and not others:
            message = f"the outcome of {order.client_order_id} is known: {order.status}"
            self._ledger.append(
                SymbolBlocked(symbol=order.symbol, blocked=False, reason=UNKNOWN_ORDER, message=message)
            )

    def end_unknown_to_venue(self, order: Order, message: str) -> None:
        """End an order that the venue does not have: it never did, or it dropped one that it had acknowledged."""
        if order.acknowledged_at is None:
            self._reject(order, "not_found", None, message)
        elif not order.is_final:
            self._end(order, "venue", LearnedBy.RECONCILIATION)

    async def _place(self, client_order_id: str, trace: Trace, place: SpanContext) -> None:
        order = self._ledger.state.orders[client_order_id]
        try:
            with place:
                await self._send(order, place)
        except Exception as error:  # noqa: BLE001 - a task's top: whatever it is, it is recorded and asked for
            self._errors.record(error, place)
            if not order.is_final and order.acknowledged_at is None:
                self.lose_outcome(order, "placing it failed unexpectedly")
        trace.keep()
        self._record(trace)

    async def _send(self, order: Order, place: SpanContext) -> None:
        try:
            await self._ledger.durable()
        except TickertapeError as error:
            self._errors.record(error, place)
            self._reject(order, "never_sent", error.code, "its intent could not be made durable")
            return
        if not self._may_be_sent(order):  # the mode may have changed while the disk was waited for
            self._reject(order, "never_sent", "RISK_008", f"the mode became {self._context.modes.mode}")
            return
        flight = self._flights[order.client_order_id] = Flight(place_span_id=place.span_id)
        self._append(trading.OrderSent(client_order_id=order.client_order_id), order, place)
        flight.sent_at = self._clock.monotonic_ns()
        with place.child(spans.SEND_ORDER) as span:
            await self._ask_venue(order, span)

    def _may_be_sent(self, order: Order) -> bool:
        mode = self._context.modes.mode
        return mode is Mode.RUNNING or (mode is Mode.REDUCE_ONLY and order.side is Side.SELL)

    async def _ask_venue(self, order: Order, span: SpanContext) -> None:
        try:
            answer = await self._venue.place(request_of(order))
        except OutcomeUnknown as error:
            self._errors.record(error, span)
            if order.status in {OrderStatus.INTENDED, OrderStatus.SENT}:
                self.lose_outcome(order, error.message)
            elif not order.is_final:  # the stream has told of it, but an end may be among what was lost
                self._doubt(order)
        except TickertapeError as error:
            self._errors.record(error, span)
            self._reject(order, "refused", error.code, error.message)
        else:
            self.take_order(answer, LearnedBy.ANSWER)

    async def _cancel(self, order: Order, reason: str) -> None:
        self._flights.setdefault(order.client_order_id, Flight()).cancel_requested = True
        self._append(
            trading.OrderCancelRequested(client_order_id=order.client_order_id, reason=reason), order
        )
        try:
            report = await self._venue.cancel(order.symbol, order.client_order_id)
        except TickertapeError as error:
            self._errors.record(error)
            self._doubt(order)
        else:
            self.take_order(report, LearnedBy.ANSWER)

    def _intend(self, client_order_id: str, proposal: Proposal, place: SpanContext) -> None:
        state = self._ledger.state
        self._intent_times.append(self._clock.now_ns())
        event = intended(
            client_order_id,
            proposal,
            self._context.settings.execution,
            reference_price=state.markets[proposal.symbol].mark or proposal.price,
            generation=state.settings.generation,
        )
        self._ledger.append(event, trace_id=place.trace_id, span_id=place.span_id)

    def _deny(self, client_order_id: str, proposal: Proposal, denial: Denial, span: SpanContext) -> None:
        event = denied(client_order_id, proposal, denial)
        self._ledger.append(event, trace_id=span.trace_id, span_id=span.span_id)

    def _acknowledge(self, order: Order, venue_order_id: str, learned_by: LearnedBy) -> None:
        if order.acknowledged_at is not None and order.unknown_since is None:
            return
        was_unknown = order.unknown_since is not None
        flight = self._flights.setdefault(order.client_order_id, Flight())
        now = self._clock.monotonic_ns()
        sent_at = None if was_unknown or learned_by is LearnedBy.RECONCILIATION else flight.sent_at
        flight.acknowledged_at = now
        self._append(
            trading.OrderAcknowledged(
                client_order_id=order.client_order_id,
                venue_order_id=venue_order_id,
                learned_by=learned_by,
                latency_ns=None if sent_at is None else now - sent_at,
            ),
            order,
        )
        if was_unknown:
            self.settle_unknown(order)

    def _fill_latency(self, order: Order, learned_by: LearnedBy) -> int | None:
        flight = self._flights.get(order.client_order_id)
        if flight is None or flight.acknowledged_at is None or flight.sent_at is None:
            return None
        if order.first_fill_at is not None or learned_by is LearnedBy.RECONCILIATION:
            return None
        return self._clock.monotonic_ns() - flight.acknowledged_at

    def _reject(self, order: Order, reason: str, code: str | None, message: str) -> None:
        if order.is_final:
            return
        was_unknown = order.unknown_since is not None
        self._append(
            trading.OrderRejected(
                client_order_id=order.client_order_id, reason=reason, error_code=code, message=message
            ),
            order,
        )
        self._forget(order)
        if was_unknown:
            self.settle_unknown(order)

    def _reason_of_end(self, order: Order, status: VenueOrderStatus) -> str:
        if status is VenueOrderStatus.EXPIRED:
            return "expired"
        flight = self._flights.get(order.client_order_id)
        return "requested" if flight is not None and flight.cancel_requested else "venue"

    def _end(self, order: Order, reason: str, learned_by: LearnedBy) -> None:
        self._append(
            trading.OrderCancelled(
                client_order_id=order.client_order_id, reason=reason, learned_by=learned_by
            ),
            order,
        )
        self._forget(order)

    def _doubt(self, order: Order) -> None:
        self.doubtful.put_nowait(order.client_order_id)

    def _find(self, client_order_id: str | None) -> Order | None:
        state = self._ledger.state
        if client_order_id is None:
            return None
        return state.orders.get(client_order_id) or state.closed_orders.get(client_order_id)

    def _owner(self, fill: VenueFill) -> Order | None:
        order = self._find(fill.client_order_id)
        if order is not None or fill.client_order_id is not None:
            return order
        state = self._ledger.state
        known = (*state.orders.values(), *state.closed_orders.values())
        return next(
            (o for o in known if o.venue_order_id == fill.venue_order_id and o.symbol == fill.symbol), None
        )

    def _append(self, event: Event, order: Order, span: SpanContext | None = None) -> None:
        flight = self._flights.get(order.client_order_id)
        span_id = span.span_id if span is not None else flight.place_span_id if flight is not None else None
        self._ledger.append(event, trace_id=order.trace_id, span_id=span_id)

    def _forget(self, order: Order) -> None:
        if order.is_final:
            self._flights.pop(order.client_order_id, None)

    def _record(self, trace: Trace) -> None:
        spans_recorded = trace.drain()
        if spans_recorded is not None:
            self._ledger.append(spans_recorded, trace_id=trace.trace_id)

    def _new_id(self) -> str:
        """Return an id that no other intent of this tape has: the tape's id and the place on it."""
        return f"tt-{self._ledger.writer.tape_id[:12]}-{self._ledger.next_seq}"


def _intent_times(state: State) -> list[int]:
    """Return when the orders that the tape still tells of were decided on, oldest first."""
    return sorted(order.intended_at for order in (*state.closed_orders.values(), *state.orders.values()))
