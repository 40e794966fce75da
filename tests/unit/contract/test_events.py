from __future__ import annotations

import re

import msgspec
import pytest
from msgspec import inspect

from trading_bot.contract import codec
from trading_bot.contract.events import EVENTS, SUBJECTS, Event, Retention

FACTS_OF_MEASURING = {"bot.beat", "quote.conflated", "bar.closed", "runtime.sampled"}


def types_in(kind):
    yield kind
    children = []
    if isinstance(kind, inspect.StructType):
        children = [field.type for field in kind.fields]
    elif isinstance(kind, inspect.UnionType):
        children = list(kind.types)
    elif isinstance(kind, inspect.VarTupleType):
        children = [kind.item_type]
    elif isinstance(kind, inspect.DictType):
        children = [kind.value_type]
    for child in children:
        yield from types_in(child)


def kinds_with(*types):
    return {
        kind
        for kind, event in EVENTS.items()
        if any(isinstance(one, types) for one in types_in(inspect.type_info(event)))
    }


@pytest.mark.parametrize("kind", EVENTS)
def test_a_kind_is_a_thing_and_a_past_participle_and_gives_its_reason(kind):
    event = EVENTS[kind]
    assert re.fullmatch(r"[a-z]+\.([a-z]+_)?[a-z]+", kind)
    assert kind == event.KIND
    assert event.VERSION >= 1
    assert event.REASON.endswith(".")
    assert event.__doc__ != Event.__doc__


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_is_frozen_and_made_by_keywords(kind):
    config = EVENTS[kind].__struct_config__
    assert config.frozen
    with pytest.raises(TypeError):
        EVENTS[kind](*(None for _ in EVENTS[kind].__struct_fields__))


def test_every_struct_of_the_events_modules_is_in_the_table():
    structs = {
        one
        for module in SUBJECTS
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Event) and one is not Event
    }
    assert set(EVENTS.values()) == structs
    assert len(EVENTS) == len(structs)


def test_only_measurements_spans_and_snapshots_are_ever_pruned():
    pruned = {kind for kind, event in EVENTS.items() if event.RETENTION is not Retention.FACT}
    assert pruned == {*FACTS_OF_MEASURING, "spans.recorded", "state.snapshotted", "workflow.checkpointed"}


def test_every_kind_with_free_values_is_redacted():
    assert kinds_with(inspect.AnyType) <= codec.FREE_TEXT


def test_every_kind_with_floats_is_checked_for_what_is_no_number():
    of_the_tracer = "spans.recorded"  # which refuses such a value when it is set: spans are on the hot path
    assert kinds_with(inspect.FloatType) == codec.WITH_FLOATS | {of_the_tracer}


def test_a_newer_reader_takes_an_older_event_whose_new_fields_have_defaults():
    older = msgspec.json.decode(
        codec.encode_payload(
            EVENTS["command.issued"](
                command_id="1",
                name="PauseTrading",
                arguments={},
                actor="a",
                reason="r",
                expected_generation=None,
                expires_at=1,
            )
        )
    )
    del older["idempotency_key"]
    read = codec.decode_payload("command.issued", 1, msgspec.json.encode({**older, "of_another_release": 1}))
    assert read.idempotency_key is None
