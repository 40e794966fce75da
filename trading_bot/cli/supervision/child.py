"""One child process: a session of its own, its output in a file, ended together with its descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from trading_bot.cli.supervision.policy import Restarts, on_exit, on_ready

Ready = Callable[[int], bool]
"""Whether the process of that pid does its work."""

TAIL = 4096


class Child:
    """A process that is wanted. Times are monotonic nanoseconds.

    Args:
        name: for people.
        command: program and arguments.
        environment: all variables of the process.
        output: file that takes what it prints; begun anew by the first start.
        is_ready: asked until it says yes, once for each start.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        output: Path,
        is_ready: Ready,
    ) -> None:
        self.name = name
        self.restarts = Restarts()
        self.due: int | None = 0
        """When it is to be started; None while it runs."""
        self._command = list(command)
        self._environment = dict(environment)
        self._output = output
        self._is_ready = is_ready
        self._process: subprocess.Popen[bytes] | None = None
        self._printed_before = 0

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process is not None else None

    @property
    def ready(self) -> bool:
        """Whether it runs and has been seen at work."""
        return self._process is not None and self.restarts.ready_since is not None

    def start(self) -> int:
        """Start it and return its pid. Call from a thread that lives as long as this process does."""
        first = self.restarts.count == 0
        with self._output.open("wb" if first else "ab") as output:
            self._printed_before = output.tell()
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.due = None
        return self._process.pid

    def look(self, now: int) -> int | None:
        """Return the exit code when it has ended since the last look; note when it has become ready."""
        if self._process is None:
            return None
        exit_code = self._process.poll()
        if exit_code is None:
            if not self.ready and self._is_ready(self._process.pid):
                self.restarts = on_ready(self.restarts, now)
            return None
        self._end_descendants(self._process.pid)
        self._process = None
        self.restarts, delay = on_exit(self.restarts, exit_code, now)
        self.due = now + delay
        return exit_code

    def last_words(self) -> str:
        """Return the last line that it printed in this run, empty when there is none."""
        with self._output.open("rb") as output:
            end = output.seek(0, os.SEEK_END)
            output.seek(max(self._printed_before, end - TAIL))
            lines = output.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Return whether it has ended, waiting for at most ``seconds``."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        self._end_descendants(self._process.pid)
        self._process = None
        return True

    def kill(self) -> None:
        """End it and all that it started, now."""
        if self._process is not None:
            self._end_descendants(self._process.pid)
            self._process.wait()
            self._process = None

    @staticmethod
    def _end_descendants(pid: int) -> None:
        # The child leads a session and a group of its own, and its pid is not given again while the
        # group has members: a worker that outlived its parent is all that this can reach.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
