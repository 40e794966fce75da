"""Who this process is: its run, and who would start it again."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from typing import Final

from trading_bot.contract.events.lifecycle import Supervisor

SUPERVISOR_VARIABLE: Final = "TICKERTAPE_SUPERVISOR"
"""Set by `tickertape up` for its children and by docker-compose.yml; one of :class:`Supervisor`'s values."""


def new_run_id(now_ns: int) -> str:
    """Return an id that sorts by time and is never given twice, e.g. ``20261122T013322-9f2c41``."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_ns // 1_000_000_000))
    return f"{stamp}-{secrets.token_hex(3)}"


def supervisor(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> Supervisor:
    """Return who restarts this process when it ends.

    A value that names no known supervisor counts as none: claiming one that does not exist would
    make a reader wait for a restart that nobody makes.
    """
    named = environment.get(SUPERVISOR_VARIABLE)
    if named in set(Supervisor):
        return Supervisor(named)
    own = str(os.getpid() if pid is None else pid)
    if environment.get("SYSTEMD_EXEC_PID") == own:  # inherited by grandchildren, true only for the service
        return Supervisor.SYSTEMD
    return Supervisor.NONE
