"""Whatever happens to a protected position, and in whatever order: never too much is offered, and it is protected."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engine import PAIR, Rig, Running, play

from trading_bot.contract.events.account import ProtectionStatus
from trading_bot.contract.events.trading import OrderRejected, Trigger
from trading_bot.contract.settings import Protection
from trading_bot.venues.protocol import Side, VenueOrder

LOT = Decimal("0.1")
PERCENTAGES = ((2, 4), (2, None), (None, 4), (1, 3), (None, None))
QUOTES = {"still": "1.1000", "fallen": "1.0700", "risen": "1.1500", "higher": "1.1050"}

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("bar"), st.sampled_from(("1.20", "1.00", "1.30"))),
        st.tuples(st.just("quote"), st.sampled_from(sorted(QUOTES))),
        st.tuples(st.just("percent"), st.sampled_from(PERCENTAGES)),
        st.tuples(st.sampled_from(("restart", "stranger cancels", "lost answer", "refusal")), st.none()),
    ),
    max_size=9,
)


class Floor:
    """A bot on a venue, restarted as the steps say."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder, protection={PAIR: {"stop_loss_pct": 2, "take_profit_pct": 4}})
        self.wanted: tuple[int | None, int | None] = (2, 4)
        self.bot: Running
        self._running: Any = None

    async def start(self) -> None:
        self._running = self.rig.running()
        self.bot = await self._running.__aenter__()
        await self.percent(self.wanted)

    async def end(self) -> None:
        await self._running.__aexit__(None, None, None)

    async def bar(self, close: str) -> None:
        await self.bot.bar(close)

    async def quote(self, name: str) -> None:
        bid = Decimal(QUOTES[name])
        await self.bot.quote(str(bid), str(bid + Decimal("0.0002")))

    async def percent(self, wanted: tuple[int | None, int | None]) -> None:
        self.wanted = wanted
        stop, target = wanted
        made = {}
        if wanted != (None, None):
            made[PAIR] = msgspec.convert(
                {"stop_loss_pct": stop, "take_profit_pct": target}, Protection, strict=False
            )
        context = self.bot.context
        context.settings = msgspec.structs.replace(context.settings, protection=made)
        self.bot.parts.execution.moved.set()

    async def restart(self, _: None) -> None:
        await self.bot.kill()
        await self.end()
        await self.start()

    async def stranger_cancels(self, _: None) -> None:
        for order in self.working()[:1]:
            await self.rig.venue.cancel(PAIR, order.client_order_id)

    async def lost_answer(self, _: None) -> None:
        self.rig.venue.lose_next_ack()

    async def refusal(self, _: None) -> None:
        self.rig.venue.reject_next("not now")

    def working(self) -> list[VenueOrder]:
        return [entry.order for entry in self.rig.venue._books.working(PAIR)]

    def at_rest(self) -> bool:
        """Whether nothing is on its way, and the last word on the position is not that it lacks something."""
        state = self.bot.state
        known = state.protection.get(PAIR)
        settled = not self.bot.parts.execution.is_busy(PAIR) and not self.bot.parts.protection.tasks
        return (
            settled and (known is None or known.status is not ProtectionStatus.MISSING) and self.as_wanted()
        )

    def as_wanted(self) -> bool:
        """Whether what rests at the venue is what the position and the settings ask for."""
        held = self.rig.venue._books.balances().get("EUR")
        quantity = held.total // LOT * LOT if held is not None else Decimal(0)
        there = sorted((order.side, order.quantity) for order in self.working())
        legs = [each for each in self.wanted if each is not None]
        return there == [(Side.SELL, quantity)] * (len(legs) if quantity >= 5 else 0)

    def assert_never_too_much(self) -> None:
        for balance in self.rig.venue._books.balances().values():
            assert 0 <= balance.free <= balance.total
        refused = [event.message for event in self.bot.events(OrderRejected)]
        assert not [message for message in refused if "insufficient" in message]


async def live(folder: Path, steps: list[tuple[str, Any]]) -> None:
    floor = Floor(folder)
    await floor.start()
    try:
        for name, argument in steps:
            work: Callable[[Any], Awaitable[None]] = getattr(floor, name.replace(" ", "_"))
            await work(argument)
            floor.assert_never_too_much()
            await floor.bot.until(floor.at_rest)
        await floor.bot.parts.reconciliation.run("periodic")
        assert not floor.bot.state.reconciliation.mismatches
        resting = [order for order in floor.bot.state.orders.values() if order.trigger in Trigger]
        assert {order.client_order_id for order in resting} == {o.client_order_id for o in floor.working()}
    finally:
        await floor.end()


@given(STEPS)
@settings(max_examples=300 if os.environ.get("TICKERTAPE_LONG") else 20)
def test_a_position_at_rest_is_protected_as_wanted_and_never_offered_twice(steps: list[tuple[str, Any]]):
    with tempfile.TemporaryDirectory() as folder:
        play(live(Path(folder), steps))
