"""Protective orders out of the way: they hold what a close sells, so they end before it is sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.trading import Side
from trading_bot.domain.clock import SECOND
from trading_bot.domain.instruments import Instrument
from trading_bot.domain.orders import Order
from trading_bot.domain.protection import protective_orders
from trading_bot.domain.risk import sellable
from trading_bot.engine.context import Context

ROOM_SECONDS: Final = 2.0
ROOM_PAUSE: Final = 0.02
ROOM_LOOKS: Final = 50
"""How often, with a pause between, it is looked for their end before they are cancelled again."""
REPORT_NS: Final = 2 * SECOND
"""An order whose pair has ended is reported as over by itself within this time, or is cancelled after all."""


class MakingRoom:
    """Cancels protective orders, for what replaces them or for a close.

    Args:
        context: the bot's surroundings.
        cancel: cancels one order and returns whether the venue took it.
        doubt: has the venue asked for an order.
    """

    def __init__(
        self,
        context: Context,
        cancel: Callable[[Order, str], Awaitable[bool]],
        doubt: Callable[[Order], None],
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._cancel = cancel
        self._doubt = doubt
        self._ending: dict[str, int] = {}
        """Client order id to since when its end is waited for, monotonic nanoseconds."""

    async def cancel(self, symbol: str, reason: str) -> bool:
        """Cancel the symbol's protective orders that rest; return whether the venue took every cancel.

        A pair ends with one of its orders.
        """
        orders = self._ledger.state.orders
        self._ending = {key: since for key, since in self._ending.items() if key in orders}
        asked, all_taken = set[str | None](), True
        for order in protective_orders(self._ledger.state, symbol):
            if not order.rests or order.is_final or self._ends_with_its_pair(order, asked):
                continue
            asked.add(order.pair)
            all_taken = await self._cancel(order, reason) and all_taken
        return all_taken

    async def for_close(self, order: Order, instrument: Instrument) -> None:
        """Take the position's protective orders away before a close is sent.

        Raises:
            NonRetriableError: ORDER_007, they did not end in time, or have sold a part of it themselves.
        """
        symbol = order.symbol
        if order.side is Side.BUY or order.trigger is not None:
            return
        if not protective_orders(self._ledger.state, symbol):
            return
        limit = ROOM_SECONDS + 2 * self._context.settings.execution.request_timeout_seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not await self._have_ended(symbol):
                    pass  # it has waited: a cancel that was not taken is asked for again
        if protective_orders(self._ledger.state, symbol):
            message = f"{symbol}: the protective orders did not end within {limit:g} s"
        elif sellable(self._ledger.state, instrument) < 0:  # this order counts as offered already
            message = f"{symbol}: the protective orders have sold what was to be closed"
        else:
            return
        raise NonRetriableError("ORDER_007", message, symbol=symbol, client_order_id=order.client_order_id)

    async def _have_ended(self, symbol: str) -> bool:
        """Ask once for their end, wait a moment for it, and return whether it came."""
        await self.cancel(symbol, "a close needs what it holds")
        for _ in range(ROOM_LOOKS):
            if not protective_orders(self._ledger.state, symbol):
                return True
            await asyncio.sleep(ROOM_PAUSE)
        return False

    def _ends_with_its_pair(self, order: Order, asked: set[str | None]) -> bool:
        """Whether an order is as good as over because the other of its pair is; its report is on its way."""
        if order.pair is None:
            return False
        pair = [o for o in protective_orders(self._ledger.state, order.symbol) if o.pair == order.pair]
        if len(pair) > 1 and order.pair not in asked:
            return False
        now = self._context.clock.monotonic_ns()
        if order.client_order_id not in self._ending:
            self._doubt(order)
        return now - self._ending.setdefault(order.client_order_id, now) < REPORT_NS
