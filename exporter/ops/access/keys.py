"""Who asks: the keys and people of this home, as hashes, each with a role."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.boot.access import StoredKey, StoredPerson
from trading_bot.boot.home import Home
from trading_bot.boot.keys import hash_key, read_key
from trading_bot.boot.private_files import load
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


Identify = Callable[[str], Principal | None]
Stamp = tuple[tuple[int, int, int] | None, ...]


class KeyRing:
    """All keys and people that are known. ``refresh`` looks whether their files have changed."""

    def __init__(self, home: Home, settings: BootSettings) -> None:
        self._home = home
        self._settings = settings
        self._files = (home.read_key, home.operate_key, home.known_keys, home.people)
        self._stamp: Stamp = ()
        self._known: tuple[KnownKey, ...] = ()
        self._people: dict[str, StoredPerson] = {}
        self._tokens: Identify | None = None

    @classmethod
    def of_home(cls, home: Home, settings: BootSettings) -> KeyRing:
        """Read the keys and people of the home folder, and the key of the environment.

        Raises:
            OperatorError: BOT_006 when a file is missing, empty, readable by others, or not what it should be.
        """
        ring = cls(home, settings)
        ring.refresh()
        return ring

    def accept_tokens(self, identify: Identify) -> None:
        """Have tokens of people identified too."""
        self._tokens = identify

    def refresh(self) -> bool:
        """Read the files again if they have changed, and say whether they had.

        Raises:
            OperatorError: BOT_006; what was known stays known, and the next call tries again.
        """
        stamp = tuple(_stamp(path) for path in self._files)
        if stamp == self._stamp:
            return False
        known = (*self._of_home(), *self._of_environment(), *self._stored())
        people = {person.name: person for person in load(self._home.people, StoredPerson)}
        self._known, self._people, self._stamp = known, people, stamp
        return True

    def identify(self, presented: str) -> Principal | None:
        """Return whose key or token was presented, or None.

        All keys are compared, each in constant time, so that the time tells nothing about them.
        """
        hashed = hash_key(presented)
        found: Principal | None = None
        for known in self._known:
            if hmac.compare_digest(hashed, known.hashed):
                found = known
        if found is None and self._tokens is not None and presented.count(".") == 2:  # noqa: PLR2004 - a JWT
            return self._tokens(presented)
        return found

    def fingerprints(self) -> dict[str, str]:
        """Return which keys are accepted, by name: the first digits of their hashes."""
        return {known.name: known.hashed[:FINGERPRINT_DIGITS] for known in self._known}

    def person(self, name: str) -> StoredPerson | None:
        """Return the person of that name."""
        return self._people.get(name)

    @property
    def people(self) -> frozenset[str]:
        """The names of all people."""
        return frozenset(self._people)

    def _of_home(self) -> tuple[KnownKey, ...]:
        files = ((self._home.read_key, Role.READ), (self._home.operate_key, Role.OPERATE))
        return tuple(
            KnownKey(name=path.name, id=path.name, role=role, hashed=hash_key(read_key(path)))
            for path, role in files
        )

    def _of_environment(self) -> tuple[KnownKey, ...]:
        token, path = self._settings.api_auth_token, self._settings.api_auth_token_file
        given = [("BOT_API_AUTH_TOKEN", token)] if token is not None else []
        if path is not None:
            given.append(("BOT_API_AUTH_TOKEN_FILE", read_key(path)))
        return tuple(
            KnownKey(name=name, id="environment", role=Role.OPERATE, hashed=hash_key(key))
            for name, key in given
        )

    def _stored(self) -> tuple[KnownKey, ...]:
        return tuple(
            KnownKey(name=key.name, id=key.id, role=Role.of(key.role), hashed=key.hashed)
            for key in load(self._home.known_keys, StoredKey)
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def presented_key(api_key: str | None, authorization: str | None) -> str | None:
    """Return the key in the headers ``X-API-Key`` or ``Authorization: Bearer``, or None."""
    if api_key:
        return api_key
    if authorization and authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip() or None
    return None
