"""Looks whether keys or people have changed: once a second, away from the requests, and when somebody signs in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from exporter.ops.access.keys import KeyRing
from exporter.ops.access.sessions import Sessions
from trading_bot.contract.errors import TickertapeError

LOOK_SECONDS: Final = 1.0
Report = Callable[[TickertapeError], object]


class AccessWatch:
    """The thread that looks. A file that cannot be used is reported once; what was known stays known."""

    def __init__(self, keys: KeyRing, sessions: Sessions, report: Report) -> None:
        self._keys = keys
        self._sessions = sessions
        self._report = report
        self._reported = ""
        self._guard = threading.Lock()
        self._ending = threading.Event()

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._run, name="access-watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()

    def look(self) -> None:
        """Take changes over, and end the sessions of people who are gone. From any thread."""
        with self._guard:
            try:
                if self._keys.refresh():
                    self._sessions.keep_only(self._keys.people)
                self._reported = ""
            except (TickertapeError, KeyError) as error:
                if str(error) != self._reported and isinstance(error, TickertapeError):
                    self._report(error)
                self._reported = str(error)

    def _run(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            self.look()
