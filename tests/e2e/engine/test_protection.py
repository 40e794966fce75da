"""Protective orders at a real exchange process: they trade there, and never for more than is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from support.command import wait_until
from support.trading import SYMBOLS, Floor, agree, fill_of

from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, ModeChanged
from trading_bot.contract.events.trading import OrderFilled, OrderRejected

pytestmark = pytest.mark.timeout(900)

KILLS, KILLS_LONG = 1, 20
TIGHT = {symbol: {"stop_loss_pct": 0.05, "take_profit_pct": 0.05} for symbol in SYMBOLS}
"""Reached within a few bars."""


def sold_by_protection(here: Floor, after: int) -> int:
    orders = here.state().closed_orders
    protective = {order.client_order_id for order in orders.values() if order.trigger is not None}
    fills = [fill_of(each) for each in here.events(OrderFilled.KIND, after=after)]
    return len({fill.client_order_id for fill in fills if fill.client_order_id in protective})


def assert_never_too_much(here: Floor) -> None:
    """No protective order was refused for want of what it sells, no asset is below zero, nothing came twice."""
    for envelope in here.events(OrderRejected.KIND):
        assert "insufficient" not in envelope.payload.message, envelope.payload
    for asset, amount in here.books()["balances"].items():
        assert Decimal(amount["free"]) >= 0, asset
        assert Decimal(amount["locked"]) >= 0, asset
    assert not [each for each in here.books()["received"] if each["times"] != 1]


def test_stops_and_targets_trade_at_the_exchange_through_kills_and_halts(
    floor: Callable[..., Floor], count: Callable[[str, int, str], None], long_run: bool
):
    here, kills = floor(protection=TIGHT), KILLS_LONG if long_run else KILLS
    here.start("run")
    here.wait_for(BotReady.KIND)
    for _ in range(kills):
        before = here.state().seq
        assert wait_until(lambda before=before: sold_by_protection(here, before) >= 2, 120)
        here.kill("run")
        dead = here.state().seq
        here.start("run")
        here.wait_for(BotReady.KIND, after=dead)
        agree(here)
    here.home.halt.touch()
    here.wait_for(ModeChanged.KIND, after=dead, mode="halted")
    assert wait_until(lambda: all(order.rests for order in here.state().orders.values()))
    agree(here)
    assert_never_too_much(here)
    here.home.halt.unlink()
    assert here.stop("run")[0] == 0
    codes = Counter(each.payload.error.error_code for each in here.events(ErrorRecorded.KIND))
    print(f"{sold_by_protection(here, 0)} of the last orders were protective; errors {dict(codes)}")
    assert not codes.keys() & {"RECON_001", "ORDER_006"}
    count("kill -9 of the bot under protection", kills, "never more offered than held, books agree")
