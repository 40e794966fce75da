"""The state written down whole, and read again, also from older releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors.definition import NonRetriableError
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.domain.fold import evolve
from trading_bot.domain.state import State

FOLD_VERSION: Final = 1
"""Raised when a field of :class:`State` changes its meaning; new fields start at their defaults without it."""

MIGRATIONS: Final[dict[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""Version -> pure function from that version's plain state to the next one's."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(State)


def encode_state(state: State) -> bytes:
    """Return the state as JSON. Two equal states of one history have equal bytes."""
    return _encoder.encode(state)


def snapshot(state: State) -> StateSnapshotted:
    """Return the event that writes ``state`` down."""
    return StateSnapshotted(fold_version=FOLD_VERSION, state=msgspec.Raw(encode_state(state)))


def restore(envelope: Envelope) -> State:
    """Return the state at a ``state.snapshotted`` envelope: what was folded before it, and the event itself.

    Raises:
        NonRetriableError: JRNL_021, the snapshot is of a newer release, or cannot be read.
    """
    event = envelope.payload
    if not isinstance(event, StateSnapshotted):
        raise TypeError(f"{envelope.kind} is not a snapshot")
    try:
        state = _decode(event)
    except (KeyError, msgspec.DecodeError) as error:
        message = f"cannot read the snapshot at {envelope.seq} (fold version {event.fold_version}): {error}"
        raise NonRetriableError("JRNL_021", message, seq=envelope.seq) from error
    return evolve(state, envelope)


def _decode(event: StateSnapshotted) -> State:
    if event.fold_version == FOLD_VERSION:
        return _decoder.decode(event.state)
    fields = msgspec.json.decode(event.state)
    for version in range(event.fold_version, FOLD_VERSION):
        fields = MIGRATIONS[version](fields)
    if event.fold_version > FOLD_VERSION:
        raise KeyError(f"newer than {FOLD_VERSION}, the newest known here")
    return msgspec.convert(fields, State)
