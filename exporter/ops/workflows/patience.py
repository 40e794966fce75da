"""Waiting that ends: by the step's time limit, by a cancellation, or because ops stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from trading_bot.contract.errors import NonRetriableError


class Stopping(Exception):  # noqa: N818 - what happens, not an error
    """Ops stops: the step is left as it is, and goes on at the next start."""


class Interrupts:
    """What ends the waiting of every step of one execution."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stopping = False
        self._reversed = False

    def stop(self) -> None:
        """Ops stops."""
        self._stopping = True
        self._wake.set()

    def reverse(self) -> None:
        """The execution goes back: what still runs is to end."""
        self._reversed = True
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether ops stops."""
        return self._stopping

    def pause(self, seconds: float) -> None:
        """Wait, also for longer than the execution's limits; less when ops stops."""
        if not self._stopping:
            time.sleep(min(seconds, 1.0))

    def wait(self, seconds: float, *, undoing: bool) -> None:
        """Wait, unless it is over.

        Raises:
            Stopping: ops stops.
            NonRetriableError: WF_013, the execution goes back; not while it is undoing.
        """
        if undoing and self._reversed and not self._stopping:
            time.sleep(seconds)  # looked at again soon: nobody waits for long at once
        else:
            self._wake.wait(seconds)
        if self._stopping:
            raise Stopping
        if self._reversed and not undoing:
            raise NonRetriableError("WF_013", "the execution goes back; this step was ended")


class Patience:
    """How long one attempt may take.

    Args:
        interrupts: of the execution.
        seconds: what is left of the time limit.
        undoing: whether it is a compensation, which a cancellation does not end.
        monotonic: seconds that never go back.
    """

    LONGEST_NAP = 0.25

    def __init__(
        self,
        interrupts: Interrupts,
        seconds: float,
        *,
        undoing: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interrupts = interrupts
        self._monotonic = monotonic
        self._undoing = undoing
        self._deadline = monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds until the time limit, 0 when it is over."""
        return max(0.0, self._deadline - self._monotonic())

    def check(self) -> None:
        """Raise what has ended the waiting, if anything has."""
        self._interrupts.wait(0.0, undoing=self._undoing)
        if not self.remaining:
            raise NonRetriableError("WF_009", "the step did not end within its time limit")

    def wait(self, seconds: float) -> None:
        """Wait so long.

        Raises:
            Stopping: ops stops.
            NonRetriableError: WF_009 at the time limit, WF_013 when the execution goes back.
        """
        until = self._monotonic() + seconds
        self.check()
        while (rest := min(until, self._deadline) - self._monotonic()) > 0:
            self._interrupts.wait(min(rest, self.LONGEST_NAP), undoing=self._undoing)
        if until >= self._deadline:
            self.check()
