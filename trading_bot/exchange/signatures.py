"""Who may speak for the account: key, signature and time of a signed request, as Binance checks them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import msgspec

from trading_bot.exchange import refusals

DEFAULT_WINDOW_MS: Final = 5_000
LONGEST_WINDOW_MS: Final = 60_000
AHEAD_MS: Final = 1_000
MILLISECOND: Final = 1_000_000


class Credentials(msgspec.Struct, frozen=True):
    """The one account's key and secret."""

    api_key: str
    secret: str = msgspec.field()

    def __repr__(self) -> str:
        return "Credentials(…)"

    def sign(self, payload: str) -> str:
        """Return the signature of a payload, in hexadecimal."""
        return hmac.new(self.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def check_key(credentials: Credentials, api_key: str | None) -> None:
    """Refuse a request without the account's key: -2014 or -2015."""
    if not api_key:
        raise refusals.bad_key_format()
    if not hmac.compare_digest(api_key.encode(), credentials.api_key.encode()):
        raise refusals.unknown_key()


def check_signature(credentials: Credentials, payload: str, signature: str | None) -> None:
    """Refuse a payload that the secret's owner did not sign: -1102 or -1022."""
    if not signature:
        raise refusals.missing_parameter("signature")
    if not hmac.compare_digest(credentials.sign(payload).encode(), signature.encode()):
        raise refusals.invalid_signature()


def check_time(parameters: Mapping[str, str], now_ns: int) -> None:
    """Refuse a request whose timestamp is missing, ahead by a second, or older than its window."""
    sent = _whole_number(parameters, "timestamp")
    window = _whole_number(parameters, "recvWindow") if "recvWindow" in parameters else DEFAULT_WINDOW_MS
    if window > LONGEST_WINDOW_MS:
        raise refusals.window_too_long()
    now = now_ns // MILLISECOND
    if sent >= now + AHEAD_MS:
        raise refusals.timestamp_ahead()
    if now - sent > window:
        raise refusals.timestamp_outside()


def split_signature(payload: str) -> tuple[str, str | None]:
    """Return a query string without its signature, and the signature."""
    pairs = payload.split("&")
    signed = [pair for pair in pairs if not pair.startswith("signature=")]
    found = [pair.removeprefix("signature=") for pair in pairs if pair.startswith("signature=")]
    return "&".join(signed), found[0] if found else None


def _whole_number(parameters: Mapping[str, str], name: str) -> int:
    text = parameters.get(name, "")
    if not text.isdecimal():
        raise refusals.missing_parameter(name)
    return int(text)
