"""Wakes a reader when the writer has committed: inotify on the times of the ``-wal``."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from pathlib import Path
from typing import Final

from inotify_simple import INotify, flags

PRESENCE: Final = flags.CREATE | flags.DELETE | flags.MOVED_TO | flags.MOVED_FROM


class CommitWatch:
    """Watches a tape's ``-wal`` for the writer's word, and its folder for files that come and go.

    The writer touches the ``-wal`` after each commit (``TapeFile.announce``). Its bytes change earlier, when
    there is nothing to see yet.

    Where inotify cannot be had (its limit is reached, the folder does not exist yet), ``active`` is
    False and only time wakes the reader.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._wal = path.with_name(path.name + "-wal")
        self._names = {path.name, self._wal.name}
        self._stop = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._stop, select.POLLIN)
        self._inotify: INotify | None = None
        self._wal_watch: int | None = None
        self._closing = threading.RLock()  # a signal's handler may stop what its own thread closes
        self.stopped = False

    @property
    def active(self) -> bool:
        """Whether the kernel tells about commits."""
        return self._inotify is not None

    def wait(self, seconds: float) -> bool:
        """Wait for a commit or a change of files; False when the time has passed without one."""
        if self._arm():
            return True  # what was committed before the watch stood would not wake anybody
        self._poll.poll(max(0.0, seconds * 1_000))
        return self._drain()

    def stop(self) -> None:
        """End a wait and all later ones at once; may be called from any thread."""
        self.stopped = True
        # Who waits may see that at once, and close meanwhile.
        with self._closing, contextlib.suppress(OSError):
            if self._stop >= 0:
                os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """Release what the kernel holds; no wait may be under way."""
        self.stopped = True
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
        with self._closing:
            if self._stop >= 0:
                os.close(self._stop)
                self._stop = -1

    def _arm(self) -> bool:
        """Watch what is there by now; a recreated ``-wal`` is another file and needs a new watch."""
        if self._inotify is None:
            self._inotify = self._watch_folder()
        if self._inotify is not None and self._wal_watch is None:
            with contextlib.suppress(OSError):
                self._wal_watch = self._inotify.add_watch(self._wal, flags.ATTRIB)
                return True
        return False

    def _watch_folder(self) -> INotify | None:
        try:
            inotify = INotify(nonblocking=True)
        except OSError:
            return None
        try:
            inotify.add_watch(self._folder, PRESENCE | flags.ONLYDIR)
        except OSError:
            inotify.close()
            return None
        self._poll.register(inotify.fileno(), select.POLLIN)
        return inotify

    def _drain(self) -> bool:
        if self._inotify is None:
            return False
        changed = False
        for event in self._inotify.read(timeout=0):
            if event.wd == self._wal_watch:
                changed = True
                if event.mask & flags.IGNORED:
                    self._wal_watch = None
            elif event.name in self._names:
                changed = True
                self._forget_wal()
        return changed

    def _forget_wal(self) -> None:
        watch, self._wal_watch = self._wal_watch, None
        if watch is not None and self._inotify is not None:
            with contextlib.suppress(OSError):
                self._inotify.rm_watch(watch)
