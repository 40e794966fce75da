"""Small files with what is kept of keys, people and sessions: JSON, mode 0600, replaced whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from trading_bot.contract.errors import OperatorError

Kept = TypeVar("Kept")


def load(path: Path, kind: type[Kept]) -> tuple[Kept, ...]:
    """Return what the file holds, nothing where there is none.

    Raises:
        OperatorError: BOT_006 when it cannot be read, is open to others, or holds something else.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise OperatorError("BOT_006", f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{path} is open to others (mode {mode:04o}); expected mode 0600: chmod 600 {path}"
        raise OperatorError("BOT_006", message, path=str(path))
    try:
        return msgspec.json.decode(data, type=tuple[kind, ...])  # type: ignore[valid-type]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not what this release writes: {error}"
        raise OperatorError("BOT_006", message, path=str(path)) from error


def store(path: Path, items: tuple[msgspec.Struct, ...]) -> None:
    """Put ``items`` in place of what the file held: a reader sees the old or the new, and others nothing."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp: mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(items) + b"\n")
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold off other writers of this file meanwhile, those of other processes too."""
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
