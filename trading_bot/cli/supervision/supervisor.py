"""Keep the children running until told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from trading_bot.cli.supervision.child import Child
from trading_bot.cli.supervision.policy import SECOND, describe_exit

LOOK_EVERY: Final = 0.1
CLEAN_STOP: Final = 4.5
"""Seconds from the request to the last child's end; whoever still runs then is killed."""
FIRST_STOP: Final = 3.5
"""Seconds of them that the first child, the bot, has for itself."""

SIGNAL_NAMES: Final = {int(number): number.name for number in signal.Signals}


class Supervisor:
    """Starts children and starts them again.

    Args:
        children: in the order of their start. The one named ``stops_first`` is stopped before the others,
            so that it can still reach them while it ends.
        say: prints one line.
        every_look: called after each look at the children, about ten times a second.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        stops_first: str,
        say: Callable[[str], None],
        every_look: Callable[[], None],
    ) -> None:
        self._children = children
        self._first = [child for child in children if child.name == stops_first]
        self._rest = [child for child in children if child.name != stops_first]
        self._say = say
        self._every_look = every_look

    def run(self, stop: threading.Event, seconds: float | None) -> None:
        """Keep everything running until ``stop`` is set or ``seconds`` are over; then stop it all."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while not stop.wait(LOOK_EVERY) and (end is None or time.monotonic() < end):
                now = time.monotonic_ns()
                for child in self._children:
                    self._attend(child, now)
                self._every_look()
        finally:
            self._stop_all()

    def start_due(self) -> None:
        """Start whatever is due now."""
        now = time.monotonic_ns()
        for child in self._children:
            self._attend(child, now)

    def _attend(self, child: Child, now: int) -> None:
        exit_code = child.look(now)
        if exit_code is not None:
            self._announce(child, exit_code, now)
        if child.due is not None and child.due <= now:
            child.start()

    def _announce(self, child: Child, exit_code: int, now: int) -> None:
        assert child.due is not None
        delay = (child.due - now) / SECOND
        when = "at once" if delay == 0 else f"in {delay:g} s"
        words = child.last_words()
        last = f"; it said: {words}" if words else ""
        how = describe_exit(exit_code, SIGNAL_NAMES)
        self._say(f"{child.name} {how}, restart {child.restarts.count} {when}{last}")

    def _stop_all(self) -> None:
        begun = time.monotonic()
        self._stop(self._first, begun + FIRST_STOP)
        self._stop(self._rest, begun + CLEAN_STOP)

    def _stop(self, children: Sequence[Child], deadline: float) -> None:
        for child in children:
            child.ask_to_stop()
        for child in children:
            if not child.wait(deadline - time.monotonic()):
                self._say(f"{child.name} did not stop in time and was killed")
                child.kill()
