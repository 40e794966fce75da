"""Exclusive locks that tell one writer from two, and a living one from a dead one.

They are Linux open-file-description locks. Unlike POSIX locks they are not dropped when some other
part of the process closes the file, and anybody may ask for them without taking them.

With fork: such a lock belongs to the open file, which a forked child shares, so by itself it would
outlive the process that took it for as long as a child lives. A :class:`Lock` therefore closes its
file in the child of a fork, as the first thing there, and the parent keeps it: **the process that
called acquire holds it, nobody else**, and it ends with that process, also by kill -9. So a forking
server takes its locks in the process that writes, after the fork; a lock taken before it protects
only the parent. A child started by exec never inherits it: Python opens files close-on-exec.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import weakref
from pathlib import Path
from typing import Protocol

from trading_bot.contract.errors import OperatorError
from trading_bot.journal.failures import from_os

FLOCK = struct.Struct("hhqqi4x")  # struct flock on 64-bit Linux: type, whence, start, length, pid
WHOLE_FILE = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
TAKEN_ERRNOS = frozenset({errno.EAGAIN, errno.EACCES})


def take(descriptor: int) -> bool:
    """Take the exclusive lock of an open file; False when another open file holds it."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, WHOLE_FILE)
    except OSError as error:
        if error.errno in TAKEN_ERRNOS:
            return False
        raise
    return True


def is_held(descriptor: int) -> bool:
    """Ask whether another open file holds the lock, without taking it."""
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, WHOLE_FILE)
    return bool(FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)


class Holder(Protocol):
    """Something that holds a lock by an open file."""

    def release(self) -> None:
        """Close the file without unlocking it for others who share it."""


class Lock:
    """The exclusive lock of one file of the home, kept in ``<file>.lock`` beside it.

    It is held from :meth:`acquire` until :meth:`release` or the end of the process that acquired it.

    Attributes:
        held: whether this process holds the lock; False after release and in a forked child.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.held = True
        self._descriptor = descriptor
        release_in_forked_child(self)

    @classmethod
    def acquire(cls, protected: Path) -> Lock:
        """Take the lock that protects a file.

        Raises:
            OperatorError: JRNL_003 when another process holds it (its pid is in the context as
                ``owner``), JRNL_004, JRNL_005, JRNL_008 or JRNL_009 when the lock file cannot be written.
        """
        path = lock_path(protected)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                owner = None if take(descriptor) else _written_pid(descriptor)
                if owner is None:
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except OSError:
                os.close(descriptor)
                raise
        except OSError as error:
            raise from_os(error, path) from error
        if owner is not None:
            os.close(descriptor)
            raise _taken(protected, owner)
        return cls(path, descriptor)

    def release(self) -> None:
        """Give the lock back. The lock file stays: removing it would let two writers in."""
        if self.held:
            self.held = False
            os.close(self._descriptor)


def lock_path(protected: Path) -> Path:
    """Return where the lock of a file lies."""
    return protected.with_name(protected.name + ".lock")


def lock_owner(protected: Path) -> int | None:
    """Return the pid of the process that holds a file's lock, None when nobody does.

    0 means that somebody does who has not written a pid yet. Never takes the lock.
    """
    try:
        descriptor = os.open(lock_path(protected), os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os(error, lock_path(protected)) from error
    try:
        return _written_pid(descriptor) if is_held(descriptor) else None
    finally:
        os.close(descriptor)


def _written_pid(descriptor: int) -> int:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else 0


def _taken(protected: Path, owner: int) -> OperatorError:
    who = f"process {owner}" if owner else "another process"
    return OperatorError(
        "JRNL_003", f"{protected} is already written by {who}", path=str(protected), owner=owner
    )


def release_in_forked_child(holder: Holder) -> None:
    """Have the child of every later fork close its copy of what ``holder`` holds; the parent keeps it."""
    reference = weakref.ref(holder)

    def forget() -> None:
        inherited = reference()
        if inherited is not None:
            inherited.release()

    os.register_at_fork(after_in_child=forget)
