from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from support.accounts import EUR, account, bought
from support.events import FOLDED, envelope, full_example
from support.lives import acknowledged, cancelled, fill_of, intent, lost, rejected, sent

from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.lifecycle import BotStarted, StateSnapshotted, SymbolBlocked
from trading_bot.contract.events.observation import RuntimeSampled
from trading_bot.contract.events.trading import Side
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import SECOND
from trading_bot.domain.fold import HANDLERS, WITHOUT_EFFECT, evolve
from trading_bot.domain.orders import OrderStatus
from trading_bot.domain.state import RECENT_FILLS, RECENT_ORDERS, RECENT_TRADE_IDS, State

ORDER = intent("one", EUR, Side.BUY, Decimal(10), Decimal(10))


def fill(trade_id, quantity=10, order=ORDER):
    return fill_of(order, trade_id, Decimal(quantity), Decimal(10), Decimal(0), "USD")


def outcomes(state):
    return {key.rpartition("|")[2]: count for key, count in state.counts.get(metrics.ORDERS.name, {}).items()}


def test_every_kind_is_either_handled_or_named_as_without_effect():
    assert set(HANDLERS) | WITHOUT_EFFECT == set(EVENTS)
    assert not set(HANDLERS) & WITHOUT_EFFECT


@pytest.mark.parametrize("kind", sorted(WITHOUT_EFFECT))
def test_a_kind_without_effect_changes_nothing_but_position_time_and_its_count(kind):
    state, one = State(), envelope(full_example(EVENTS[kind]), 7)
    evolve(state, one)
    expected = State(seq=7, ts=one.ts, counts={metrics.JOURNAL_EVENTS.name: {kind: 1.0}})
    assert state == expected


@pytest.mark.parametrize("kind", FOLDED)
def test_every_kind_can_be_the_first_on_a_tape(kind):
    assert evolve(State(), envelope(full_example(EVENTS[kind]))).seq == 1


def test_the_fold_takes_ownership_and_returns_the_same_object():
    state = State()
    assert evolve(state, envelope(full_example(BotStarted))) is state


def test_a_fill_of_an_order_that_the_journal_does_not_know_still_moves_the_position():
    state = account(fill("1"))
    assert state.positions[EUR].quantity == 10
    assert state.orders == state.closed_orders == {}


def test_an_order_that_was_cancelled_stays_so_by_a_late_part_and_is_filled_by_the_whole():
    partly = account(ORDER, sent(ORDER), cancelled(ORDER), fill("1", 4))
    assert partly.closed_orders["one"].status is OrderStatus.CANCELLED
    assert partly.closed_orders["one"].filled_quantity == 4
    wholly = account(ORDER, sent(ORDER), cancelled(ORDER), fill("1", 4), fill("2", 6))
    assert wholly.closed_orders["one"].status is OrderStatus.FILLED
    assert outcomes(wholly) == {"cancelled": 1}


def test_an_order_believed_rejected_that_trades_works_again_until_it_ends():
    working = account(ORDER, sent(ORDER), rejected(ORDER), fill("1", 4))
    assert working.orders["one"].status is OrderStatus.PARTIALLY_FILLED
    assert working.orders["one"].ended_at is None
    assert not working.closed_orders
    ended = account(ORDER, sent(ORDER), rejected(ORDER), fill("1", 4), cancelled(ORDER))
    assert ended.closed_orders["one"].status is OrderStatus.CANCELLED
    assert outcomes(ended) == {"rejected": 1, "cancelled": 1}


def test_an_unknown_order_counts_once_as_unknown_and_again_at_its_end():
    state = account(ORDER, sent(ORDER), lost(ORDER), lost(ORDER), acknowledged(ORDER), fill("1"))
    assert outcomes(state) == {"unknown": 1, "filled": 1}
    assert state.closed_orders["one"].unknown_since is None


def test_an_answer_after_the_first_fill_does_not_take_the_fill_back():
    state = account(ORDER, sent(ORDER), fill("1", 4), acknowledged(ORDER))
    assert state.orders["one"].status is OrderStatus.PARTIALLY_FILLED
    assert state.orders["one"].venue_order_id == "v-one"


def test_what_is_kept_for_display_is_bounded():
    orders = [intent(f"o{number}", EUR, Side.BUY, Decimal(1), Decimal(10)) for number in range(600)]
    state = account()
    for order in orders:
        for event in (order, sent(order), fill(f"t-{order.client_order_id}", 1, order)):
            evolve(state, envelope(event, state.seq + 1, ts=state.ts + SECOND))
    assert len(state.closed_orders) == RECENT_ORDERS
    assert len(state.fills) == RECENT_FILLS
    assert len(state.trade_ids[EUR]) == RECENT_TRADE_IDS
    assert next(reversed(state.closed_orders)) == "o599"
    assert state.positions[EUR].quantity == 600


def test_a_new_run_forgets_blocks_and_counts_a_run_that_was_killed():
    block = SymbolBlocked(symbol=EUR, blocked=True, reason="StaleFeed", message="old")
    state = account(bought(Decimal(1)), block)
    assert list(state.markets[EUR].blocks) == ["StaleFeed"]
    killed = msgspec.structs.replace(full_example(BotStarted), previous_run_ended=False)
    evolve(state, envelope(killed, state.seq + 1, run_id="run-2"))
    assert state.markets[EUR].blocks == {}
    assert state.run.run_id == "run-2"
    assert state.counts[metrics.UNCLEAN_STOPS.name] == {"": 1}


def test_a_measurement_of_another_release_is_passed_over():
    sampled = full_example(RuntimeSampled)
    delta = next(iter(sampled.histograms.values()))
    short = type(delta)(buckets=(1, 2), total=1.0)
    strange = {"tradingbot_of_another_release_seconds": delta, metrics.JOURNAL_COMMIT.name: short}
    counters = {"tradingbot_of_another_release_total": 3}
    state = State()
    evolve(state, envelope(msgspec.structs.replace(sampled, histograms=strange, counters=counters)))
    assert state.histograms == {}
    assert metrics.METRICS.keys() >= state.counts.keys()


def test_the_time_of_the_last_snapshot_is_known_after_it():
    one = envelope(full_example(StateSnapshotted), 9)
    assert evolve(State(), one).snapshot_at == one.ts
