"""Who may use the ops endpoint: keys for programs, people with passwords. What is kept are hashes.

``keys.json`` and ``people.json`` in the home are changed by the command line alone; ops looks at them once
a second.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.boot.keys import KEY_BYTES, hash_key
from trading_bot.boot.private_files import changing, load, store
from trading_bot.boot.roles import Role
from trading_bot.contract.errors import OperatorError

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}")
MOST_KEYS: Final = 100
"""Each is compared with at every request."""
MOST_PEOPLE: Final = 1_000
ID_BYTES: Final = 4


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as ``keys.json`` has it: SHA-256 in hex, times in nanoseconds since the epoch."""

    id: str
    name: str
    role: str
    hashed: str
    created_at: int


class StoredPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person as ``people.json`` has them: ``hashed`` is argon2's own text, with its parameters."""

    name: str
    role: str
    hashed: str
    created_at: int


def create_key(path: Path, name: str, role: Role, now_ns: int) -> tuple[StoredKey, str]:
    """Make a key and return what is kept of it and the key itself, which exists nowhere else.

    Raises:
        OperatorError: AUTH_005 when the name is taken or not one, or there are too many keys; BOT_006.
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    with changing(path):
        known = load(path, StoredKey)
        refuse_name(name, [each.name for each in known], "key", MOST_KEYS)
        made = StoredKey(
            id=f"k{secrets.token_hex(ID_BYTES)}",
            name=name,
            role=role.word,
            hashed=hash_key(key),
            created_at=now_ns,
        )
        store(path, (*known, made))
    return made, key


def revoke_key(path: Path, name: str) -> StoredKey:
    """Take a key away, by name or id, and return what it was.

    Raises:
        OperatorError: AUTH_005 when there is none; BOT_006.
    """
    with changing(path):
        known = load(path, StoredKey)
        found = next((key for key in known if name in {key.name, key.id}), None)
        if found is None:
            raise OperatorError("AUTH_005", f"there is no key {name!r}", name=name)
        store(path, tuple(key for key in known if key is not found))
    return found


def add_person(path: Path, name: str, role: Role, hashed: str, now_ns: int) -> StoredPerson:
    """Add a person whose password's argon2 hash is ``hashed``.

    Raises:
        OperatorError: AUTH_005 when the name is taken or not one, or there are too many people; BOT_006.
    """
    made = StoredPerson(name=name, role=role.word, hashed=hashed, created_at=now_ns)
    with changing(path):
        known = load(path, StoredPerson)
        refuse_name(name, [each.name for each in known], "person", MOST_PEOPLE)
        store(path, (*known, made))
    return made


def remove_person(path: Path, name: str) -> StoredPerson:
    """Take a person away; their sessions end within a second.

    Raises:
        OperatorError: AUTH_005 when there is none; BOT_006.
    """
    with changing(path):
        known = load(path, StoredPerson)
        found = next((person for person in known if person.name == name), None)
        if found is None:
            raise OperatorError("AUTH_005", f"there is no person {name!r}", name=name)
        store(path, tuple(person for person in known if person is not found))
    return found


def refuse_name(name: str, taken: list[str], what: str, most: int) -> None:
    """Refuse a name that is taken, or none.

    Raises:
        OperatorError: AUTH_005.
    """
    if not NAME.fullmatch(name):
        message = f"{name[:80]!r} is no name: expected up to 63 letters, digits, _ . @ -; for example grafana"
        raise OperatorError("AUTH_005", message, name=name[:80])
    if name in taken:
        raise OperatorError("AUTH_005", f"there is a {what} {name!r} already", name=name)
    if len(taken) >= most:
        raise OperatorError("AUTH_005", f"there are {most} already, the most there may be", name=name)
