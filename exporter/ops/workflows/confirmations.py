"""Tokens that say that somebody has read what a workflow would do. Each counts once, for exactly that."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Any, Final

import msgspec

from exporter.ops.workflows.definition import Workflow, definition_hash
from trading_bot.domain.clock import SECOND, Clock

VALID_NS: Final = 600 * SECOND
MOST: Final = 1_000


class Confirmations:
    """The tokens that were given out and not used. They do not survive a restart: then a dry run comes first again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._given: dict[str, tuple[str, int]] = {}

    def give(self, workflow: Workflow, parameters: dict[str, Any], actor: str) -> tuple[str, int]:
        """Return a token for this and nothing else, and when it expires."""
        token, expires = secrets.token_urlsafe(18), self._clock.now_ns() + VALID_NS
        with self._guard:
            self._given[_kept(token)] = (_subject(workflow, parameters, actor), expires)
            while len(self._given) > MOST:
                del self._given[next(iter(self._given))]
        return token, expires

    def take(self, token: str, workflow: Workflow, parameters: dict[str, Any], actor: str) -> bool:
        """Use a token; whether it was given for this, to this actor, and has not expired. It is gone then."""
        with self._guard:
            subject, expires = self._given.get(_kept(token), ("", 0))
            if subject != _subject(workflow, parameters, actor) or self._clock.now_ns() > expires:
                return False
            del self._given[_kept(token)]
            return True


def _kept(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _subject(workflow: Workflow, parameters: dict[str, Any], actor: str) -> str:
    parts = (definition_hash(workflow).encode(), msgspec.json.encode(parameters, order="deterministic"))
    return hashlib.sha256(b"\n".join((*parts, actor.encode()))).hexdigest()
