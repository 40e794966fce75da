"""Sign-ins that last: which refresh token of each is good now. Kept in a file, so that a restart ends none."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.boot.private_files import load, store
from trading_bot.contract.errors import NonRetriableError
from trading_bot.domain.clock import SECOND, Clock

ID_BYTES: Final = 16
DAY_NS: Final = 86_400 * SECOND
IDLE_NS: Final = 7 * DAY_NS
"""A session that is not refreshed for so long is over."""
WHOLE_NS: Final = 30 * DAY_NS
"""A session is over then, however often it was refreshed."""
MOST_SESSIONS: Final = 200
"""Of all people; the one that ends first makes room for one more."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in: the id of the refresh token that is good now; times in nanoseconds since the epoch."""

    id: str
    person: str
    refresh_id: str
    begun_at: int
    ends_at: int


class Sessions:
    """All sessions. A change is in the file before it is answered: some microseconds for a small file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._guard = threading.Lock()
        self._sessions = {each.id: each for each in load(path, Session)}

    def begin(self, person: str) -> Session:
        """Begin a session."""
        now = self._clock.now_ns()
        begun = Session(
            id=secrets.token_hex(ID_BYTES),
            person=person,
            refresh_id=secrets.token_hex(ID_BYTES),
            begun_at=now,
            ends_at=now + IDLE_NS,
        )
        with self._guard:
            self._forget_ended(now)
            if len(self._sessions) >= MOST_SESSIONS:
                del self._sessions[min(self._sessions.values(), key=lambda each: each.ends_at).id]
            self._sessions[begun.id] = begun
            self._store()
        return begun

    def rotate(self, session_id: str, refresh_id: str) -> Session:
        """Exchange a refresh token for the next one.

        A token that was used before is a copy in somebody's hands: which of the two came first cannot be
        told, so the session ends for both.

        Raises:
            NonRetriableError: AUTH_003, the session is over, or is now because of this.
        """
        now = self._clock.now_ns()
        with self._guard:
            found = self._sessions.get(session_id)
            if found is None or found.ends_at <= now:
                raise NonRetriableError("AUTH_003", "the session is over or was revoked")
            if not secrets.compare_digest(found.refresh_id, refresh_id):
                del self._sessions[session_id]
                self._store()
                message = f"a refresh token of {found.person} was used twice; the session is revoked"
                raise NonRetriableError("AUTH_003", message, person=found.person)
            ends_at = min(now + IDLE_NS, found.begun_at + WHOLE_NS)
            rotated = msgspec.structs.replace(found, refresh_id=secrets.token_hex(ID_BYTES), ends_at=ends_at)
            self._sessions[session_id] = rotated
            self._store()
        return rotated

    def end(self, session_id: str) -> bool:
        """End a session, and say whether there was one."""
        with self._guard:
            if self._sessions.pop(session_id, None) is None:
                return False
            self._store()
        return True

    def keep_only(self, people: frozenset[str]) -> None:
        """End the sessions of everybody else."""
        with self._guard:
            gone = [each.id for each in self._sessions.values() if each.person not in people]
            for session_id in gone:
                del self._sessions[session_id]
            if gone:
                self._store()

    def person_of(self, session_id: str) -> str | None:
        """Return whose session it is, None when it is over."""
        found = self._sessions.get(session_id)
        return found.person if found is not None and found.ends_at > self._clock.now_ns() else None

    def __len__(self) -> int:
        now = self._clock.now_ns()
        with self._guard:
            return sum(each.ends_at > now for each in self._sessions.values())

    def _forget_ended(self, now: int) -> None:
        self._sessions = {key: each for key, each in self._sessions.items() if each.ends_at > now}

    def _store(self) -> None:
        store(self._path, tuple(self._sessions.values()))
