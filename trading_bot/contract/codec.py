"""Envelopes and their bytes.

On a tape an envelope is a row: the columns are the envelope's fields, the payload is JSON. So a tape
can be read with any SQLite shell, and a reader that wants one kind decodes only that kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, Final

import msgspec

from trading_bot.contract.errors.definition import NonRetriableError
from trading_bot.contract.events import EVENTS, Event

REDACTED: Final = "[redacted]"

_SPELLINGS: Final = (
    r"secret|passw|passphrase|token|api[-_]?key|private[-_]?key|listen[-_]?key|authorization|signature"
    r"|cookie|credential"
)
SECRET_NAME: Final = re.compile(rf"(?i)({_SPELLINGS})")
"""Names whose values never leave the process."""

_SECRET_IN_TEXT: Final = (
    # name=value, name: value, "name": "value", also with the quotes escaped
    re.compile(
        rf"(?i)((?:{_SPELLINGS})[\w-]{{0,40}}[\\\"']*\s*[=:]\s*[\\\"'\[(]*(?:(?:bearer|basic)\s+)?)"
        r"([^\s&\"',;\\)]+)"
    ),
    re.compile(r"(?i)(\bbearer\s+)([^\s&\"',;\\)]{8,})"),
    # https://user:password@host
    re.compile(r"(?i)(://[^\s/:@]{0,100}:)([^\s/@]{1,200})(?=@)"),
)
_HINTS: Final = (
    "secret",
    "passw",
    "passphrase",
    "token",
    "key",
    "auth",
    "sign",
    "cookie",
    "cred",
    "bearer",
    "://",
)
"""One of these is in every text that one of the patterns can find something in, in small letters."""

FREE_TEXT: Final = frozenset(
    kind
    for kind, event in EVENTS.items()
    if not {"message", "reason", "error", "settings", "arguments"}.isdisjoint(event.__struct_fields__)
)
"""The kinds that carry text or values from outside, where a secret could hide."""

WITH_FLOATS: Final = frozenset({"runtime.sampled"})
"""The kinds that carry floats; as JSON a float that is no number is null, and could not be read again.

Spans may carry them too, but are on the hot path: the tracer refuses such a value as it is set.
"""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One event and where it stands on its tape.

    ``seq`` counts from 1 without gaps as appended (pruning leaves gaps); ``ts`` is nanoseconds since
    the epoch, UTC; ``trace_id`` and ``span_id`` are W3C hex ids.
    """

    seq: int
    ts: int
    run_id: str
    bot: str
    kind: str
    version: int
    trace_id: str | None
    span_id: str | None
    payload: Event


_encoder: Final = msgspec.json.Encoder()
LETTER_N, LETTER_I = b"NI"


def seal(event: Event) -> tuple[Event, bytes]:
    """Return the event as it may leave the process, and its JSON: one without secrets. Decimals are strings.

    Live state is folded from the sealed event, so that it equals what a reader folds from the bytes.

    Raises:
        NonRetriableError: JRNL_020, a number in the event is NaN or infinite.
    """
    if event.KIND in FREE_TEXT:
        event = msgspec.convert(redact(msgspec.to_builtins(event)), type(event))
    data = _encoder.encode(event)
    # A byte is looked for ten times as fast as a word, and the words took as long as the encoding.
    if (
        (LETTER_N in data and b"NaN" in data)
        or (LETTER_I in data and b"Infinity" in data)
        or event.KIND in WITH_FLOATS
    ):
        _refuse_no_numbers(event)
    return event, data


def encode_payload(event: Event) -> bytes:
    """Return the JSON of the sealed event.

    Raises:
        NonRetriableError: JRNL_020, a number in the event is NaN or infinite.
    """
    return seal(event)[1]


def _refuse_no_numbers(event: Event) -> None:
    # What is already encoded (the state in a snapshot) was folded from sealed events, and is passed over:
    # its texts may well speak of NaN.
    values = msgspec.to_builtins(event, builtin_types=(Decimal,), enc_hook=lambda _: None)
    for name, value in _leaves(values, event.KIND):
        if isinstance(value, float) and not math.isfinite(value):
            raise NonRetriableError("JRNL_020", f"{name} is {value}", kind=event.KIND)
        if isinstance(value, Decimal) and not value.is_finite():
            raise NonRetriableError("JRNL_020", f"{name} is {value}", kind=event.KIND)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every value that is no container, with the path to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, name)
    else:
        yield name, value


def decode_payload(kind: str, version: int, data: bytes) -> Event:
    """Return the event of ``kind``; an older ``version`` is raised to today's.

    Raises:
        NonRetriableError: JRNL_021 for a kind or version that this release does not know, or bytes
            that are not such an event.
    """
    try:
        event: Event = DECODERS[kind, version](data)
    except (KeyError, msgspec.DecodeError) as error:
        message = f"cannot read event {kind} version {version}: {error}"
        raise NonRetriableError("JRNL_021", message, kind=kind, version=version) from error
    return event


class _Decoders(dict[tuple[str, int], Callable[[bytes], Any]]):
    """Made when first wanted: a reader of a tape meets few kinds, and at its start is in a hurry."""

    def __missing__(self, key: tuple[str, int]) -> Callable[[bytes], Any]:
        kind, version = key
        today = EVENTS[kind]
        decode = (
            msgspec.json.Decoder(today).decode
            if version == today.VERSION
            else partial(_raised, kind, version)
        )
        self[key] = decode
        return decode


DECODERS: Final = _Decoders()
"""(kind, version) -> function from the payload's JSON to the event of today."""

UPCASTERS: Final[dict[tuple[str, int], Any]] = {}
"""(kind, version) -> function from that version's dict to the next version's dict."""


def _raised(kind: str, version: int, data: bytes) -> Event:
    fields = msgspec.json.decode(data)
    for step in range(version, EVENTS[kind].VERSION):
        fields = UPCASTERS[kind, step](fields)
    if version > EVENTS[kind].VERSION:
        raise KeyError(f"newer than {EVENTS[kind].VERSION}, the newest known here")
    return msgspec.convert(fields, EVENTS[kind])


def redact(value: Any, name: str = "") -> Any:
    """Return ``value`` with secrets replaced: by the name they stand under, or by how they look in text.

    A mapping is searched whatever its name is: names of strategies and symbols are keys too. A float
    that is no number becomes its text: JSON has none, and an error about it must be recordable.
    """
    if isinstance(value, str):
        return REDACTED if name and _is_secret(name) else _redacted_text(value)
    if isinstance(value, dict):
        return {str(key): redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, name) for item in value]
    if name and value is not None and _is_secret(name):
        return REDACTED
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@lru_cache(maxsize=1_000)
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _redacted_text(text: str) -> str:
    lowered = text.lower()
    if ":" not in text and "=" not in text and "bearer" not in lowered:
        return text
    if any(hint in lowered for hint in _HINTS):  # the patterns alone cost ten times as much
        for pattern in _SECRET_IN_TEXT:
            text = pattern.sub(_hide, text)
    return text


def _hide(match: re.Match[str]) -> str:
    return f"{match[1]}{REDACTED}"
