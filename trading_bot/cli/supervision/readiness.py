"""Ways to see that a process does its work."""

from __future__ import annotations

import socket
from pathlib import Path

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.settings import url_host
from trading_bot.cli.supervision.child import Ready

TIMEOUT = 0.2


def listens(host: str, port: int) -> Ready:
    """Return what asks whether something accepts connections on ``host:port``."""
    address = (url_host(host).strip("[]"), port)

    def ask(_pid: int) -> bool:
        try:
            with socket.create_connection(address, timeout=TIMEOUT):
                return True
        except OSError:
            return False

    return ask


def bot_is_alive(beacon: Path) -> Ready:
    """Return what asks whether the beacon is kept by the bot of that pid."""

    def ask(pid: int) -> bool:
        from trading_bot.journal.beacon import BeaconStatus, read_beacon  # noqa: PLC0415 - not for help

        reading = read_beacon(beacon, SystemClock().now_ns())
        kept = reading.beacon is not None and reading.beacon.pid == pid
        return kept and reading.status == BeaconStatus.ALIVE

    return ask
