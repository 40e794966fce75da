"""When a process that ended is started again. Pure: the time is an argument."""

from __future__ import annotations

from typing import Final

import msgspec

SECOND: Final = 1_000_000_000
FIRST_DELAY: Final = SECOND // 2
LARGEST_DELAY: Final = 10 * SECOND
STEADY_AFTER: Final = 30 * SECOND
RESTART_WANTED: Final = 75


class Restarts(msgspec.Struct, frozen=True, kw_only=True):
    """How one process has done so far. Times are monotonic nanoseconds, delays nanoseconds."""

    next_delay: int = FIRST_DELAY
    ready_since: int | None = None
    count: int = 0


def on_ready(restarts: Restarts, now: int) -> Restarts:
    """Return the record of a process that does its work since ``now``; only the first call counts."""
    if restarts.ready_since is not None:
        return restarts
    return msgspec.structs.replace(restarts, ready_since=now)


def on_exit(restarts: Restarts, exit_code: int, now: int) -> tuple[Restarts, int]:
    """Return the record after a process ended, and for how long to wait before it is started again.

    75 asks for a restart and gets it at once. Anything else waits, twice as long each time and at
    most 10 s; a process that had been ready for 30 s begins at 0.5 s again. It never gives up.
    """
    steady = restarts.ready_since is not None and now - restarts.ready_since >= STEADY_AFTER
    delay = FIRST_DELAY if steady else restarts.next_delay
    count = restarts.count + 1
    if exit_code == RESTART_WANTED:
        return Restarts(next_delay=delay, count=count), 0
    return Restarts(next_delay=min(2 * delay, LARGEST_DELAY), count=count), delay


def describe_exit(exit_code: int, signal_names: dict[int, str]) -> str:
    """Return how a process ended, in words; a negative code is the signal that killed it."""
    if exit_code < 0:
        return f"killed by {signal_names.get(-exit_code, f'signal {-exit_code}')}"
    return "asked for a restart" if exit_code == RESTART_WANTED else f"ended with {exit_code}"
