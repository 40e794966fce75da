from __future__ import annotations

import msgspec
import pytest
from support.accounts import account
from support.events import envelope, full_example

from trading_bot.contract.codec import decode_payload, seal
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events.lifecycle import BotBeat, ErrorRecorded, StateSnapshotted
from trading_bot.domain.snapshots import FOLD_VERSION, MIGRATIONS, encode_state, restore, snapshot

SECRET = "Zx9Qk3LmPp0aWv7T"


def at(event, seq=9):
    return envelope(event, seq)


def test_an_unknown_newer_snapshot_is_one_named_error():
    event = StateSnapshotted(fold_version=FOLD_VERSION + 1, state=msgspec.Raw(b"{}"))
    with pytest.raises(NonRetriableError) as caught:
        restore(at(event))
    assert caught.value.code == "JRNL_021"


@pytest.mark.parametrize(
    "state", [b"[]", b"5", b'{"seq":"x"}', b'{"account":{"equity":"ten"}}', b"{", b"", b"\xff"]
)
@pytest.mark.parametrize("version", [FOLD_VERSION, 0, -5])
def test_a_snapshot_that_cannot_be_read_is_one_named_error(version, state):
    with pytest.raises(NonRetriableError) as caught:
        restore(at(StateSnapshotted(fold_version=version, state=msgspec.Raw(state))))
    assert caught.value.code == "JRNL_021"


def test_an_event_of_another_kind_is_no_snapshot():
    with pytest.raises(TypeError):
        restore(at(BotBeat(cycles=1)))


def test_new_fields_of_a_release_start_at_their_defaults_and_unknown_ones_are_passed_over():
    event = StateSnapshotted(
        fold_version=FOLD_VERSION, state=msgspec.Raw(b'{"seq":41,"of_another_release":1}')
    )
    state = restore(at(event))
    assert (state.seq, state.orders, state.account.equity) == (9, {}, None)


def test_there_is_a_migration_from_every_older_version():
    assert sorted(MIGRATIONS) == list(range(1, FOLD_VERSION))


def test_a_secret_in_an_error_is_neither_on_the_tape_nor_in_the_snapshot_after_it():
    recorded = full_example(ErrorRecorded)
    context = {"apiKey": SECRET, "url": f"https://x/?signature={SECRET}", "bid": float("nan")}
    error = msgspec.structs.replace(recorded.error, message=f"token={SECRET}", context=context)
    sealed, payload = seal(ErrorRecorded(error=error))
    live, read = account(sealed), account(decode_payload("error.recorded", 1, payload))
    assert encode_state(live) == encode_state(read)
    written = seal(snapshot(live))[1]
    assert SECRET.encode() not in payload
    assert SECRET.encode() not in written
    assert b'"bid":"nan"' in written
