"""Boot settings: where a process listens, where its home is, which venue it reaches.

They come from defaults, ``boot.yaml`` in the home folder, the environment and the arguments, in
that order; the later one counts. Trading settings are none of them: those live on the journal, and
a variable that names one is refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_bot.boot.fields import FIELDS, Field
from trading_bot.boot.sources import from_environment, from_file
from trading_bot.contract.errors import OperatorError

HOME_VARIABLE: Final = "BOT_HOME"
DEFAULT_HOME: Final = ".tickertape"
BOOT_FILE: Final = "boot.yaml"
SIMULATED: Final = "simulated"
"""The venue that is the simulated exchange on loopback; every other name is ccxt's name of a real one."""


class VenueSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which exchange the bot trades on.

    ``name`` is ``simulated`` or ccxt's name of an exchange; ``url`` replaces the addresses ccxt knows
    (a simulated exchange elsewhere); ``testnet`` chooses those of its testnet. The files hold the API key,
    its secret and its passphrase; for the simulated exchange they default to files of the home folder
    that are made on first start.
    """

    name: str = SIMULATED
    url: str | None = None
    testnet: bool = False
    api_key_file: Path | None = None
    secret_file: Path | None = None
    passphrase_file: Path | None = None


class BootSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The boot settings of one process; see :data:`~trading_bot.boot.fields.FIELDS` for their meaning."""

    home: Path
    name: str = "demo"
    host: str = "127.0.0.1"
    api_port: int = 8000
    metrics_port: int = 9464
    stream_port: int = 8001
    exchange_port: int = 8100
    venue: VenueSettings = VenueSettings()
    api_auth_token: str | None = None
    api_auth_token_file: Path | None = None
    api_cors_origins: tuple[str, ...] = ()
    state_cache_ttl: float = 0.0
    api_rate_limit: str = "100/minute"
    api_rate_limit_storage: str | None = None
    alertmanager_url: str | None = None
    prometheus_url: str | None = None
    public_url: str | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether the venue is the simulated exchange."""
        return self.venue.name == SIMULATED

    @property
    def venue_url(self) -> str | None:
        """Where the venue is: the one set, the simulated exchange's own, or None for ccxt's addresses."""
        if self.venue.url is None and self.is_simulated:
            return f"http://{url_host(self.host)}:{self.exchange_port}"
        return self.venue.url


def load_settings(
    home: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    **arguments: Any,
) -> BootSettings:
    """Return the settings of this process; nothing is created.

    Args:
        home: the ``--home`` argument; else ``BOT_HOME``, else ``./.tickertape``.
        environment: the variables to read.
        arguments: settings by field name that override all others; None means not given.

    Raises:
        OperatorError: BOT_001 to BOT_003 and CFG_004, each naming the variable or key, what was
            expected, what was found, and an example.
    """
    folder = Path(home or environment.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()
    values: dict[Field, Any] = {
        **from_file(folder / BOOT_FILE),
        **from_environment({name: text for name, text in environment.items() if name != HOME_VARIABLE}),
    }
    given = {field.key: value for field, value in values.items()}
    given.update({key: value for key, value in arguments.items() if value is not None})
    return _build(folder, given)


def _build(folder: Path, given: Mapping[str, Any]) -> BootSettings:
    prefix = "venue."
    flat = {key: value for key, value in given.items() if not key.startswith(prefix)}
    venue = {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}
    settings = BootSettings(home=folder, venue=VenueSettings(**venue), **flat)
    _refuse_shared_ports(settings)
    return settings


def _refuse_shared_ports(settings: BootSettings) -> None:
    owner: dict[int, str] = {}
    for field in FIELDS:
        if not field.variable.endswith("_PORT"):
            continue
        port = getattr(settings, field.key)
        if port in owner and port != 0:
            message = (
                f"{field.variable}: expected a port of its own, found {port}, which is also {owner[port]}"
            )
            raise OperatorError("BOT_002", f"{message}; for example {field.variable}={port + 10}")
        owner[port] = field.variable


def url_host(host: str) -> str:
    """Return the host that a client on this machine uses to reach a listener on ``host``."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared with, not bound to
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
