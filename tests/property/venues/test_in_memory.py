"""The books of the in-memory venue, whatever is traded."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from support.venues import SYMBOL, instrument, order

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.trading import Side, TimeInForce
from trading_bot.domain.clock import ManualClock
from trading_bot.venues.in_memory import InMemoryVenue

ORDERS = st.tuples(
    st.sampled_from(list(Side)),
    st.integers(5, 400),
    st.one_of(st.none(), st.integers(90, 130)),
    st.sampled_from(list(TimeInForce)),
    st.integers(95, 125),
    st.one_of(st.none(), st.integers(0, 200)),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(ORDERS, max_size=25))
def test_no_amount_is_made_or_lost_whatever_is_traded(steps: list[tuple]) -> None:
    async def run() -> None:
        venue = InMemoryVenue(
            clock=ManualClock(),
            instruments=[instrument(SYMBOL)],
            funds={"USD": Decimal(1000)},
            fee_rate=Decimal("0.001"),
        )
        await venue.open([SYMBOL])
        for side, quantity, limit, time_in_force, ask, available, cancel in steps:
            price = Decimal(ask) / 100
            venue.push_quote(
                SYMBOL,
                price - Decimal("0.0001"),
                price,
                bid_quantity=None if available is None else Decimal(available),
                ask_quantity=None if available is None else Decimal(available),
            )
            sent = order(side, Decimal(quantity), str(Decimal(limit) / 100) if limit else None, time_in_force)
            try:
                await venue.place(sent)
                if cancel:
                    await venue.cancel(SYMBOL, sent.client_order_id)
            except TickertapeError:
                continue
        fills = await venue.fills(SYMBOL, 0)
        paid = sum(fill.quantity * fill.price * (1 if fill.side is Side.BUY else -1) for fill in fills)
        bought = sum(fill.quantity * (1 if fill.side is Side.BUY else -1) for fill in fills)
        fees = {asset: sum(fill.fee for fill in fills if fill.fee_asset == asset) for asset in ("USD", "EUR")}
        balances = await venue.balances()
        totals = {asset: balances[asset].total if asset in balances else 0 for asset in ("USD", "EUR")}
        assert totals == {"USD": 1000 - paid - fees["USD"], "EUR": bought - fees["EUR"]}
        assert all(0 <= balance.free <= balance.total for balance in balances.values())
        for working in await venue.open_orders(SYMBOL):
            await venue.cancel(SYMBOL, working.client_order_id)
        assert all(balance.free == balance.total for balance in (await venue.balances()).values())

    asyncio.run(run())
