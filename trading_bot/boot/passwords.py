"""How passwords of people are hashed: argon2id, with parameters that both sides share."""

from __future__ import annotations

from typing import Final, TypedDict

from trading_bot.contract.errors import OperatorError

SHORTEST: Final = 12
LONGEST: Final = 200


class Parameters(TypedDict):
    """What argon2 takes."""

    time_cost: int
    memory_cost: int
    parallelism: int


PARAMETERS: Final = Parameters(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's choice for servers: 19 MiB and two passes, some tens of milliseconds."""


def hash_password(password: str) -> str:
    """Return argon2's text of a password: algorithm, parameters, salt and hash.

    Raises:
        OperatorError: AUTH_005 when it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"expected a password of {SHORTEST} to {LONGEST} characters, found {len(password)}"
        raise OperatorError("AUTH_005", message)
    from argon2 import PasswordHasher  # noqa: PLC0415 - only to add somebody

    return PasswordHasher(**PARAMETERS).hash(password)


def verify_password(hashed: str, password: str) -> bool:
    """Return whether ``hashed`` is of ``password``; it takes as long as the hashing did."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - only where somebody signs in
    from argon2.exceptions import Argon2Error, InvalidHashError  # noqa: PLC0415 - same

    try:
        return PasswordHasher(**PARAMETERS).verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False
