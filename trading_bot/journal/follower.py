"""Follows a tape: yields its events page by page as they are committed."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Self

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.errors import TickertapeError
from trading_bot.journal.reader import TapeReader
from trading_bot.journal.schema import TapePosition
from trading_bot.journal.watch import CommitWatch

PAGE_LIMIT: Final = 1_000
NET_SECONDS: Final = 0.25
"""A writer that was killed between a commit and its announcement: so long it may take to be seen."""
NET_ALONE_SECONDS: Final = 0.02
"""The same where the kernel tells of nothing."""
REOPEN_SECONDS: Final = 0.25


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Events in order, and the position after them.

    ``restarted``: what was folded so far is void. The events begin with the last snapshot, if there is
    one and the follower starts from snapshots, else at the beginning of the tape.
    """

    envelopes: list[Envelope]
    position: TapePosition
    restarted: bool = False


class Follower:
    """Follows one tape through restarts of its writer, power losses, and replaced or missing files.

    It never raises for the state of the tape: while it cannot be read, ``fault`` says why and the
    follower goes on trying. For one thread, but :meth:`stop` may be called from any.

    Args:
        path: the tape; need not exist yet.
        position: where to go on; None starts anew.
        kinds: only these kinds; None for all.
        from_snapshot: whether starting anew begins at the last snapshot instead of the beginning.
        page_limit: most events in a page.

    Attributes:
        fault: why the tape cannot be read at present, or None.
        position: after the last event that was given out, or None before the first page.
        rewinds: how often the tape went back behind the position.
        opened_at: the last sequence number when the tape was first opened, None before.
    """

    def __init__(
        self,
        path: Path | str,
        position: TapePosition | None = None,
        *,
        kinds: Collection[str] | None = None,
        from_snapshot: bool = True,
        page_limit: int = PAGE_LIMIT,
    ) -> None:
        self.path = Path(path)
        self.position = position
        self.fault: TickertapeError | None = None
        self.rewinds = 0
        self.opened_at: int | None = None
        self._kinds = None if kinds is None else tuple(kinds)
        self._from_snapshot = from_snapshot
        self._page_limit = page_limit
        self._reader: TapeReader | None = None
        self._watch = CommitWatch(self.path)
        self._start_anew = False
        self._last = 0

    @property
    def caught_up(self) -> bool:
        """Whether it has reached the position that was last when it opened the tape."""
        reached = self.position.seq if self.position is not None else 0
        return self.opened_at is not None and reached >= self.opened_at

    @property
    def behind(self) -> int:
        """Events that were on the tape at the last look and not yet given out."""
        return max(0, self._last - (self.position.seq if self.position is not None else 0))

    def next_page(self, timeout: float) -> Page | None:
        """Return the next events, waiting up to ``timeout`` seconds; None when there were none or it was stopped."""
        end = time.monotonic() + timeout
        while not self._watch.stopped:
            page = self._look()
            if page is not None:
                return page
            remaining = end - time.monotonic()
            if remaining <= 0:
                return None
            self._wait(remaining)
        return None

    def pages(self) -> Iterator[Page]:
        """Yield pages until the follower is stopped."""
        while not self._watch.stopped:
            page = self.next_page(timeout=1.0)
            if page is not None:
                yield page

    def stop(self) -> None:
        """End :meth:`pages` and a waiting :meth:`next_page`."""
        self._watch.stop()

    def close(self) -> None:
        """Close the files; the thread that follows has ended or is the caller."""
        self._watch.close()
        self._drop_reader()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self) -> Page | None:
        try:
            reader = self._open()
            page = self._read(reader)
        except TickertapeError as error:
            self.fault = error
            self._drop_reader()
            return None
        self.fault = None
        return page

    def _open(self) -> TapeReader:
        if self._reader is not None and not self._reader.replaced():
            return self._reader
        self._drop_reader()
        reader = self._reader = TapeReader.open(self.path)
        if self.opened_at is None:
            self.opened_at = reader.last_seq()
        if self.position is None:
            self._start_anew = True
        else:
            self._rewind_unless_held(reader)
        return reader

    def _read(self, reader: TapeReader) -> Page | None:
        self._last = reader.last_seq()
        if self.position is not None and self._last < self.position.seq:
            self._rewind_unless_held(reader)
        after = (
            self._starting_point(reader) if self._start_anew or self.position is None else self.position.seq
        )
        return self._page(reader, after) if after < self._last or self._start_anew else None

    def _page(self, reader: TapeReader, after: int) -> Page:
        envelopes = [e for e in reader.read(after, self._page_limit, self._kinds) if e.seq <= self._last]
        complete = len(envelopes) < self._page_limit
        seq = self._last if complete else envelopes[-1].seq
        if envelopes and self._other_run_before(reader, envelopes[0]):
            return self._page(reader, self._starting_point(reader))
        position = _position(reader, seq, envelopes)
        page = Page(envelopes=envelopes, position=position, restarted=self._start_anew)
        self.position = page.position
        self._start_anew = False
        return page

    def _other_run_before(self, reader: TapeReader, first: Envelope) -> bool:
        """Tell whether the tape went back and grew past the position again while nobody looked."""
        if self._start_anew or self.position is None or first.run_id == self.position.run_id:
            return False
        self._rewind_unless_held(reader)
        return self._start_anew

    def _rewind_unless_held(self, reader: TapeReader) -> None:
        if self.position is not None and not self._start_anew and not reader.holds(self.position):
            self.rewinds += 1
            self._start_anew = True

    def _starting_point(self, reader: TapeReader) -> int:
        snapshot = reader.last_snapshot() if self._from_snapshot else None
        return snapshot.seq - 1 if snapshot is not None else 0

    def _wait(self, remaining: float) -> None:
        if self._reader is None:
            self._watch.wait(min(remaining, REOPEN_SECONDS))
            return
        self._watch.wait(min(remaining, NET_SECONDS if self._watch.active else NET_ALONE_SECONDS))

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _position(reader: TapeReader, seq: int, envelopes: list[Envelope]) -> TapePosition:
    """Return the position after ``seq``; mostly that is the last of the events read, which knows its run."""
    if envelopes and envelopes[-1].seq == seq:
        return TapePosition(reader.tape_id, envelopes[-1].run_id, seq)
    return reader.position(seq)
