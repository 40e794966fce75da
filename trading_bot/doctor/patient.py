"""What is looked at: a home, what its files say, and copies of the databases that nobody has open."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import TickertapeError
from trading_bot.domain.clock import Clock
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal import BeaconReading, BeaconStatus, TapeReader, lock_owner, read_beacon, replay

LOCKED: Final = ("journal.db", "control.db", "exporter.db", "exchange.db", "ops", "up")
"""What processes lock, each by a file ``.lock`` beside it."""

TAPES: Final = ("journal.db", "control.db")
DATABASES: Final = {"exporter.db": "tickertape exporter", "exchange.db": "tickertape exchange"}
"""Owned databases, with the name that is stamped into each."""


class Patient:
    """A home under examination. What is expensive to know is looked up once, when it is first asked for."""

    def __init__(
        self, settings: BootSettings, clock: Clock, settings_fault: TickertapeError | None = None
    ) -> None:
        self.settings = settings
        self.settings_fault = settings_fault
        self.clock = clock
        self.home = Home(settings.home)
        self._copies = contextlib.ExitStack()
        self._readable: dict[str, Path] = {}

    @cached_property
    def beacon(self) -> BeaconReading:
        """What the beacon says."""
        return read_beacon(self.home.beacon, self.clock.now_ns())

    @property
    def bot_lives(self) -> bool:
        """Whether a process holds the beacon."""
        return self.beacon.status in {BeaconStatus.ALIVE, BeaconStatus.FROZEN}

    def owner(self, name: str) -> int | None:
        """Return the pid of who holds a lock of the home, 0 when it has not said, None when nobody does."""
        try:
            return lock_owner(self.home.path / name)
        except TickertapeError:
            return None

    def readable(self, name: str) -> Path:
        """Return where a database can be read without changing anything in the home.

        In place while its owner has it open. Otherwise a copy, with what was not yet checkpointed.

        Raises:
            OSError: there is no room for a copy, or the file cannot be read.
        """
        if name not in self._readable:
            place = self.home.path / name
            in_place = self.owner(name) is not None
            copy = None if in_place else self._copied(place)
            # It may have been opened meanwhile, and then the copy is of two moments.
            opened = in_place or self.owner(name) is not None
            self._readable[name] = place if opened or copy is None else copy
        return self._readable[name]

    def _copied(self, place: Path) -> Path:
        folder = Path(self._copies.enter_context(tempfile.TemporaryDirectory(prefix="tickertape-doctor-")))
        for path in (place, place.with_name(f"{place.name}-wal")):
            if path.exists():
                shutil.copyfile(path, folder / path.name)
        return folder / place.name

    @cached_property
    def state(self) -> State:
        """What the journal says.

        Raises:
            TickertapeError: the tape cannot be read.
            OSError: as :meth:`readable`.
        """
        return self.look_again()

    def look_again(self) -> State:
        """Return what the journal says now."""
        with TapeReader.open(self.readable("journal.db")) as reader:
            return replay(reader, evolve, State, restore)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._copies.close()
