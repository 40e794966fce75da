"""What `halt` and `resume` share: find the bot, tell it, and see that it heard.

The beacon alone is used: it is there with the journal unwritable and with every other process dead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.journal.beacon import BeaconStatus, read_beacon

PATIENCE: Final = 4.0
"""Seconds for the bot to confirm; its beacon is written once a second."""
LOOK_EVERY: Final = 0.05
HELD: Final = frozenset({BeaconStatus.ALIVE, BeaconStatus.FROZEN})
"""Of a beacon that a process has: a bot that runs, is frozen, or just starts."""


def existing_home(home: Home) -> Home:
    """Return ``home`` when it exists.

    Raises:
        OperatorError: BOT_008 otherwise; to write into a home that no bot will read would calm for nothing.
    """
    if not home.path.is_dir():
        raise OperatorError("BOT_008", f"there is no home folder {home.path}", path=str(home.path))
    return home


def tell(home: Home, number: signal.Signals) -> int | None:
    """Signal the bot and return its pid; None when no bot holds the beacon.

    The pid is trusted only while the beacon's lock is held: afterwards it may be anybody's.
    """
    reading = read_beacon(home.beacon, SystemClock().now_ns())
    if reading.beacon is None or reading.status not in HELD:
        return None
    pid = reading.beacon.pid
    if not _has_open(pid, home.beacon):
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return pid
    return None


def tell_once_up(home: Home, number: signal.Signals) -> int | None:
    """Like :func:`tell`; a bot that just starts is waited for, until it has said something of its own."""
    deadline = time.monotonic() + PATIENCE
    while (pid := tell(home, number)) is None and holds_beacon(home) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return pid


def holds_beacon(home: Home) -> bool:
    """Whether a bot runs or starts here. One that starts holds the file while its predecessor's words stand in it."""
    return read_beacon(home.beacon, SystemClock().now_ns()).status in HELD


def _has_open(pid: int, path: Path) -> bool:
    """Whether that process has the beacon open: one that has just taken it still shows its predecessor's pid."""
    wanted = path.resolve()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed while we looked
                if descriptor.readlink() == wanted:
                    return True
    return False


def is_halted(home: Home) -> bool:
    """Whether a bot runs here and says that it is halted."""
    reading = read_beacon(home.beacon, SystemClock().now_ns())
    return reading.status in HELD and reading.beacon is not None and reading.beacon.mode == Mode.HALTED


def wait_for_mode(home: Home, *, halted: bool) -> bool:
    """Return whether the bot's beacon shows, in time, a mode that is halted or is not."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        reading = read_beacon(home.beacon, SystemClock().now_ns())
        if reading.beacon is not None and (reading.beacon.mode == Mode.HALTED) is halted:
            return True
        time.sleep(LOOK_EVERY)
    return False
