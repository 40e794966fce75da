"""Who may: the keys of this home, as hashes, each with its role."""

from __future__ import annotations

import hmac
from enum import IntEnum
from typing import Final

import msgspec

from trading_bot.boot.home import Home
from trading_bot.boot.keys import hash_key, read_key
from trading_bot.boot.settings import BootSettings

BEARER: Final = "bearer "


class Role(IntEnum):
    """What a key may do; a higher one may all that a lower one may."""

    READ = 1
    OPERATE = 2


class KnownKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is kept: its SHA-256 (64 hex digits), its role, and a name to say whose it was."""

    name: str
    role: Role
    hashed: str


class KeyRing:
    """All keys that are known."""

    def __init__(self, known: tuple[KnownKey, ...]) -> None:
        self._known = known

    @classmethod
    def of_home(cls, home: Home, settings: BootSettings) -> KeyRing:
        """Read the keys of the home folder and the one of the environment.

        Raises:
            OperatorError: BOT_006 when a key file is missing, empty or readable by others.
        """
        known = [
            KnownKey(name="api-key", role=Role.READ, hashed=hash_key(read_key(home.read_key))),
            KnownKey(name="operate-key", role=Role.OPERATE, hashed=hash_key(read_key(home.operate_key))),
        ]
        if settings.api_auth_token is not None:
            hashed = hash_key(settings.api_auth_token)
            known.append(KnownKey(name="BOT_API_AUTH_TOKEN", role=Role.OPERATE, hashed=hashed))
        return cls(tuple(known))

    def identify(self, presented: str) -> KnownKey | None:
        """Return the key that was presented, or None.

        All keys are compared, each in constant time, so that the time tells nothing about them.
        """
        hashed = hash_key(presented)
        found = None
        for known in self._known:
            if hmac.compare_digest(hashed, known.hashed):
                found = known
        return found


def presented_key(api_key: str | None, authorization: str | None) -> str | None:
    """Return the key in the headers ``X-API-Key`` or ``Authorization: Bearer``, or None."""
    if api_key:
        return api_key
    if authorization and authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip() or None
    return None
