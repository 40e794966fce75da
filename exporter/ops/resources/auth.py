"""``/auth``: people sign in with a password, get the next tokens, and sign out."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Annotated

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from exporter.ops.access.rates import limited
from exporter.ops.access.sign_in import SignIn
from exporter.ops.access.tokens import LONGEST as LONGEST_TOKEN
from exporter.ops.access.tokens import TokenPair
from exporter.ops.answers import plain
from exporter.ops.bodies import parse_body
from exporter.ops.bridge import later, result
from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from trading_bot.boot.passwords import LONGEST
from trading_bot.contract.errors import NonRetriableError, RetriableError
from trading_bot.contract.telemetry.metrics import API_SIGN_INS

blueprint = Blueprint("auth", __name__)


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /auth/token``."""

    username: Annotated[str, Meta(min_length=1, max_length=63, description="a name", examples=["ada"])]
    password: Annotated[
        str, Meta(min_length=1, max_length=LONGEST, description="the password", examples=["long and secret"])
    ]


class TokenGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /auth/refresh`` and ``POST /auth/revoke``."""

    token: Annotated[
        str, Meta(min_length=1, max_length=LONGEST_TOKEN, description="a token", examples=["eyJhbGciOi..."])
    ]


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a revocation. ``revoked`` is false where there was nothing left to revoke."""

    revoked: bool


@blueprint.post("/auth/token")
@limited("10/minute")
@documented(
    "Sign in with a password",
    scenario="A person wants tokens; a program uses a key instead.",
    answers=TokenPair,
    body=Credentials,
    errors=("AUTH_003", "AUTH_004", "API_006"),
)
def token() -> Response:
    """Return tokens when the password is right; it is checked elsewhere, and nobody else waits."""
    sign_in, body = _sign_in(), parse_body(Credentials, is_secret=True)
    checked = result()
    if checked is None:
        waiting = later(sign_in.passwords.check(body.username, body.password))
        if isinstance(waiting, Response):
            return waiting
        checked = waiting
    try:
        is_right = checked.result()
    except CancelledError as error:
        message = "the password could not be checked in time"
        raise RetriableError("AUTH_004", message, retry_after_seconds=1) from error
    dependencies().metrics.count(API_SIGN_INS, "accepted" if is_right else "refused")
    if not is_right:
        raise NonRetriableError("AUTH_003", f"{body.username[:63]} and this password do not belong together")
    return plain(sign_in.tokens.sign_in(body.username))


@blueprint.post("/auth/refresh")
@limited("30/minute")
@documented(
    "Get the next pair of tokens",
    scenario="The access token is over. The refresh token works once; using it twice ends the session.",
    answers=TokenPair,
    body=TokenGiven,
    errors=("AUTH_003", "API_006"),
)
def refresh() -> Response:
    """Return the next pair."""
    return plain(_sign_in().tokens.refresh(parse_body(TokenGiven, is_secret=True).token))


@blueprint.post("/auth/revoke")
@limited("30/minute")
@documented(
    "Sign out",
    scenario="A person is done, or fears that a token was copied: either token ends the whole session.",
    answers=Revoked,
    body=TokenGiven,
    errors=("AUTH_003", "API_006"),
)
def revoke() -> Response:
    """End the session of a token."""
    return plain(Revoked(revoked=_sign_in().tokens.revoke(parse_body(TokenGiven, is_secret=True).token)))


def _sign_in() -> SignIn:
    sign_in = dependencies().sign_in
    if sign_in is None:
        raise NonRetriableError("AUTH_003", "people cannot sign in here")
    return sign_in
