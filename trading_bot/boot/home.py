"""The home folder: one home is one bot, one exporter and one ops. Every file in it has its name here."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.boot import keys
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import OperatorError

PRIVATE: Final = 0o700


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of an account at a venue. ``passphrase`` is empty where the venue has none."""

    api_key: str
    secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        """Show nothing: it may end up in a traceback."""
        return "Credentials(…)"


class Home(msgspec.Struct, frozen=True):
    """Paths of a home folder. Building one touches nothing; :meth:`create` does."""

    path: Path

    @property
    def journal(self) -> Path:
        """The bot's tape."""
        return self.path / "journal.db"

    @property
    def control(self) -> Path:
        """The tape of ops."""
        return self.path / "control.db"

    @property
    def exporter(self) -> Path:
        """How far the exporter has shipped."""
        return self.path / "exporter.db"

    @property
    def exchange(self) -> Path:
        """The books of the simulated exchange."""
        return self.path / "exchange.db"

    @property
    def beacon(self) -> Path:
        """The sign of life that the bot overwrites once a second."""
        return self.path / "bot.beacon"

    @property
    def config(self) -> Path:
        """The trading settings as a file; ops alone rewrites it."""
        return self.path / "config.yaml"

    @property
    def config_history(self) -> Path:
        """The audit trail of the trading settings."""
        return self.path / "config_history.jsonl"

    @property
    def boot_file(self) -> Path:
        """Boot settings as a file."""
        return self.path / "boot.yaml"

    @property
    def halt(self) -> Path:
        """While this file exists, the bot does not trade."""
        return self.path / "HALT"

    @property
    def exports(self) -> Path:
        """What workflows export."""
        return self.path / "exports"

    @property
    def workflows(self) -> Path:
        """One's own workflows."""
        return self.path / "workflows"

    @property
    def data(self) -> Path:
        """One's own market data, checked."""
        return self.path / "data"

    @property
    def logs(self) -> Path:
        """JSONL logs, one a process."""
        return self.path / "logs"

    @property
    def read_key(self) -> Path:
        """API key of the role read."""
        return self.path / "api-key"

    @property
    def operate_key(self) -> Path:
        """API key of the role operate."""
        return self.path / "operate-key"

    @property
    def known_keys(self) -> Path:
        """Further API keys, as hashes; `tickertape key` changes it."""
        return self.path / "keys.json"

    @property
    def people(self) -> Path:
        """People who sign in, with the hashes of their passwords; `tickertape user` changes it."""
        return self.path / "people.json"

    @property
    def sessions(self) -> Path:
        """The sign-ins of people that are not over; ops alone writes it."""
        return self.path / "sessions.json"

    @property
    def signing_key(self) -> Path:
        """What ops signs tokens with, made on its first start."""
        return self.path / "signing-key"

    @property
    def venue_key(self) -> Path:
        """The bot's API key at the simulated exchange."""
        return self.path / "venue-key"

    @property
    def venue_secret(self) -> Path:
        """Its secret, which both sides sign and check requests with."""
        return self.path / "venue-secret"

    @property
    def ops(self) -> Path:
        """What the ops process that serves locks for as long as it lives; never a file itself."""
        return self.path / "ops"

    @property
    def up(self) -> Path:
        """What `tickertape up` locks for as long as it runs; never a file itself."""
        return self.path / "up"

    def log(self, process: str) -> Path:
        """Return the JSONL log of ``process``."""
        return self.logs / f"{process}.jsonl"

    def create(self) -> Home:
        """Make the folder (mode 0700), its logs folder and its keys, where they are missing.

        Raises:
            OperatorError: BOT_004 when the folder cannot be made or written.
        """
        try:
            self.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self.logs.mkdir(mode=PRIVATE, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):  # a folder may exist and still take no file
                pass
            for path in (self.read_key, self.operate_key, self.venue_key, self.venue_secret):
                keys.ensure_key(path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"home {self.path} cannot be written: {reason}"
            raise OperatorError("BOT_004", message, path=str(self.path)) from error
        return self


def venue_credentials(settings: BootSettings) -> Credentials:
    """Return the keys of the venue: from the files named, else from the home folder's own.

    Raises:
        OperatorError: BOT_006 when a file is missing, empty or readable by others; BOT_002 when a real
            venue's files are not named.
    """
    home = Home(settings.home)
    venue = settings.venue
    if not settings.is_simulated and (venue.api_key_file is None or venue.secret_file is None):
        message = (
            f"BOT_VENUE__API_KEY_FILE and BOT_VENUE__SECRET_FILE: expected files with the keys of {venue.name},"
            " found none; for example BOT_VENUE__API_KEY_FILE=/run/secrets/key"
        )
        raise OperatorError("BOT_002", message, setting="BOT_VENUE__API_KEY_FILE")
    return Credentials(
        api_key=keys.read_key(venue.api_key_file or home.venue_key),
        secret=keys.read_key(venue.secret_file or home.venue_secret),
        passphrase=keys.read_key(venue.passphrase_file) if venue.passphrase_file else "",
    )
