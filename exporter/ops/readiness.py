"""Whether this process can answer: every dependency registers a ping, and readiness asks them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from exporter.ops.alerts import AlertWatch
from trading_bot.contract.errors import TickertapeError

LEAST_FREE_BYTES: Final = 64 * 1024 * 1024
FEW_BEHIND: Final = 10_000


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a ping found: whether it is well, and what there is to say."""

    is_well: bool
    message: str


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency and how to look at it. ``needed``: without it this process is not ready.

    ``look`` answers at once from what is known: no network, no scan.
    """

    name: str
    needed: bool
    look: Callable[[], Finding]


class Followed(Protocol):
    """A followed tape as far as a ping needs it."""

    fault: TickertapeError | None

    @property
    def caught_up(self) -> bool:
        """Whether it has been read once."""
        ...

    @property
    def behind(self) -> int:
        """Events not folded yet."""
        ...


class Written(Protocol):
    """A written tape as far as a ping needs it."""

    fault: TickertapeError | None

    @property
    def queued(self) -> int:
        """Events that are not committed yet."""
        ...


def findings(pings: Sequence[Ping]) -> list[tuple[Ping, Finding]]:
    """Return what every ping finds."""
    return [(ping, ping.look()) for ping in pings]


def journal_ping(tape: Followed) -> Ping:
    """Return the ping of the follower of the bot's journal."""

    def look() -> Finding:
        if not tape.caught_up:
            return Finding(is_well=False, message="the tape is still being read after the start")
        if tape.fault is not None:
            # A tape that cannot be read is served as offline with its reason, which is an answer.
            return Finding(
                is_well=True, message=f"not readable at present, served as such: {tape.fault.code}"
            )
        if tape.behind > FEW_BEHIND:
            return Finding(is_well=True, message=f"{tape.behind} events behind")
        return Finding(is_well=True, message="followed")

    return Ping(name="journal follower", needed=True, look=look)


def control_ping(tape: Written) -> Ping:
    """Return the ping of the control tape, on which every write is put down first."""

    def look() -> Finding:
        if tape.fault is not None:
            return Finding(
                is_well=False, message=f"cannot be written: {tape.fault.code} {tape.fault.message}"
            )
        return Finding(is_well=True, message=f"written; {tape.queued} events queued")

    return Ping(name="control tape", needed=False, look=look)


def disk_ping(folder: Path) -> Ping:
    """Return the ping of the disk under the home folder."""

    def look() -> Finding:
        try:
            about = os.statvfs(folder)
        except OSError as error:
            return Finding(is_well=False, message=f"cannot be looked at: {error.strerror}")
        free = about.f_bavail * about.f_frsize
        return Finding(is_well=free >= LEAST_FREE_BYTES, message=f"{free // 1024**2} MiB free")

    return Ping(name="disk", needed=False, look=look)


def alerts_ping(alerts: AlertWatch) -> Ping:
    """Return the ping of Alertmanager as its poller last saw it."""

    def look() -> Finding:
        seen = alerts.seen()
        is_well = not alerts.is_asked or (seen.alerts is not None and seen.unknown is None)
        return Finding(is_well=is_well, message=seen.unknown or f"{len(seen.alerts or ())} alerts active")

    return Ping(name="alert poller", needed=False, look=look)
