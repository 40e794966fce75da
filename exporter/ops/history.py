"""The tapes as they are read for a request: by index, a bounded number of rows, one short read at a time."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from exporter.follow import MISSING
from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import RetriableError, TickertapeError
from trading_bot.contract.events import EVENTS
from trading_bot.journal import TapeReader

T = TypeVar("T")

JOURNAL, CONTROL = "journal", "control"
TAPES: Final = (JOURNAL, CONTROL)
MOST_ROWS: Final = 50_000
"""No page looks at more rows than this. Kinds and times are found by index, so it looks at far fewer."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Sequence numbers: those after ``after`` and before ``before``; None: no bound."""

    after: int = 0
    before: int | None = None


class History:
    """Reads both tapes. For the request thread: each tape stays open, and a lock keeps others out.

    Args:
        paths: by the tape's name.
    """

    def __init__(self, paths: dict[str, Path]) -> None:
        self._paths = paths
        self._readers: dict[str, TapeReader] = {}
        self._guard = threading.Lock()

    def read(self, tape: str, function: Callable[[TapeReader], T]) -> T | None:
        """Return what the function reads from a tape; None while there is no such tape.

        Raises:
            RetriableError: API_010 when the tape cannot be read.
        """
        with self._guard:
            try:
                return function(self._reader(tape))
            except TickertapeError as error:
                self._drop(tape)
                if error.code == MISSING:
                    return None
                message = f"the {tape} cannot be read: {error.code} {error.definition.title}"
                raise RetriableError("API_010", message, tape=tape) from error

    def close(self) -> None:
        """Close the tapes."""
        with self._guard:
            for tape in list(self._readers):
                self._drop(tape)

    def _reader(self, tape: str) -> TapeReader:
        reader = self._readers.get(tape)
        if reader is not None and reader.replaced():
            self._drop(tape)
            reader = None
        if reader is None:
            reader = self._readers[tape] = TapeReader.open(self._paths[tape])
        return reader

    def _drop(self, tape: str) -> None:
        reader = self._readers.pop(tape, None)
        if reader is not None:
            reader.close()


def first_events(reader: TapeReader, span: Span, limit: int, kinds: Collection[str] | None) -> list[Envelope]:
    """Return the first events of a span, in order: one look into the index for each kind."""
    before = span.before or reader.last_seq() + 1
    if kinds is None:
        found: Iterator[Envelope] = iter(reader.read(span.after, limit))
    else:
        found = heapq.merge(*(reader.read(span.after, limit, (kind,)) for kind in kinds), key=_seq)
    return [envelope for _, envelope in zip(range(limit), found, strict=False) if envelope.seq < before]


def last_events(reader: TapeReader, span: Span, limit: int, kinds: Collection[str] | None) -> list[Envelope]:
    """Return the last events of a span, in order."""
    before = span.before or reader.last_seq() + 1
    chosen = (None,) if kinds is None else tuple((kind,) for kind in kinds)
    found = [one for each in chosen for one in reader.read_back(before, limit, each) if one.seq > span.after]
    return sorted(found, key=_seq)[-limit:]


def counts(reader: TapeReader, span: Span, kinds: Collection[str]) -> dict[str, int]:
    """Return how many events of each kind a span holds, without those that it holds none of."""
    before = span.before or reader.last_seq() + 1
    counted = {kind: reader.count(kind, span.after, before, MOST_ROWS) for kind in kinds}
    return {kind: count for kind, count in counted.items() if count}


def kinds_matching(pattern: str) -> tuple[str, ...]:
    """Return the kinds that a name or a name with a star at its end stands for; none where there is none."""
    if pattern.endswith("*"):
        return tuple(kind for kind in EVENTS if kind.startswith(pattern[:-1]))
    return (pattern,) if pattern in EVENTS else ()


def _seq(envelope: Envelope) -> int:
    return envelope.seq
