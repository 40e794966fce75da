"""Follows the control tape from the bot's loop: the waiting is done by a thread of its own.

The tape may not be there yet, may be replaced, or may be unreadable. The bot trades on, says so once,
and reads it when it can.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import CommandIssued
from trading_bot.journal import Follower, Page, TapePosition

WAIT_SECONDS: Final = 1.0
MISSING: Final = "JRNL_013"


class ControlTape:
    """The commands of one control tape.

    Args:
        path: the tape; need not exist yet.
        report: gets why the tape cannot be read, once when that begins.
    """

    def __init__(self, path: Path, report: Callable[[TickertapeError], object]) -> None:
        self._path = path
        self._report = report
        self._fault: TickertapeError | None = None
        self._follower: Follower | None = None

    async def pages(self, position: TapePosition | None) -> AsyncIterator[Page]:
        """Yield commands from ``position`` on as they are committed, until :meth:`stop`."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            executor = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="control"))
            follower = self._follower = stack.enter_context(
                contextlib.closing(
                    Follower(self._path, position, kinds=(CommandIssued.KIND,), from_snapshot=False)
                )
            )
            stack.callback(executor.shutdown)  # before the files are closed under the thread
            stack.callback(follower.stop)
            while True:
                page = await loop.run_in_executor(executor, follower.next_page, WAIT_SECONDS)
                self._tell(follower)
                if page is not None:
                    yield page

    def stop(self) -> None:
        """Have the thread return at once; nothing more is given out."""
        if self._follower is not None:
            self._follower.stop()

    def _tell(self, follower: Follower) -> None:
        before, self._fault = self._fault, follower.fault
        fault = follower.fault
        if fault is None or (before is not None and before.code == fault.code):
            return
        if fault.code != MISSING or follower.position is not None:
            self._report(fault)  # a tape that has never been there is no error, one that is gone is
