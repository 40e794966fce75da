"""The boot settings as data: variable, key in ``boot.yaml``, how the text is read, example, meaning."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

MAX_PORT: Final = 65535
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_RATE: Final = re.compile(r"\d+\s*(/|per)\s*(\d+\s*)?(second|minute|hour|day)s?", re.IGNORECASE)


class Field(msgspec.Struct, frozen=True):
    """One boot setting. ``parse`` raises ValueError for a text that is not what ``expected`` says."""

    variable: str
    parse: Callable[[str], Any]
    expected: str
    example: str
    meaning: str
    secret: bool = False

    @property
    def key(self) -> str:
        """The field of the settings, dotted where it is nested: ``BOT_VENUE__NAME`` is ``venue.name``."""
        return self.variable.removeprefix("BOT_").lower().replace("__", ".")


def port(text: str) -> int:
    """Read a TCP port; 0 lets the system choose."""
    number = int(text)
    if not 0 <= number <= MAX_PORT:
        raise ValueError(text)
    return number


def name(text: str) -> str:
    """Read a name that is safe as a label value and in a path."""
    return _matching(_NAME, text)


def host(text: str) -> str:
    """Read an address or a host name."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return _matching(_NAME, text)


def url(text: str) -> str:
    """Read an http or https address, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(text)
    return text.rstrip("/")


def token(text: str) -> str:
    """Read a key: at least 16 characters, so that none can be guessed."""
    return _matching(re.compile(r"\S{16,}"), text)


def path(text: str) -> Path:
    """Read a path; ``~`` is the user's home folder."""
    if not text:
        raise ValueError(text)
    return Path(text).expanduser().absolute()


def switch(text: str) -> bool:
    """Read true or false."""
    return {"true": True, "false": False}[_matching(re.compile("true|false"), text.lower())]


def seconds(text: str) -> float:
    """Read a number of seconds, not negative and finite."""
    number = float(text)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(text)
    return number


def rate(text: str) -> str:
    """Read a rate in the notation of the limits package."""
    return _matching(_RATE, text)


def storage(text: str) -> str:
    """Read the address of a Redis; it may hold a password."""
    parts = urlsplit(text)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ValueError(text)
    return text


def origins(text: str) -> tuple[str, ...]:
    """Read origins that a browser may call from, separated by commas; ``*`` is any."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    return tuple(part if part == "*" else url(part) for part in found)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


_PORT: Final = "a port from 0 to 65535"
_URL: Final = "an http or https address"

FIELDS: Final[tuple[Field, ...]] = (
    Field("BOT_NAME", name, "letters, digits, - _ .", "demo", "Name of the bot: the label bot everywhere"),
    Field("BOT_HOST", host, "an address or a host name", "127.0.0.1", "Address that every listener binds to"),
    Field("BOT_API_PORT", port, _PORT, "8000", "Port of the ops endpoint"),
    Field("BOT_METRICS_PORT", port, _PORT, "9464", "Port of the exporter"),
    Field("BOT_STREAM_PORT", port, _PORT, "8001", "Port of the ops stream"),
    Field("BOT_EXCHANGE_PORT", port, _PORT, "8100", "Port of the simulated exchange"),
    Field(
        "BOT_VENUE__NAME",
        name,
        "simulated, or ccxt's name of an exchange",
        "simulated",
        "Exchange to trade on",
    ),
    Field("BOT_VENUE__URL", url, _URL, "http://127.0.0.1:8100", "Address of the exchange instead of ccxt's"),
    Field(
        "BOT_VENUE__TESTNET",
        switch,
        "true or false",
        "true",
        "Trade on the exchange's testnet, where ccxt knows one, with the testnet's own keys",
    ),
    Field("BOT_VENUE__API_KEY_FILE", path, "a path", "/run/secrets/key", "File with the exchange's API key"),
    Field("BOT_VENUE__SECRET_FILE", path, "a path", "/run/secrets/secret", "File with the API key's secret"),
    Field(
        "BOT_VENUE__PASSPHRASE_FILE",
        path,
        "a path",
        "/run/secrets/passphrase",
        "File with the API key's passphrase, where an exchange has one",
    ),
    Field(
        "BOT_API_AUTH_TOKEN",
        token,
        "at least 16 characters without spaces",
        "a-long-random-text",
        "An operate key for the ops endpoint, beside the one in the home folder",
        secret=True,
    ),
    Field("BOT_API_AUTH_TOKEN_FILE", path, "a path", "/run/secrets/token", "File with such a key, mode 0600"),
    Field(
        "BOT_API_CORS_ORIGINS",
        origins,
        "origins separated by commas, or *",
        "http://localhost:3000",
        "Origins that a browser may call the ops endpoint from",
    ),
    Field("BOT_STATE_CACHE_TTL", seconds, "seconds, 0 or more", "0", "max-age of the ops endpoint's answers"),
    Field(
        "BOT_API_RATE_LIMIT", rate, "a count per time", "100/minute", "Requests to the ops endpoint, per key"
    ),
    Field(
        "BOT_API_RATE_LIMIT_STORAGE",
        storage,
        "the address of a Redis",
        "redis://127.0.0.1:6379/0",
        "Where requests are counted, instead of in the memory of ops",
        secret=True,
    ),
    Field("BOT_ALERTMANAGER_URL", url, _URL, "http://127.0.0.1:9093", "Where ops reads active alerts"),
    Field("BOT_PROMETHEUS_URL", url, _URL, "http://127.0.0.1:9090", "Where ops sends named queries"),
    Field(
        "BOT_PUBLIC_URL", url, _URL, "https://tickertape.example.org", "Base of links to runbooks and boards"
    ),
)
"""Every boot setting but the home folder itself, which is ``--home`` or ``BOT_HOME``."""
