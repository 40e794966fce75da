"""The proof that somebody has looked at what a change loosens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from exporter.ops.parameters import NOTHING, told
from trading_bot.contract.errors import OperatorError
from trading_bot.domain.clock import SECOND, Clock

VALID_SECONDS: Final = 600
SECRET_BYTES: Final = 32


class Tokens:
    """Makes and checks tokens: each is good for one generation and one hash, for ten minutes, in this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(SECRET_BYTES)

    def make(self, generation: int, settings_hash: str) -> tuple[str, int]:
        """Return a token, and until when it is good, nanoseconds since the epoch."""
        until = self._clock.now_ns() // SECOND + VALID_SECONDS
        return f"{until}.{self._signature(generation, settings_hash, until)}", until * SECOND

    def check(self, token: str | None, generation: int, settings_hash: str) -> None:
        """Do nothing if the token was made for this change.

        Raises:
            OperatorError: CFG_008, with why.
        """
        if token is None:
            raise _refused("the change takes more risk and carries no confirm", NOTHING)
        moment, _, signature = token.partition(".")
        until = int(moment) if moment.isascii() and moment.isdigit() and len(moment) <= LONGEST_TIME else 0
        expected = self._signature(generation, settings_hash, until)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise _refused("confirm was made for another change, generation or process", "another token")
        if self._clock.now_ns() >= until * SECOND:
            raise _refused(f"confirm is older than {VALID_SECONDS} seconds", "an old token")

    def _signature(self, generation: int, settings_hash: str, until: int) -> str:
        text = f"{generation}/{settings_hash}/{until}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def _refused(message: str, found: str) -> OperatorError:
    faults = told("confirm", "the confirm that a dry run of this change answers with", found, EXAMPLE)
    return OperatorError("CFG_008", message, errors=faults)


EXAMPLE: Final = "1795311202.5d41402abc4b2a76b9719d911017c592"
LONGEST_TIME: Final = 12
"""Digits of a time in seconds."""
