from __future__ import annotations

import os
import string
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import any_event, full_example

from trading_bot.contract.codec import REDACTED, decode_payload, encode_payload, redact, seal
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.contract.events.observation import RuntimeSampled

SECRET = st.text(string.ascii_letters + string.digits, min_size=16, max_size=64).map(lambda text: f"S3{text}")
NAMES = st.sampled_from(
    ("apiKey", "api_key", "API-KEY", "X-MBX-APIKEY", "listenKey", "private_key", "secret", "client_secret")
) | st.sampled_from(
    (
        "password",
        "db_password_2",
        "passphrase",
        "token",
        "access_token",
        "signature",
        "Authorization",
        "Cookie",
    )
)
SPELLINGS = st.sampled_from(
    (
        "{name}={secret}",
        "{name}: {secret}",
        "{name}: Bearer {secret}",
        "{name}='{secret}'",
        '{{"{name}": "{secret}"}}',
        "{{'{name}': '{secret}'}}",
        '{{\\"{name}\\":\\"{secret}\\"}}',
        "https://x/y?a=1&{name}={secret}&b=2",
        "https://user:{secret}@host/path",
        "sent Bearer {secret} to it",
    )
)


@pytest.mark.parametrize("kind", EVENTS)
@settings(max_examples=settings().max_examples if os.environ.get("TICKERTAPE_LONG") else 4)  # of each kind
@given(data=st.data())
def test_an_event_that_is_written_is_read_as_it_was_sealed(kind, data):
    event, payload = seal(data.draw(any_event(kind)))
    read = decode_payload(kind, event.VERSION, payload)
    assert read == event
    assert encode_payload(read) == payload


@given(st.sampled_from(tuple(EVENTS)).flatmap(any_event))
def test_sealing_twice_changes_nothing_more(event):
    once = seal(event)
    assert seal(once[0]) == once


@given(st.text(max_size=30), NAMES, SPELLINGS, SECRET, st.text(max_size=30))
def test_no_secret_survives_in_a_text(before, name, spelling, secret, after):
    text = f"{before} {spelling.format(name=name, secret=secret)} {after}"
    assert secret not in redact(text)
    assert REDACTED in redact(text)


@given(NAMES, SECRET, st.sampled_from((list, tuple)))
def test_no_secret_survives_under_its_name_at_any_depth(name, secret, container):
    assert secret not in str(redact({"a": container([{name: secret}, {"b": {name: container([secret])}}])}))


@given(
    st.dictionaries(st.sampled_from(("symbol", "quantity", "path", "owner", "hash")), st.text(max_size=20))
)
def test_what_is_no_secret_stays_as_it_is(values):
    harmless = {name: text for name, text in values.items() if "://" not in text}
    assert redact(harmless) == harmless


@given(st.sampled_from(tuple(EVENTS)), st.binary(max_size=60))
def test_bytes_that_are_no_event_are_one_named_error(kind, data):
    with pytest.raises(NonRetriableError) as caught:
        decode_payload(kind, EVENTS[kind].VERSION, data)
    assert caught.value.code == "JRNL_021"


@given(st.sampled_from(tuple(EVENTS)), st.integers(2, 9) | st.integers(-9, 0))
def test_a_version_that_nobody_knows_is_one_named_error(kind, version):
    with pytest.raises(NonRetriableError) as caught:
        decode_payload(kind, version, encode_payload(full_example(EVENTS[kind])))
    assert caught.value.code == "JRNL_021"


@given(st.sampled_from(("NaN", "sNaN", "Infinity", "-Infinity", "NaN123")), st.data())
def test_a_decimal_that_is_no_number_is_never_written(text, data):
    kinds = [kind for kind in EVENTS if "Decimal" in str(EVENTS[kind].__annotations__)]
    event = full_example(EVENTS[data.draw(st.sampled_from(kinds))])
    names = [name for name in event.__struct_fields__ if isinstance(getattr(event, name), Decimal)]
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    broken = type(event)(**{**fields, data.draw(st.sampled_from(names)): Decimal(text)})
    with pytest.raises(NonRetriableError) as caught:
        encode_payload(broken)
    assert caught.value.code == "JRNL_020"


@given(st.sampled_from((float("nan"), float("inf"), float("-inf"))))
def test_a_float_that_is_no_number_is_never_written(number):
    event = full_example(RuntimeSampled)
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    with pytest.raises(NonRetriableError) as caught:
        encode_payload(RuntimeSampled(**{**fields, "cpu_seconds": number}))
    assert caught.value.code == "JRNL_020"


@pytest.mark.parametrize("word", ["NaN", "Infinity"])
def test_a_snapshot_whose_texts_speak_of_no_number_is_sealed(word):
    error = f"EUR/USD bid is '{word}'".encode()
    event = StateSnapshotted(fold_version=1, state=msgspec.Raw(b'{"message":"' + error + b'"}'))
    assert word.encode() in encode_payload(event)
