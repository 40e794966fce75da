"""The beacon: one small file that says whether its writer lives, also when its tape cannot be written.

The writer holds a lock on it for life and overwrites it once a second, from the loop whose life it
stands for. Readers ask for the lock and never take it. The file is allocated beforehand, so that it
can be overwritten on a full disk.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.journal.failures import from_os
from trading_bot.journal.locks import is_held, release_in_forked_child, take
from trading_bot.journal.schema import TapePosition

SIZE: Final = 4_096
HEADER: Final = struct.Struct("<8sII")  # magic, length and checksum of the JSON that follows
MAGIC: Final = b"TTBEAC01"
STALE_AFTER_NS: Final = 3_000_000_000
READ_ATTEMPTS: Final = 5


class Beacon(msgspec.Struct, frozen=True, kw_only=True):
    """What the writer says about itself. ``ts`` is nanoseconds since the epoch, UTC.

    ``position`` is the last committed one; ``journal_error`` the code that commits fail with, or None.
    """

    pid: int
    run_id: str
    ts: int
    position: TapePosition
    mode: Mode
    journal_error: str | None = None


class BeaconStatus(StrEnum):
    """What a reader can tell: ``frozen`` holds its lock and is silent, ``dead`` does not hold it."""

    ALIVE = "alive"
    FROZEN = "frozen"
    DEAD = "dead"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


class BeaconReading(msgspec.Struct, frozen=True):
    """A reader's view. ``beacon`` is the last one written, if it could be read; of a dead one too."""

    status: BeaconStatus
    beacon: Beacon | None = None


class BeaconWriter:
    """Holds the beacon's lock until :meth:`close` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        release_in_forked_child(self)

    @classmethod
    def open(cls, path: Path | str) -> BeaconWriter:
        """Take the beacon. What an earlier writer said stays readable until the first :meth:`write`.

        Raises:
            OperatorError: JRNL_003 when another process holds it, JRNL_004, JRNL_005, JRNL_008 or
                JRNL_009 when it cannot be written.
        """
        place = Path(path)
        try:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise from_os(error, place) from error
        try:
            _claim(descriptor, place)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(place, descriptor)

    def write(self, beacon: Beacon) -> None:
        """Overwrite the beacon, in one write.

        Raises:
            OperatorError: JRNL_009, or as :meth:`open`.
            ValueError: the beacon is closed, or longer than its file.
        """
        if self._descriptor < 0:
            raise ValueError("the beacon is closed")
        body = msgspec.json.encode(beacon)
        block = (HEADER.pack(MAGIC, len(body), zlib.crc32(body)) + body).ljust(SIZE, b"\0")
        if len(block) > SIZE:
            raise ValueError(f"a beacon of {len(body)} bytes does not fit into {SIZE}")
        try:
            os.pwrite(self._descriptor, block, 0)
        except OSError as error:
            raise from_os(error, self.path) from error

    def release(self) -> None:
        """Close the file; where this process took the lock, that ends it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def close(self) -> None:
        """Give the lock back; may be called twice. The last beacon stays readable."""
        self.release()


def read_beacon(path: Path | str, now_ns: int, stale_after_ns: int = STALE_AFTER_NS) -> BeaconReading:
    """Read a beacon without disturbing its writer; raises nothing.

    Args:
        path: the beacon.
        now_ns: wall time, nanoseconds since the epoch.
        stale_after_ns: age from which a writer that holds its lock counts as frozen.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return BeaconReading(BeaconStatus.ABSENT)
    except OSError:
        return BeaconReading(BeaconStatus.UNREADABLE)
    try:
        beacon = _read_whole(descriptor)
        held = is_held(descriptor)
    except OSError:
        return BeaconReading(BeaconStatus.UNREADABLE)
    finally:
        os.close(descriptor)
    return BeaconReading(_status(beacon, now_ns - stale_after_ns, held=held), beacon)


def _claim(descriptor: int, path: Path) -> None:
    try:
        if not take(descriptor):
            holder = _read_whole(descriptor)
            who = "another process" if holder is None else f"process {holder.pid}"
            raise OperatorError("JRNL_003", f"{path} is already written by {who}", path=str(path))
        os.posix_fallocate(descriptor, 0, SIZE)
    except OSError as error:
        raise from_os(error, path) from error


def _status(beacon: Beacon | None, oldest: int, *, held: bool) -> BeaconStatus:
    if not held:
        return BeaconStatus.DEAD
    if beacon is None:
        return BeaconStatus.UNREADABLE
    return BeaconStatus.FROZEN if beacon.ts < oldest else BeaconStatus.ALIVE


def _read_whole(descriptor: int) -> Beacon | None:
    """Read until header and body fit together: a reader may meet a write half-way."""
    for _ in range(READ_ATTEMPTS):
        block = os.pread(descriptor, SIZE, 0)
        if len(block) == SIZE:
            magic, length, checksum = HEADER.unpack_from(block)
            body = block[HEADER.size : HEADER.size + length]
            if magic == MAGIC and zlib.crc32(body) == checksum:
                return _decode(body)
        time.sleep(0.001)
    return None


def _decode(body: bytes) -> Beacon | None:
    try:
        return msgspec.json.decode(body, type=Beacon)
    except msgspec.DecodeError:
        return None
