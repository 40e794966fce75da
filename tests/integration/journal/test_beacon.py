from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from support.tapes import eventually

from trading_bot.journal import BeaconStatus, read_beacon

Program = subprocess.Popen[str]
STALE_NS = 300_000_000


def status(path: Path) -> BeaconStatus:
    return read_beacon(path, time.time_ns(), STALE_NS).status


def test_readers_tell_alive_from_frozen_from_dead(start: Callable[..., Program], tmp_path: Path) -> None:
    path = tmp_path / "bot.beacon"
    assert status(path) is BeaconStatus.ABSENT
    program = start("beating.py", path)
    eventually(lambda: status(path) is BeaconStatus.ALIVE)
    program.send_signal(signal.SIGSTOP)
    eventually(lambda: status(path) is BeaconStatus.FROZEN)
    program.send_signal(signal.SIGCONT)
    eventually(lambda: status(path) is BeaconStatus.ALIVE)
    program.kill()
    program.wait()
    assert status(path) is BeaconStatus.DEAD


def test_a_reader_never_meets_half_a_beacon(start: Callable[..., Program], tmp_path: Path) -> None:
    path = tmp_path / "bot.beacon"
    start("beating.py", path)
    eventually(lambda: status(path) is BeaconStatus.ALIVE)
    for _ in range(2_000):
        reading = read_beacon(path, time.time_ns(), 60 * 10**9)
        assert reading.status is BeaconStatus.ALIVE
        assert reading.beacon is not None
