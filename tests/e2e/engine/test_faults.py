"""Faults of the exchange, as they reach the bot over ccxt."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from support.command import wait_until
from support.trading import SYMBOLS, Floor, agree

from trading_bot.contract.events.account import MismatchFound
from trading_bot.contract.events.lifecycle import BotReady, ConditionChanged, ErrorRecorded, SymbolBlocked
from trading_bot.contract.events.trading import (
    OrderAcknowledged,
    OrderFilled,
    OrderOutcomeLost,
    OrderSent,
)

SHORT_TIMEOUT = {"request_timeout_seconds": 1}


def test_an_order_whose_answer_is_lost_is_unknown_until_it_is_asked_for_and_is_never_sent_twice(
    floor: Callable[..., Floor],
):
    here = floor(execution={"request_timeout_seconds": 3})  # the exchange is stopped before it is over
    here.start("exporter")
    here.start("run")
    here.wait_for(BotReady.KIND)
    assert wait_until(lambda: here.sample("tradingbot_orders_unknown") == 0)

    here.switch("lost_ack", on=True)
    received = {entry["client_order_id"] for entry in here.books()["received"]}
    assert wait_until(lambda: len(here.books()["received"]) > len(received))
    here.signal("exchange", signal.SIGSTOP)  # or it would be asked and answer within milliseconds
    lost = here.wait_for(OrderOutcomeLost.KIND)
    identity = lost.payload.client_order_id
    assert wait_until(lambda: (here.sample("tradingbot_orders_unknown") or 0) >= 1)
    blocked = here.wait_for(SymbolBlocked.KIND, after=lost.seq, blocked=True, reason="UnknownOrder")
    symbol = blocked.payload.symbol
    here.signal("exchange", signal.SIGCONT)
    here.switch("lost_ack", on=False)

    found = here.wait_for(OrderAcknowledged.KIND, after=lost.seq, client_order_id=identity)
    assert (found.payload.learned_by, found.payload.latency_ns) == ("reconciliation", None)
    freed = here.wait_for(
        SymbolBlocked.KIND, after=found.seq, blocked=False, reason="UnknownOrder", symbol=symbol
    )
    filled = here.wait_for(OrderFilled.KIND, after=lost.seq, client_order_id=identity)
    assert filled.payload.learned_by == "reconciliation"
    assert wait_until(lambda: here.sample("tradingbot_orders_unknown") == 0)

    sent = here.events(OrderSent.KIND, after=lost.seq)
    state = here.state()
    known = state.orders | state.closed_orders
    meanwhile = [known[e.payload.client_order_id].symbol for e in sent if e.seq < freed.seq]
    assert symbol not in meanwhile
    agree(here)
    assert {entry["times"] for entry in here.books()["received"]} == {1}
    assert not here.events(MismatchFound.KIND), "an order on its way is no mismatch"


def test_a_mute_feed_denies_orders_and_recovers_when_it_speaks_again(floor: Callable[..., Floor]):
    here = floor(intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 5})
    here.start("run")
    ready = here.wait_for(BotReady.KIND)
    here.wait_for(ConditionChanged.KIND, after=ready.seq, condition="FeedFresh", status="True")
    here.switch("mute_feed", on=True)
    here.wait_for(ConditionChanged.KIND, after=ready.seq, condition="FeedFresh", status="False")
    assert wait_until(lambda: all("StaleFeed" in market.blocks for market in here.state().markets.values()))
    stale = here.events()[-1]
    sent_before = len(here.events(OrderSent.KIND))
    time.sleep(1.2)
    assert len(here.events(OrderSent.KIND)) == sent_before
    assert all("StaleFeed" in market.blocks for market in here.state().markets.values())
    here.switch("mute_feed", on=False)
    fresh = here.wait_for(ConditionChanged.KIND, after=stale.seq, condition="FeedFresh", status="True")
    here.wait_for(OrderFilled.KIND, after=fresh.seq)
    agree(here)


def test_an_exchange_that_is_killed_and_comes_back_finds_the_bot_waiting_and_both_agree(
    floor: Callable[..., Floor],
):
    here = floor(execution=SHORT_TIMEOUT)
    here.start("run")
    here.wait_for(OrderFilled.KIND)
    here.kill("exchange")
    gone = here.wait_for(ConditionChanged.KIND, condition="VenueReachable", status="False")
    time.sleep(1)
    here.start("exchange")
    back = here.wait_for(ConditionChanged.KIND, after=gone.seq, condition="VenueReachable", status="True")
    here.wait_for(OrderFilled.KIND, after=back.seq)
    agree(here)
    assert {entry["times"] for entry in here.books()["received"]} == {1}
    assert not here.events(MismatchFound.KIND)


def test_a_bot_that_starts_while_one_symbol_is_halted_trades_the_others(floor: Callable[..., Floor]):
    here = floor(intervals={"stale_after_seconds": 1.5})
    here.switch("halted_symbol", on=True, symbol="EUR/USD")
    here.start("run")
    ready = here.wait_for(BotReady.KIND)
    (told,) = [e for e in here.events(ErrorRecorded.KIND) if e.payload.error.error_code == "VENUE_012"]
    assert told.payload.error.context["symbol"] == "EUR/USD"
    here.wait_for(SymbolBlocked.KIND, symbol="EUR/USD", blocked=True, reason="StaleFeed")
    assert here.wait_for(OrderFilled.KIND, after=ready.seq).payload.symbol != "EUR/USD"
    here.switch("halted_symbol", on=False)
    here.wait_for(SymbolBlocked.KIND, after=ready.seq, symbol="EUR/USD", blocked=False, reason="StaleFeed")
    here.wait_for(OrderFilled.KIND, after=ready.seq, symbol="EUR/USD")


def test_a_bot_with_a_symbol_that_the_exchange_does_not_list_trades_the_others(floor: Callable[..., Floor]):
    here = floor(symbols=[*SYMBOLS, "GONE/USD"])
    here.start("exporter")
    here.start("run")
    here.wait_for(SymbolBlocked.KIND, symbol="GONE/USD", blocked=True, reason="NotListed")
    ready = here.wait_for(BotReady.KIND)
    here.wait_for(OrderFilled.KIND, after=ready.seq)

    def is_shown() -> bool:
        labels = ('symbol="GONE/USD"', 'reason="NotListed"')
        return any(on and all(each in name for each in labels) for name, on in here.metrics().items())

    assert wait_until(is_shown)
    agree(here)
