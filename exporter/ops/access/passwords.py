"""Checks passwords in a thread of its own: argon2 is slow by design, and one thread answers all requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from exporter.ops.access.keys import KeyRing
from exporter.ops.access.tokens import prepare_tokens
from trading_bot.boot.passwords import hash_password, verify_password
from trading_bot.contract.errors import RetriableError

QUEUE: Final = 8
"""Checks that may wait; with the one that runs, the last of them waits for less than a second."""


class Passwords:
    """One thread, and a short queue before it.

    Args:
        keys: who may sign in.
        look: takes over what has changed of them; asked before each check, so that who was just added signs in.
        queue: how many checks may wait.
    """

    def __init__(self, keys: KeyRing, look: Callable[[], None], queue: int = QUEUE) -> None:
        self._keys = keys
        self._look = look
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._room = threading.BoundedSemaphore(queue)
        self._guard = threading.Lock()
        self._waiting = 0
        self._nobody: str | None = None

    @property
    def waiting(self) -> int:
        """How many checks have been asked for and are not done."""
        return self._waiting

    def check(self, name: str, password: str) -> Future[bool]:
        """Say, later, whether it is the password of the person of that name.

        Raises:
            RetriableError: AUTH_004, too many wait already.
        """
        if not self._room.acquire(blocking=False):
            raise RetriableError("AUTH_004", "too many passwords wait to be checked", retry_after_seconds=1)
        with self._guard:
            self._waiting += 1
        work = self._pool.submit(self._check, name, password)
        work.add_done_callback(self._done)
        return work

    def stop(self) -> None:
        """Check no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, _work: Future[bool]) -> None:
        with self._guard:
            self._waiting -= 1
        self._room.release()

    def _check(self, name: str, password: str) -> bool:
        prepare_tokens()
        self._look()
        person = self._keys.person(name)
        if person is None:
            verify_password(self._of_nobody(), password)  # so that the time does not tell which names exist
            return False
        return verify_password(person.hashed, password)

    def _of_nobody(self) -> str:
        if self._nobody is None:
            self._nobody = hash_password("a password that nobody has")
        return self._nobody
