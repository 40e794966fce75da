from __future__ import annotations

import decimal
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from support.events import any_events, envelope, tape
from support.lives import lives

from trading_bot.contract.codec import decode_payload, seal
from trading_bot.contract.events.trading import OrderFilled, Side
from trading_bot.domain.fold import evolve
from trading_bot.domain.orders import FINAL, OrderStatus
from trading_bot.domain.snapshots import encode_state, restore, snapshot
from trading_bot.domain.state import State

MIXED = st.lists(any_events(), max_size=30)


def fold(envelopes, state=None):
    state = State() if state is None else state
    for one in envelopes:
        state = evolve(state, one)
    return state


def written_and_read(one):
    """Return an envelope as a reader of the tape gets it."""
    event, payload = seal(one.payload)
    return envelope(decode_payload(one.kind, event.VERSION, payload), one.seq, one.ts, one.run_id)


@given(MIXED | lives(), st.data())
def test_a_fold_goes_on_from_a_snapshot_at_any_point_as_if_there_had_been_none(events, data):
    cut = data.draw(st.integers(0, len(events)))
    before, after = tape(events[:cut]), tape(events[cut:], first=cut + 2)
    at_cut = fold(before)
    written = written_and_read(envelope(snapshot(at_cut), cut + 1))
    straight = fold(after, evolve(at_cut, written))
    resumed = fold(after, restore(written))
    assert resumed == straight
    assert encode_state(resumed) == encode_state(straight)


@given(MIXED | lives())
def test_a_reader_folds_what_the_writer_folds(events):
    sealed = [envelope(seal(event)[0], seq) for seq, event in enumerate(events, 1)]
    live, read = fold(sealed), fold(map(written_and_read, sealed))
    assert encode_state(read) == encode_state(live)


@given(MIXED | lives())
def test_folding_twice_gives_the_same_bytes(events):
    assert encode_state(fold(tape(events))) == encode_state(fold(tape(events)))


@given(lives(), st.sampled_from((decimal.ROUND_HALF_UP, decimal.ROUND_DOWN, decimal.ROUND_CEILING)))
def test_the_books_do_not_depend_on_how_the_process_around_them_rounds(events, rounding):
    expected = encode_state(fold(tape(events)))
    with decimal.localcontext(rounding=rounding):
        assert encode_state(fold(tape(events))) == expected


@given(lives(), st.data())
def test_a_fill_counts_once_however_often_it_is_reported(events, data):
    fills = [event for event in events if isinstance(event, OrderFilled)]
    doubled = list(events)
    for fill in fills:
        doubled.insert(data.draw(st.integers(doubled.index(fill), len(doubled))), fill)
    once, twice = fold(tape(events)), fold(tape(doubled))
    assert twice.account.balances == once.account.balances
    assert len(twice.fills) == len(once.fills)
    assert twice.counts.get("tradingbot_fills_total") == once.counts.get("tradingbot_fills_total")
    assert sum_of(twice, "filled_quantity") == sum_of(once, "filled_quantity")


def sum_of(state, name):
    return sum(getattr(order, name) for order in (*state.orders.values(), *state.closed_orders.values()))


@given(lives())
def test_a_position_is_the_sum_of_its_fills_less_the_fees_taken_from_it(events):
    seen, held = set(), {}
    for fill in events:
        if not isinstance(fill, OrderFilled) or (fill.symbol, fill.trade_id) in seen:
            continue
        seen.add((fill.symbol, fill.trade_id))
        base = fill.symbol.partition("/")[0]
        sign = 1 if fill.side is Side.BUY else -1
        fee = fill.fee if fill.fee_asset == base else 0
        held[fill.symbol] = held.get(fill.symbol, Decimal(0)) + sign * fill.quantity - fee
    state = fold(tape(events))
    assert {symbol: position.quantity for symbol, position in state.positions.items()} == held


@given(MIXED)
def test_no_sequence_of_events_leaves_an_order_where_it_cannot_be(events):
    state = State()
    for one in tape(events):
        state = evolve(state, one)
        assert not any(order.is_final for order in state.orders.values())
        assert all(order.is_final for order in state.closed_orders.values())
        assert not state.orders.keys() & state.closed_orders.keys()
        for order in state.orders.values():
            assert (order.unknown_since is not None) == (order.status is OrderStatus.UNKNOWN)


@given(MIXED)
def test_a_final_order_changes_by_nothing_but_a_late_fill(events):
    state, before = State(), {}
    for one in tape(events):
        state = evolve(state, one)
        for name, status in before.items():
            order = state.orders.get(name) or state.closed_orders.get(name)
            if one.kind not in ("order.filled", "order.intended"):
                assert order is None or order.status is status
        before = {name: order.status for name, order in state.closed_orders.items() if order.status in FINAL}


@given(MIXED)
def test_counters_never_go_back(events):
    state, before = State(), {}
    for one in tape(events):
        state = evolve(state, one)
        for metric, series in before.items():
            assert all(state.counts[metric][key] >= value for key, value in series.items())
        before = {metric: dict(series) for metric, series in state.counts.items()}
