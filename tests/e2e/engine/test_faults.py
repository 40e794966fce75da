"""Faults of the exchange, as they reach the bot over ccxt."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from support.command import wait_until
from support.trading import Floor, agree

from trading_bot.contract.events.lifecycle import BotReady, ConditionChanged, SymbolBlocked
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderDenied,
    OrderFilled,
    OrderOutcomeLost,
    OrderSent,
)

pytestmark = [pytest.mark.serial, pytest.mark.timeout(180)]

SHORT_TIMEOUT = {"request_timeout_seconds": 1}


def test_an_order_whose_answer_is_lost_is_unknown_until_it_is_asked_for_and_is_never_sent_twice(
    floor: Callable[..., Floor],
):
    here = floor(execution=SHORT_TIMEOUT)
    here.start("exporter")
    here.start("run")
    here.wait_for(BotReady.KIND)
    here.switch("lost_ack", on=True)
    lost = here.wait_for(OrderOutcomeLost.KIND)
    here.switch("lost_ack", on=False)
    identity = lost.payload.client_order_id
    blocked = here.wait_for(SymbolBlocked.KIND, after=lost.seq, blocked=True, reason="UnknownOrder")
    found = here.wait_for(OrderAcknowledged.KIND, after=lost.seq, client_order_id=identity)
    assert found.payload.learned_by == "reconciliation"
    assert found.payload.latency_ns is None
    freed = here.wait_for(
        SymbolBlocked.KIND,
        after=found.seq,
        blocked=False,
        reason="UnknownOrder",
        symbol=blocked.payload.symbol,
    )
    meanwhile = [
        envelope.payload.client_order_id
        for envelope in here.events(OrderSent.KIND, after=lost.seq)
        if envelope.seq < freed.seq
    ]
    state = here.state()
    known = state.orders | state.closed_orders
    assert not [key for key in meanwhile if known[key].symbol == blocked.payload.symbol]
    filled = here.wait_for(OrderFilled.KIND, after=lost.seq, client_order_id=identity)
    assert filled.payload.learned_by == "reconciliation"
    agree(here)
    received = {entry["client_order_id"]: entry["times"] for entry in here.books()["received"]}
    assert received[identity] == 1
    assert set(received.values()) == {1}
    assert here.state().reconciliation.mismatches == {}, "an order on its way is not a mismatch"


def test_an_unknown_order_is_seen_on_the_metrics_page_while_it_is_unknown(floor: Callable[..., Floor]):
    here = floor(execution=SHORT_TIMEOUT)
    here.start("exporter")
    here.start("run")
    here.wait_for(BotReady.KIND)
    assert wait_until(lambda: here.sample("tradingbot_orders_unknown") == 0, 20)
    here.switch("lost_ack", on=True)
    assert wait_until(lambda: (here.sample("tradingbot_orders_unknown") or 0) >= 1, 20, every=0.005)
    here.switch("lost_ack", on=False)
    assert wait_until(lambda: here.sample("tradingbot_orders_unknown") == 0, 20)


def test_a_mute_feed_denies_orders_and_recovers_when_it_speaks_again(floor: Callable[..., Floor]):
    here = floor(intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 5})
    here.start("run")
    ready = here.wait_for(BotReady.KIND)
    here.wait_for(ConditionChanged.KIND, after=ready.seq, condition="FeedFresh", status="True")
    here.switch("mute_feed", on=True)
    stale = here.wait_for(ConditionChanged.KIND, after=ready.seq, condition="FeedFresh", status="False")
    sent_before = len(here.events(OrderSent.KIND))
    time.sleep(1.2)
    assert len(here.events(OrderSent.KIND)) == sent_before
    assert {key for key, market in here.state().markets.items() if "StaleFeed" in market.blocks}
    here.switch("mute_feed", on=False)
    fresh = here.wait_for(ConditionChanged.KIND, after=stale.seq, condition="FeedFresh", status="True")
    here.wait_for(OrderFilled.KIND, after=fresh.seq)
    agree(here)
    assert here.events(OrderDenied.KIND) is not None
