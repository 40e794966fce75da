"""From a tape to the state it says, without knowing what the state is: the fold comes as arguments."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from trading_bot.contract.codec import Envelope
from trading_bot.journal.follower import Page
from trading_bot.journal.reader import TapeReader
from trading_bot.journal.schema import SNAPSHOT_KIND, TapePosition

PAGE_LIMIT: Final = 2_000

State = TypeVar("State")


def replay(
    reader: TapeReader,
    evolve: Callable[[State, Envelope], State],
    empty: Callable[[], State],
    restore: Callable[[Envelope], State],
) -> tuple[State, TapePosition]:
    """Return the state at the end of a tape, and where that is. Starts from the last snapshot.

    Args:
        reader: the tape.
        evolve: folds one event into a state.
        empty: makes the state before any event.
        restore: makes the state at a ``state.snapshotted`` event, that event included.

    Raises:
        TickertapeError: the tape cannot be read, or the snapshot is of a newer release.
    """
    snapshot = reader.last_snapshot()
    state, seq = (empty(), 0) if snapshot is None else (restore(snapshot), snapshot.seq)
    with _without_collections():
        while envelopes := reader.read(seq, PAGE_LIMIT):
            for envelope in envelopes:
                state = evolve(state, envelope)
            seq = envelopes[-1].seq
    return state, reader.position(seq)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector from looking at millions of rows: they form no cycles, and it takes a fifth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def fold_page(
    state: State,
    page: Page,
    evolve: Callable[[State, Envelope], State],
    empty: Callable[[], State],
    restore: Callable[[Envelope], State],
) -> State:
    """Return the state after a follower's page; one that was restarted replaces the state given."""
    envelopes = page.envelopes
    if page.restarted:
        from_snapshot = bool(envelopes) and envelopes[0].kind == SNAPSHOT_KIND
        state = restore(envelopes[0]) if from_snapshot else empty()
        envelopes = envelopes[1:] if from_snapshot else envelopes
    for envelope in envelopes:
        state = evolve(state, envelope)
    return state
