"""Tokens of people: a short-lived one to ask with, and one to get the next pair with."""

from __future__ import annotations

import secrets
from typing import Any, Final

import msgspec

from exporter.ops.access.keys import KeyRing, Principal
from exporter.ops.access.sessions import Session, Sessions
from trading_bot.boot.roles import Role
from trading_bot.contract.errors import NonRetriableError
from trading_bot.domain.clock import SECOND, Clock

ALGORITHM: Final = "HS256"
ISSUER: Final = "tickertape"
ACCESS_SECONDS: Final = 900
CLAIMS: Final = ("exp", "iat", "jti", "sid", "sub", "use")
ACCESS, REFRESH = "access", "refresh"
LONGEST: Final = 2_000


class TokenPair(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a sign-in and of a refresh. The lifetime is in seconds."""

    token_type: str
    access_token: str
    expires_in: int
    refresh_token: str
    role: str


class Tokens:
    """Makes tokens and knows them again: signed by this home's own key, for its own sessions."""

    def __init__(self, signing_key: str, keys: KeyRing, sessions: Sessions, clock: Clock) -> None:
        self._signing_key = signing_key
        self._keys = keys
        self._sessions = sessions
        self._clock = clock

    def sign_in(self, person: str) -> TokenPair:
        """Begin a session of somebody whose password was right.

        Raises:
            NonRetriableError: AUTH_003, the person is gone meanwhile.
        """
        return self._pair(self._sessions.begin(person))

    def refresh(self, token: str) -> TokenPair:
        """Return the next pair; the token given is used up.

        Raises:
            NonRetriableError: AUTH_003, it is no refresh token, its session is over, or it was used before.
        """
        claims = self._read(token, REFRESH)
        if claims is None:
            raise NonRetriableError("AUTH_003", "this is no refresh token that is good here")
        return self._pair(self._sessions.rotate(claims["sid"], claims["jti"]))

    def revoke(self, token: str) -> bool:
        """End the session of a token, also of one that is past its time; say whether there was one."""
        claims = self._read(token, ACCESS, REFRESH, late=True)
        return claims is not None and self._sessions.end(claims["sid"])

    def identify(self, token: str) -> Principal | None:
        """Return whose access token it is; None for any other text, and when its session is over."""
        claims = self._read(token, ACCESS)
        if claims is None:
            return None
        name = self._sessions.person_of(claims["sid"])
        person = None if name is None else self._keys.person(name)
        if person is None:
            return None
        return Principal(name=person.name, id=f"session:{claims['sid'][:8]}", role=Role.of(person.role))

    def _pair(self, session: Session) -> TokenPair:
        person = self._keys.person(session.person)
        if person is None:
            raise NonRetriableError("AUTH_003", f"{session.person} may not sign in here")
        ends = self._clock.now_ns() // SECOND + ACCESS_SECONDS
        return TokenPair(
            token_type="Bearer",  # noqa: S106 - a word, no secret
            access_token=self._write(session, ACCESS, secrets.token_hex(8), ends),
            expires_in=ACCESS_SECONDS,
            refresh_token=self._write(session, REFRESH, session.refresh_id, session.ends_at // SECOND),
            role=person.role,
        )

    def _write(self, session: Session, use: str, token_id: str, ends: int) -> str:
        claims = {
            "iss": ISSUER,
            "sub": session.person,
            "sid": session.id,
            "use": use,
            "jti": token_id,
            "iat": self._clock.now_ns() // SECOND,
            "exp": ends,
        }
        written: str = _jwt().encode(claims, self._signing_key, ALGORITHM)
        return written

    def _read(self, token: str, *uses: str, late: bool = False) -> dict[str, Any] | None:
        if len(token) > LONGEST or not self._sessions:  # then no token can be good
            return None
        # The time is this home's clock's, so it is looked at here.
        jwt = _jwt()
        options = {"require": list(CLAIMS), "verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                token, self._signing_key, algorithms=[ALGORITHM], issuer=ISSUER, options=options
            )
        except jwt.PyJWTError:
            return None
        texts = all(isinstance(claims[name], str) for name in ("jti", "sid", "use"))
        if not texts or claims["use"] not in uses or not isinstance(claims["exp"], int):
            return None
        return claims if late or claims["exp"] > self._clock.now_ns() // SECOND else None


def prepare_tokens() -> None:
    """Load what tokens take, 250 ms and ten megabytes: where somebody can sign in, and not in a request."""
    _jwt()


def _jwt() -> Any:
    import jwt  # noqa: PLC0415 - see prepare_tokens

    return jwt
