"""Whatever order the venue's reports come in, however often, or not at all: the books end up the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine import PAIR, Rig
from support.tapes import open_writer

from trading_bot.contract.events.account import BalanceAdopted
from trading_bot.contract.events.trading import (
    LearnedBy,
    OrderIntended,
    OrderSent,
    OrderType,
    Side,
    TimeInForce,
)
from trading_bot.domain.orders import OrderStatus
from trading_bot.domain.state import State
from trading_bot.engine.ledger import Ledger
from trading_bot.engine.order_events import request_of
from trading_bot.engine.process import compose
from trading_bot.journal import BeaconWriter, TapeWriter
from trading_bot.venues.in_memory import InMemoryVenue
from trading_bot.venues.protocol import FeedMessage, FillReport, OrderReport

NUMBERS = count(1)
QUANTITY = Decimal(100)
PARTS = st.lists(st.integers(1, 60).map(Decimal), min_size=0, max_size=5)


class Shop:
    """The parts of a bot that are the same for every example."""

    def __init__(self, folder: Path, writer: TapeWriter, beacon: BeaconWriter) -> None:
        self.rig = Rig(folder)
        self._writer = writer
        self._beacon = beacon

    def trade(self, parts: list[Decimal], reports: st.DataObject) -> tuple[State, InMemoryVenue, str]:
        """Have an order filled in parts and then cancelled; let the bot hear some of the reports, in some order."""
        venue = Rig(self.rig.home.path).venue
        ledger = Ledger(self._writer, State())
        _, bot = compose(self.rig.home, self.rig.clock, ledger, self.rig.settings, venue, self._beacon)
        identity = f"t-{next(NUMBERS)}"
        self._intend(ledger, identity)
        order = ledger.state.orders[identity]
        heard = asyncio.run(self._fill(venue, request_of(order), parts))
        for message in reports.draw(st.permutations(heard * 2).map(lambda all_of: all_of[: len(heard)])):
            if isinstance(message, OrderReport):
                bot.execution.take_order(message.order, LearnedBy.STREAM)
            elif isinstance(message, FillReport):
                assert bot.execution.take_fill(message.fill, LearnedBy.STREAM)
        assert order.filled_quantity <= QUANTITY
        asyncio.run(self._settle(bot.settlement.ask, order))
        return ledger.state, venue, identity

    @staticmethod
    def _intend(ledger: Ledger, identity: str) -> None:
        ledger.append(
            BalanceAdopted(asset="USD", previous=Decimal(0), amount=Decimal(100_000), reason="opening")
        )
        ledger.append(
            OrderIntended(
                client_order_id=identity,
                strategy="any",
                symbol=PAIR,
                side=Side.BUY,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=QUANTITY,
                limit_price=Decimal("1.1"),
                reference_price=Decimal("1.1"),
                generation=1,
            )
        )
        ledger.append(OrderSent(client_order_id=identity))

    @staticmethod
    async def _fill(venue: InMemoryVenue, request, parts: list[Decimal]) -> list[FeedMessage]:
        venue.push_quote(PAIR, Decimal("1.19"), Decimal("1.2"))
        await venue.open([PAIR])
        await venue.place(request)
        for part in parts:
            venue.push_quote(PAIR, Decimal("1.09"), Decimal("1.1"), ask_quantity=part)
        found = await venue.order(PAIR, request.client_order_id)
        if found is not None and found.filled_quantity < QUANTITY:
            await venue.cancel(PAIR, request.client_order_id)
        return [
            message for message in venue._mailbox._ordered if isinstance(message, OrderReport | FillReport)
        ]

    @staticmethod
    async def _settle(ask, order) -> None:
        for _ in range(3):
            if order.is_final and await ask(order):
                return
            await ask(order)
        pytest.fail(f"not settled: {order}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with (
        closing(open_writer(folder / "journal.db")) as writer,
        closing(BeaconWriter.open(folder / "bot.beacon")) as beacon,
    ):
        yield Shop(folder, writer, beacon)


@given(parts=PARTS, reports=st.data())
def test_books_and_venue_agree_in_the_end(shop: Shop, parts: list[Decimal], reports: st.DataObject):
    state, venue, identity = shop.trade(parts, reports)
    at_venue = asyncio.run(venue.balances())
    for asset in ("USD", "EUR"):
        expected = at_venue[asset].total if asset in at_venue else Decimal(0)
        assert state.account.balances.get(asset, Decimal(0)) == expected
    filled = min(sum(parts, Decimal(0)), QUANTITY)
    order = state.closed_orders[identity]
    assert order.filled_quantity == filled
    assert order.status is (OrderStatus.FILLED if filled == QUANTITY else OrderStatus.CANCELLED)
    assert not state.orders
    assert len(state.fills) == len(set(asyncio.run(fill_ids(venue))))


async def fill_ids(venue: InMemoryVenue) -> list[str]:
    return [fill.trade_id for fill in await venue.fills(PAIR, 0)]
