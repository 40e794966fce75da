"""Tasks that a part of the bot begins beside its own: one a key, what one fails of is recorded, none is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from trading_bot.telemetry import ErrorRecorder


class Subtasks:
    """Tasks by key. Whoever stops the bot cancels what :attr:`running` says."""

    def __init__(self, errors: ErrorRecorder) -> None:
        self._errors = errors
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def running(self) -> list[asyncio.Task[None]]:
        """Those that have not ended."""
        return list(self._tasks.values())

    def begin(self, key: str, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task, unless the one of this key is still at it."""
        if key in self._tasks:
            work.close()
            return
        task = self._tasks[key] = asyncio.create_task(work, name=name)
        task.add_done_callback(partial(self._ended, key))

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._errors.record(error)
