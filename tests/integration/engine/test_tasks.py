"""A bot that ends leaves nothing going on behind it, however much was on its way."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from support.engine import PAIR, STOCK, Rig, Running, play

from trading_bot.contract.events.trading import OrderOutcomeLost
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import MayLeave, NewOrder, Quote, VenueOrder, unconditionally


class NeverAnswers(InMemoryVenue):
    """From a moment on it takes whatever is asked and says nothing."""

    silent = False

    async def order(self, symbol: str, client_order_id: str) -> VenueOrder | None:
        await self._answer()
        return await super().order(symbol, client_order_id)

    async def quote(self, symbol: str) -> Quote:
        await self._answer()
        return await super().quote(symbol)

    async def place(self, order: NewOrder, may_leave: MayLeave = unconditionally) -> VenueOrder:
        if order.trigger is not None:
            await self._answer()
        return await super().place(order, may_leave)

    async def _answer(self) -> None:
        if self.silent:
            await asyncio.Event().wait()


def going_on(bot: Running) -> set[str]:
    """Return the first words of the names of all tasks but the test's own."""
    own = asyncio.current_task()
    return {task.get_name().split()[0] for task in asyncio.all_tasks() - bot._foreign if task is not own}


async def much_is_on_its_way(rig: Rig, bot: Running) -> None:
    """One order is asked for, one protective order is being sent, one price is asked for."""
    assert isinstance(rig.venue, NeverAnswers)
    rig.venue.silent = True
    await bot.enter(PAIR)
    rig.venue.lose_next_order()
    await bot.bar("1.20", STOCK)
    await bot.until(lambda: bot.events(OrderOutcomeLost))
    await bot.quote("2.1", "2.2", STOCK)
    await bot.until(lambda: {"settle", "protect", "place", "confirm"} <= going_on(bot))


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
def test_a_bot_that_ends_leaves_no_task_behind(tmp_path: Path, how: str):
    async def scenario() -> None:
        rig = Rig(tmp_path, venue_kind=NeverAnswers, protection={PAIR: {"stop_loss_pct": Decimal(2)}})
        async with rig.running() as bot:
            await much_is_on_its_way(rig, bot)
            bot.bot.stop() if how == "stopped" else bot._task.cancel()
            await asyncio.wait([bot._task])
            assert bot._task.cancelled() == (how == "cancelled")
            await bot.until(lambda: not going_on(bot))
            await bot.kill()

    play(scenario())
