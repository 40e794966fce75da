"""Orders on their way: intent, send, acknowledgement, fills, ends, and cancels.

The intent is durable before any byte leaves, and an order is sent at most once, whatever happens: an
outcome that is not known is asked for (:mod:`~trading_bot.engine.settlement`), never tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import msgspec

from trading_bot.contract.errors import OrderDenied, TickertapeError
from trading_bot.contract.events import Event, trading
from trading_bot.contract.events.lifecycle import Mode, SymbolBlocked
from trading_bot.contract.events.trading import LearnedBy, Side
from trading_bot.contract.telemetry import spans
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import FLATTENING, Order, OrderStatus
from trading_bot.domain.protection import Leg
from trading_bot.domain.risk import Denial, Proposal, check_order
from trading_bot.domain.state import State
from trading_bot.engine.context import Context
from trading_bot.engine.making_room import MakingRoom
from trading_bot.engine.order_events import denied, filled, intended, protecting, request_of
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
    request_over_at: int | None = None
    acknowledged_at: int | None = None
    place_span_id: str | None = None
    cancel_requested: bool = False


class Execution:
    """Places and cancels orders, and takes the venue's word on them.

    Attributes:
        instruments: the venue's rules by symbol, set once the venue is open.
        doubtful: orders that somebody must ask the venue about; settlement waits on it.
        moved: set when an order or a position has changed; protection waits on it.
    """

    def __init__(self, context: Context, venue: Venue) -> None:
        self.instruments: dict[str, Instrument] = {}
        self.doubtful: asyncio.Queue[str] = asyncio.Queue()
        self.moved = asyncio.Event()
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock
        self._venue = venue
        self._began = context.clock.monotonic_ns()
        self._flights: dict[str, Flight] = {}
        self._intent_times: deque[int] = deque(_intent_times(self._ledger.state), maxlen=RECENT_ORDERS)
        self._placing: set[asyncio.Task[None]] = set()
        self._room = MakingRoom(context, self._cancel, self._doubt)

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
                self._context.hours,
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

    async def cancel_protective(self, symbol: str, reason: str) -> bool:
        """Cancel the symbol's protective orders that rest; return whether the venue took every cancel."""
        return await self._room.cancel(symbol, reason)

    def least_age_ns(self, order: Order) -> int:
        """Return how long ago an order was signed, at least, by the clock that nobody sets.

        The client may have held it back for the rate limit and signed it at any time until it gave up. One
        that an earlier run has sent is at least as old as this run.
        """
        flight = self._flights.get(order.client_order_id)
        if flight is None or flight.sent_at is None:
            return self._clock.monotonic_ns() - self._began
        return 0 if flight.request_over_at is None else self._clock.monotonic_ns() - flight.request_over_at

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Orders that are being placed."""
        return list(self._placing)

    async def finish_placing(self, timeout: float) -> None:
        """Wait for orders that are being placed; what is not answered by then is asked for at the next start."""
        if self._placing:
            await asyncio.wait(self._placing, timeout=timeout)

    def has_working(self) -> bool:
        """Whether the venue has acknowledged an order that is not over."""
        return bool(self.working())

    def working(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that the venue has acknowledged and that are not over: of one symbol, or all.

        Protective ones are left out: they lower risk, and are cancelled only for what replaces them. So are
        those by which a person closes a position, halted or not.
        """
        return [
            order
            for order in self._ledger.state.orders.values()
            if order.acknowledged_at is not None
            and order.trigger is None
            and order.strategy != FLATTENING
            and symbol in {None, order.symbol}
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

    def is_own(self, fill: VenueFill) -> bool:
        """Whether a fill is of an order that the books know."""
        return self._owner(fill) is not None

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

    def _begin_placing(
        self, ids: tuple[str, ...], trace: Trace, place: SpanContext, *, protective: bool
    ) -> asyncio.Task[None]:
        work = self._place(ids, trace, place, protective=protective)
        task = asyncio.create_task(work, name=f"place {ids[0]}")
        self._placing.add(task)
        task.add_done_callback(self._placing.discard)
        return task

    async def _place(
        self, ids: tuple[str, ...], trace: Trace, place: SpanContext, *, protective: bool
    ) -> None:
        orders = tuple(self._ledger.state.orders[client_order_id] for client_order_id in ids)
        try:
            with place:
                await self._send(orders, place, protective=protective)
        except Exception as error:  # noqa: BLE001 - a task's top: whatever it is, it is recorded and asked for
            self._errors.record(error, place)
            for order in orders:
                if not order.is_final and order.acknowledged_at is None:
                    self.lose_outcome(order, "placing it failed unexpectedly")
        trace.keep()
        self._record(trace)

    async def _send(self, orders: tuple[Order, ...], place: SpanContext, *, protective: bool) -> None:
        try:
            await self._ledger.durable()
            self._require_mode(orders[0], protective=protective)  # it may have changed meanwhile
            await self._room.for_close(orders[0], self.instruments[orders[0].symbol])
            self._require_mode(orders[0], protective=protective)  # making room takes seconds
        except TickertapeError as error:
            self._give_up(orders, "never_sent", error, place)
            return
        for order in orders:
            flight = self._flights[order.client_order_id] = Flight(place_span_id=place.span_id)
            self._append(trading.OrderSent(client_order_id=order.client_order_id), order, place)
            flight.sent_at = self._clock.monotonic_ns()
        try:
            with place.child(spans.SEND_ORDER) as span:
                await self._ask_venue(orders, span, protective=protective)
        finally:
            self._note_request_over(orders)

    def _give_up(
        self, orders: tuple[Order, ...], reason: str, error: TickertapeError, span: SpanContext
    ) -> None:
        """End orders that the venue does not have, and certainly will not."""
        if isinstance(error, OrderDenied):
            span.fail(error.code)
            reason = "never_sent"
        else:
            self._errors.record(error, span)
        for order in orders:
            self._reject(order, reason, error.code, error.message)

    def _note_request_over(self, orders: tuple[Order, ...]) -> None:
        for order in orders:
            flight = self._flights.get(order.client_order_id)
            if flight is not None:
                flight.request_over_at = self._clock.monotonic_ns()

    def _require_mode(self, order: Order, *, protective: bool) -> None:
        mode = self._context.modes.mode
        is_sale = order.side is Side.SELL
        passes = mode is Mode.RUNNING or (
            is_sale and (mode is Mode.REDUCE_ONLY or order.strategy == FLATTENING)
        )
        if not passes and not (protective and mode is not Mode.HALTED):
            raise OrderDenied("RISK_008", f"the mode became {mode}", symbol=order.symbol)

    async def _ask_venue(self, orders: tuple[Order, ...], span: SpanContext, *, protective: bool) -> None:
        try:
            answers = await self._hand_over(orders, protective=protective)
        except OutcomeUnknown as error:
            self._errors.record(error, span)
            for order in orders:
                self._lose(order, error.message)
        except TickertapeError as error:
            self._give_up(orders, "refused", error, span)
        else:
            for answer in answers:
                self.take_order(answer, LearnedBy.ANSWER)

    async def _hand_over(self, orders: tuple[Order, ...], *, protective: bool) -> tuple[VenueOrder, ...]:
        """Give orders to the venue's client, which asks once more when they are about to leave."""

        def may_leave() -> None:
            self._require_mode(orders[0], protective=protective)

        first, *others = (request_of(order) for order in orders)
        if others:
            return await self._venue.place_pair(first, others[0], may_leave)
        return (await self._venue.place(first, may_leave),)

    def _lose(self, order: Order, message: str) -> None:
        """Take note that no answer came for an order; the stream may have told of it already."""
        if order.status in {OrderStatus.INTENDED, OrderStatus.SENT}:
            self.lose_outcome(order, message)
        elif not order.is_final:  # an end may be among what was lost
            self._doubt(order)

    async def _cancel(self, order: Order, reason: str) -> bool:
        """Cancel one order; return whether the venue took it."""
        self._flights.setdefault(order.client_order_id, Flight()).cancel_requested = True
        self._append(
            trading.OrderCancelRequested(client_order_id=order.client_order_id, reason=reason), order
        )
        try:
            report = await self._venue.cancel(order.symbol, order.client_order_id)
        except TickertapeError as error:
            self._errors.record(error)
            self._doubt(order)
            return False
        self.take_order(report, LearnedBy.ANSWER)
        return True

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
        self.moved.set()
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
