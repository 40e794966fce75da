from __future__ import annotations

from pathlib import Path

import pytest
from support.events import full_example
from support.golden import Golden

from trading_bot.contract.codec import decode_payload, encode_payload, seal
from trading_bot.contract.events import EVENTS

FOLDER = Path(__file__).parents[1] / "events"


def written() -> list[tuple[str, int, bytes]]:
    """Return kind, version and payload of every golden event, also of versions that nobody writes any more."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        kind, _, version = path.stem.rpartition(".v")
        found.append((kind, int(version), path.read_bytes().rstrip(b"\n")))
    return found


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_written_as_its_golden_file_says(kind):
    event = EVENTS[kind]
    text = encode_payload(full_example(event)).decode() + "\n"
    Golden(FOLDER).assert_same(f"{kind}.v{event.VERSION}.json", text)


@pytest.mark.parametrize(("kind", "version", "payload"), written())
def test_every_version_that_was_ever_written_is_still_read(kind, version, payload):
    event = decode_payload(kind, version, payload)
    assert isinstance(event, EVENTS[kind])
    if version == EVENTS[kind].VERSION:
        assert encode_payload(event) == payload
        assert event == seal(full_example(EVENTS[kind]))[0]


def test_no_golden_event_is_of_a_kind_that_does_not_exist():
    assert {kind for kind, _, _ in written()} == set(EVENTS)
