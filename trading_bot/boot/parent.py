"""A child process ends when the one that started it does, however that one died."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Mapping
from typing import Final

PARENT_VARIABLE: Final = "TICKERTAPE_PARENT"
"""The pid of the `tickertape up` that started this process."""

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent(parent: int, sent: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send ``sent`` to this process when ``parent`` dies; end now if it is dead already.

    The kernel watches the *thread* that made this process: start children from a thread that lives
    as long as the process. The parent is checked afterwards, because it may have died in between.

    Raises:
        SystemExit: with 1, when the parent is gone.
        OSError: when the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise SystemExit(1)


def die_with_up(environment: Mapping[str, str] = os.environ) -> None:
    """Do so when `tickertape up` started this process; otherwise it lives as its own supervisor likes."""
    parent = environment.get(PARENT_VARIABLE, "")
    if parent.isdecimal():
        die_with_parent(int(parent))
