"""What a client has missed, read from the tape in a thread of its own, so that no other client waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events import EVENTS, Retention
from trading_bot.contract.events.lifecycle import TapePruned
from trading_bot.contract.stream import Rewind
from trading_bot.journal import TapePosition, TapeReader

T = TypeVar("T")
PAGE: Final = 400
"""Events read at a time: fewer than may wait for a client."""


class Passage(msgspec.Struct, frozen=True):
    """Events in order, and the sequence number up to which the tape has been read for them."""

    envelopes: list[Envelope]
    reached: int


class History:
    """Reads one tape for all clients that resume, one after the other.

    Args:
        path: the tape; need not exist.
        resumable: most events that are read for one client.
    """

    def __init__(self, path: Path, resumable: int) -> None:
        self._path = path
        self._resumable = resumable
        self._reader: TapeReader | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream-history")

    async def judge(self, after: TapePosition, kinds: Collection[str]) -> Rewind | None:
        """Return why the events of these kinds behind a position cannot be given, None when they can."""
        try:
            return await self._call(lambda reader: self._judged(reader, after, kinds))
        except TickertapeError:
            return Rewind.TAPE_UNREADABLE

    async def page(self, after: int, until: int, kinds: Collection[str]) -> Passage:
        """Return the next events above ``after``, none above ``until``.

        Raises:
            TickertapeError: the tape cannot be read.
        """
        return await self._call(lambda reader: _passage(reader, after, until, kinds))

    def close(self) -> None:
        """Close the tape and end the thread."""
        self._thread.submit(self._drop)
        self._thread.shutdown(wait=True)

    async def _call(self, function: Callable[[TapeReader], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._with_reader, function)

    # What follows runs on the thread.

    def _with_reader(self, function: Callable[[TapeReader], T]) -> T:
        try:
            if self._reader is None or self._reader.replaced():
                self._drop()
                self._reader = TapeReader.open(self._path)
            return function(self._reader)
        except TickertapeError:
            self._drop()
            raise

    def _judged(self, reader: TapeReader, after: TapePosition, kinds: Collection[str]) -> Rewind | None:
        last = reader.last_seq()
        if after.tape_id != reader.tape_id:
            return Rewind.OTHER_TAPE
        if after.seq > last:
            return Rewind.PAST_THE_END
        if not reader.holds(after):
            return Rewind.OTHER_RUN
        if last - after.seq > self._resumable:
            return Rewind.TOO_FAR_BEHIND
        return Rewind.PRUNED if _prunable(kinds) and after.seq + 1 < _pruned_before(reader) else None

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _passage(reader: TapeReader, after: int, until: int, kinds: Collection[str]) -> Passage:
    found = reader.read(after, PAGE, kinds)
    complete = len(found) < PAGE
    envelopes = [envelope for envelope in found if envelope.seq <= until]
    return Passage(envelopes, until if complete or len(envelopes) < len(found) else envelopes[-1].seq)


def _prunable(kinds: Collection[str]) -> bool:
    return any(EVENTS[kind].RETENTION is not Retention.FACT for kind in kinds)


def _pruned_before(reader: TapeReader) -> int:
    last = reader.last_of(TapePruned.KIND)
    return last.payload.before if last is not None and isinstance(last.payload, TapePruned) else 0
