from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from support.events import FOLDED, envelope, full_example, tape
from support.golden import Golden

from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.account import BreakerReset
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.contract.events.trading import OrderFilled, OrderIntended, Side
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import FOLD_VERSION, encode_state, restore, snapshot
from trading_bot.domain.state import State

FOLDER = Path(__file__).parents[1] / "snapshots"
ENDINGS = {"order.cancelled", "order.rejected", "breaker.reset", "mismatch.settled", "order.outcome_lost"} | {
    "settings.rolled_back"
}


def rich_state() -> State:
    """Fold one of every kind that leaves something behind, an order that works, and a round trip.

    What they open stays open.
    """
    events = [full_example(EVENTS[kind]) for kind in FOLDED if kind not in ENDINGS]
    working = msgspec.structs.replace(full_example(OrderIntended), client_order_id="tt-01J8Z6-0002")
    bought = msgspec.structs.replace(full_example(OrderFilled), symbol="GOOGL/USD", fee_asset="USD")
    sold = msgspec.structs.replace(bought, side=Side.SELL, trade_id="88013", price=bought.price * 2)
    cooled = msgspec.structs.replace(
        full_example(BreakerReset), breaker="max_slippage_bps", how="cool_down", anchor=None
    )
    state = State()
    for one in tape([*events, working, bought, sold, cooled]):
        state = evolve(state, one)
    return state


def test_a_state_is_written_down_as_its_golden_file_says():
    pretty = msgspec.json.format(encode_state(rich_state()), indent=1).decode() + "\n"
    Golden(FOLDER).assert_same(f"fold.v{FOLD_VERSION}.json", pretty)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_snapshot_of_every_fold_version_is_still_read(path):
    version = int(path.stem.rpartition(".v")[2])
    event = StateSnapshotted(fold_version=version, state=msgspec.Raw(path.read_bytes()))
    at = rich_state().seq + 1
    expected = rich_state()
    expected = evolve(expected, envelope(snapshot(expected), at))
    assert restore(envelope(event, at)) == expected


def test_the_rich_state_leaves_no_field_at_its_default():
    state, empty = rich_state(), State()
    untouched = [name for name in State.__struct_fields__ if getattr(state, name) == getattr(empty, name)]
    assert untouched == ["snapshot_at"], (
        "a snapshot cannot know of itself; all else is to be in the golden file"
    )
