"""Who may: the keys of this home, as hashes, each with its role."""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from trading_bot.boot.home import Home
from trading_bot.boot.keys import hash_key, read_key
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import BootSettings

BEARER: Final = "bearer "
FINGERPRINT_DIGITS: Final = 12


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a key or a person, by a name and an id that are no secrets, with a role."""

    name: str
    id: str
    role: Role


class KnownKey(Principal, frozen=True, kw_only=True):
    """A key as it is kept: its SHA-256 (64 hex digits)."""

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
            KnownKey(name=path.name, id=path.name, role=role, hashed=hash_key(read_key(path)))
            for path, role in ((home.read_key, Role.READ), (home.operate_key, Role.OPERATE))
        ]
        if settings.api_auth_token is not None:
            hashed = hash_key(settings.api_auth_token)
            known.append(
                KnownKey(name="BOT_API_AUTH_TOKEN", id="environment", role=Role.OPERATE, hashed=hashed)
            )
        return cls(tuple(known))

    def replace(self, name: str, key: str) -> None:
        """Accept ``key`` instead of the one that was known by this name."""
        hashed = hash_key(key)
        self._known = tuple(
            msgspec.structs.replace(known, hashed=hashed) if known.name == name else known
            for known in self._known
        )

    def fingerprints(self) -> dict[str, str]:
        """Return which keys are accepted, by name: the first digits of their hashes."""
        return {known.name: known.hashed[:FINGERPRINT_DIGITS] for known in self._known}

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
