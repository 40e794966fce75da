"""Envelopes and their bytes.

On a tape an envelope is a row: the columns are the envelope's fields, the payload is JSON. So a tape
can be read with any SQLite shell, and a reader that wants one kind decodes only that kind.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import msgspec

from trading_bot.contract.errors.definition import NonRetriableError
from trading_bot.contract.events import EVENTS, Event

REDACTED: Final = "[redacted]"

SECRET_NAME: Final = re.compile(
    r"(?i)(secret|password|passphrase|token|api[-_]?key|authorization|signature|cookie)"
)
"""Names whose values never leave the process."""

_SECRET_IN_TEXT: Final = re.compile(
    r"(?i)\b(secret|password|passphrase|token|api[-_]?key|authorization|signature|x-mbx-apikey)\b"
    r"(\s*[=:]\s*|\"\s*:\s*\")(bearer\s+)?([^\s&\"',;]+)"
)
_FREE_TEXT: Final = frozenset(
    {"error.recorded", "command.issued", "settings.applied", "settings.rolled_back"}
)
"""The kinds that carry text or values from outside, where a secret could hide."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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


def encode_payload(event: Event) -> bytes:
    """Return the payload's JSON, secrets redacted. Decimals are strings.

    Raises:
        NonRetriableError: JRNL_020, a number in the event is NaN or infinite.
    """
    if event.KIND in _FREE_TEXT:
        event = msgspec.convert(redact(msgspec.to_builtins(event)), type(event))
    return _encoder.encode(event)


def decode_payload(kind: str, version: int, data: bytes) -> Event:
    """Return the event of ``kind``; an older ``version`` is raised to today's.

    Raises:
        NonRetriableError: JRNL_021 for a kind or version that this release does not know, or bytes
            that are not such an event.
    """
    try:
        if version == EVENTS[kind].VERSION:
            event: Event = _decoder(kind).decode(data)
            return event
        return _raised(kind, version, data)
    except (KeyError, msgspec.DecodeError) as error:
        message = f"cannot read event {kind} version {version}: {error}"
        raise NonRetriableError("JRNL_021", message, kind=kind, version=version) from error


UPCASTERS: Final[dict[tuple[str, int], Any]] = {}
"""(kind, version) -> function from that version's dict to the next version's dict."""


def _raised(kind: str, version: int, data: bytes) -> Event:
    fields = msgspec.json.decode(data)
    for step in range(version, EVENTS[kind].VERSION):
        fields = UPCASTERS[kind, step](fields)
    if version > EVENTS[kind].VERSION:
        raise KeyError(f"newer than {EVENTS[kind].VERSION}, the newest known here")
    return msgspec.convert(fields, EVENTS[kind])


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(EVENTS[kind])


def redact(value: Any, name: str = "") -> Any:
    """Return ``value`` with secrets replaced: by the name they stand under, or by how they look in text."""
    if name and SECRET_NAME.search(name) and value is not None and not isinstance(value, (dict, list)):
        return REDACTED
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item, name) for item in value]
    if isinstance(value, str):
        return _SECRET_IN_TEXT.sub(lambda match: f"{match[1]}{match[2]}{REDACTED}", value)
    return value
