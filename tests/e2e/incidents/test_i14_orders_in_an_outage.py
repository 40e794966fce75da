"""I14: orders lost in an outage became a real, untracked position."""

from __future__ import annotations

import time
from collections.abc import Callable

from support.command import wait_until
from support.trading import Floor, agree

from trading_bot.contract.events.lifecycle import BotReady, BotStarted
from trading_bot.contract.events.trading import OrderFilled, OrderOutcomeLost, OrderSent
from trading_bot.domain.orders import OrderStatus


def waiting(here: Floor) -> list[str]:
    """Return the orders that were sent a while ago and have no answer."""
    late = time.time_ns() - 500_000_000
    return [
        order.client_order_id
        for order in here.state().orders.values()
        if order.status is OrderStatus.SENT and order.sent_at is not None and order.sent_at < late
    ]


def test_an_order_whose_answer_is_lost_in_an_outage_is_found_by_its_id_also_by_the_next_run(
    floor: Callable[..., Floor],
):
    here = floor()
    here.start("run")
    here.wait_for(BotReady.KIND)
    here.switch("lost_ack", on=True)
    assert wait_until(lambda: bool(waiting(here)))
    here.switch("unreachable", on=True, seconds=10)  # the name is not resolved any more, so to speak
    lost = here.wait_for(OrderOutcomeLost.KIND).payload
    here.kill("run")
    assert here.state().orders[lost.client_order_id].unknown_since is not None
    before = here.events(BotStarted.KIND)[-1].seq
    assert wait_until(lambda: here.answers("BOT_EXCHANGE_PORT", "/sim/clock"))
    here.switch("lost_ack", on=False)
    here.start("run")
    here.wait_for(
        OrderFilled.KIND,
        after=before,
        client_order_id=lost.client_order_id,
        learned_by="reconciliation",
    )
    agree(here)
    received = here.books()["received"]
    assert {each["client_order_id"]: each["times"] for each in received}[lost.client_order_id] == 1
    assert not [each for each in received if each["times"] != 1]
    symbol = here.events(OrderFilled.KIND, after=before)[0].payload.symbol
    ready = here.wait_for(BotReady.KIND, after=before)
    sent = [e for e in here.events(OrderSent.KIND, after=before) if e.seq < ready.seq]
    assert not sent, f"something was sent before {symbol} was known"
