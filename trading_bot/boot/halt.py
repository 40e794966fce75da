"""The HALT file: while it exists the bot does not trade. It works with ops and the journal dead.

People or `tickertape halt` make it, `tickertape resume --confirm` removes it, nobody else does. What
is in it is for reading only: an empty file made by hand halts just as well.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Final

import msgspec

UNSAID: Final = "no reason given"
LONGEST: Final = 4096


class HaltRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for the halt, when (nanoseconds since the epoch, None when not said), and why."""

    actor: str = "unknown"
    at: int | None = None
    reason: str = UNSAID


def write_halt(path: Path, request: HaltRequest) -> None:
    """Make the file, durably, in one step; a halt that stands already keeps its first reason.

    Raises:
        OSError: when it cannot be written.
    """
    if path.exists():
        return
    draft = path.with_name(f".HALT-{os.getpid()}")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(request) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_halt(path: Path) -> HaltRequest | None:
    """Return what the file says, None where there is none.

    A file that cannot be read or holds anything else still halts: its first line is the reason.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        return HaltRequest(reason=f"the HALT file cannot be read: {error.strerror}")
    try:
        return msgspec.json.decode(content, type=HaltRequest)
    except msgspec.DecodeError:
        lines = content.decode(errors="replace").strip().splitlines()
        return HaltRequest(reason=lines[0] if lines else UNSAID)


def person() -> str:
    """Return the name of the user who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid without a row in passwd
        return f"uid {os.getuid()}"
