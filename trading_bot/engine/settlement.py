"""Orders in doubt: the venue is asked, by client order id, until it has answered.

An order that the venue says it does not know is only then taken as never accepted, when its request
can no longer arrive: a signed request is refused by the venue once it is older than its receive window.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from trading_bot.contract.errors import OperatorError, TickertapeError
from trading_bot.contract.events.trading import LearnedBy
from trading_bot.contract.telemetry import spans
from trading_bot.domain.clock import SECOND
from trading_bot.domain.orders import Order
from trading_bot.engine.context import Context
from trading_bot.engine.execution import Execution
from trading_bot.engine.subtasks import Subtasks
from trading_bot.venues.protocol import Venue

RECEIVE_WINDOW_NS: Final = 12 * SECOND
"""ccxt's default recvWindow for Binance, 10 s, and the difference that two clocks may have: a request
older than this is refused."""

GRACE_SECONDS: Final = 0.3
"""Reports on a known order usually come by themselves within this time."""

FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0

OVERLAP_NS: Final = 60 * SECOND


class Settlement:
    """Asks the venue for orders in doubt, each in a task of its own, one at a time an order.

    Args:
        chance: spreads the pauses between two questions, numbers in [0, 1).
    """

    def __init__(
        self,
        context: Context,
        venue: Venue,
        execution: Execution,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._context = context
        self._chance = chance
        self._ledger = context.ledger
        self._errors = context.errors
        self._tracer = context.tracer
        self._clock = context.clock
        self._venue = venue
        self._execution = execution
        self._asking = Subtasks(context.errors)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is being asked for."""
        return self._asking.running

    async def run(self) -> None:
        """Serve the queue of doubts until cancelled."""
        while True:
            client_order_id = await self._execution.doubtful.get()
            work = self._settle(client_order_id)
            self._asking.begin(client_order_id, f"settle {client_order_id}", work)

    def doubt_recovered(self) -> None:
        """After a restart: every order that was on its way or working is asked for before anything else."""
        for order in list(self._ledger.state.orders.values()):
            if order.acknowledged_at is None:
                self._execution.lose_outcome(order, "the bot stopped while the order was on its way")
            else:
                self._execution.doubtful.put_nowait(order.client_order_id)

    async def ask(self, order: Order) -> bool:
        """Ask once; return whether the order is settled: over with all its fills, or known to be working.

        Raises:
            TickertapeError: the venue did not answer.
        """
        age = self._execution.least_age_ns(order)  # the answer says how it was now, however long it takes
        report = await self._venue.order(order.symbol, order.client_order_id)
        if report is None:
            return await self._not_found(order, age)
        for fill in await self._venue.fills(order.symbol, order.intended_at - OVERLAP_NS):
            if fill.client_order_id in {None, order.client_order_id}:
                self._execution.take_fill(fill, LearnedBy.RECONCILIATION)
        if not order.is_final:
            self._execution.take_order(report, LearnedBy.RECONCILIATION)
        if order.unknown_since is None:
            self._execution.settle_unknown(order)
        return order.filled_quantity >= report.filled_quantity

    async def _settle(self, client_order_id: str) -> None:
        order = self._ledger.state.orders.get(client_order_id)
        pause, reported, told = FIRST_PAUSE, False, set[str]()
        if order is not None and order.unknown_since is None:
            await asyncio.sleep(GRACE_SECONDS)
        while order is not None and not order.is_final:
            if await self._ask_traced(order, told):
                return
            reported = reported or self._is_operators_matter(order)
            await asyncio.sleep(pause * (0.5 + 0.5 * self._chance()))
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _ask_traced(self, order: Order, told: set[str]) -> bool:
        """Ask once; an error is recorded unless one of its kind was ``told`` of this order before."""
        trace = self._tracer.trace(order.trace_id)
        settled = False
        try:
            with trace.span(spans.RESOLVE_ORDER) as span:
                span.set(spans.CLIENT_ORDER_ID, order.client_order_id)
                settled = await self.ask(order)
        except TickertapeError as error:
            if error.code not in told:
                told.add(error.code)
                self._errors.record(error, span)
        recorded = trace.drain()
        if recorded is not None:
            self._ledger.append(recorded, trace_id=trace.trace_id)
        return settled

    async def _not_found(self, order: Order, age_ns: int) -> bool:
        """Take an order for one that never arrived: if it cannot arrive any more, and no list has it either."""
        if age_ns < RECEIVE_WINDOW_NS or await self._is_listed(order):
            return False
        message = "the venue does not know the order, and its request is too old to be accepted still"
        self._execution.end_unknown_to_venue(order, message)
        return True

    async def _is_listed(self, order: Order) -> bool:
        """Look for an order among the working ones and the trades: a query may lag behind them."""
        for report in await self._venue.open_orders(order.symbol):
            if report.client_order_id == order.client_order_id:
                self._execution.take_order(report, LearnedBy.RECONCILIATION)
                return True
        found = False
        for fill in await self._venue.fills(order.symbol, order.intended_at - OVERLAP_NS):
            is_its_own = fill.client_order_id == order.client_order_id or (
                order.venue_order_id is not None and fill.venue_order_id == order.venue_order_id
            )
            if is_its_own and fill.trade_id not in self._ledger.state.trade_ids.get(order.symbol, {}):
                found = self._execution.take_fill(fill, LearnedBy.RECONCILIATION) or found
        return found

    def _is_operators_matter(self, order: Order) -> bool:
        since = order.unknown_since
        limit = self._context.settings.execution.unknown_operator_seconds
        if since is None or self._clock.now_ns() - since < limit * SECOND:
            return False
        message = f"the outcome of {order.client_order_id} on {order.symbol} is unknown for over {limit:g} s"
        self._errors.record(
            OperatorError("ORDER_004", message, symbol=order.symbol, client_order_id=order.client_order_id)
        )
        return True
