"""What the process that serves holds, from its start to its end: locks, control tape, follower."""

from __future__ import annotations

import os
import platform
import socket
import threading
from contextlib import ExitStack, suppress
from importlib.metadata import version
from typing import Final

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.composition import Ground, compose
from exporter.ops.dependencies import Dependencies
from exporter.ops.recording import Recorder
from trading_bot.boot.home import Home
from trading_bot.boot.identity import new_run_id
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import OpsStarted, OpsStopped, TapePruned
from trading_bot.domain.clock import Clock
from trading_bot.journal import Lock, RetentionPolicy, TapeWriter
from trading_bot.telemetry import ErrorRecorder, JsonLines, Tracer, tape_sink
from trading_bot.telemetry.errors import log_committed

NAME: Final = "ops"
CLOSE_SECONDS: Final = 1.0
PRUNE_SECONDS: Final = 600.0
SPANS_KEPT: Final = RetentionPolicy(span_bytes=64 * 1024**2)
"""48 hours, or so many bytes."""


class Lifetime:
    """The one writer of the control tape, and the view of the bot that is served.

    Begun by :meth:`begin` in the process that serves, after any fork: locks and threads do not survive one.
    """

    def __init__(self, ground: Ground, needs: Dependencies, held: ExitStack) -> None:
        self.needs = needs
        self._ground = ground
        self._held = held
        self._ending = threading.Event()
        threading.Thread(target=self._prune, name="prune", daemon=True).start()

    @classmethod
    def begin(cls, settings: BootSettings, clock: Clock) -> Lifetime:
        """Take the locks, open the control tape, follow the bot's, and start whatever works beside requests.

        Raises:
            TickertapeError: JRNL_001 to JRNL_010 when another ops runs on this home or its tape cannot be
                written; BOT_005 when the stream's port is in use, BOT_006 when a key file cannot be used.
        """
        with ExitStack() as held:
            ground = lay_ground(settings, clock, held)
            needs = compose(ground, held)
            return cls(ground, needs, held.pop_all())

    def end(self, reason: str) -> None:
        """Say why on the tape, and give everything back. What cannot be written within a second is lost."""
        self._ending.set()
        try:
            if self.needs.workflows is not None:
                self.needs.workflows.stop()
            self._ground.tape.append(OpsStopped(reason=reason))
        finally:
            self._held.close()

    def _prune(self) -> None:
        """Now and then take the spans off the tape that are past their time, and say so on it."""
        tape, clock = self._ground.tape, self._ground.clock
        while not self._ending.wait(PRUNE_SECONDS):
            with suppress(TickertapeError):  # the tape's fault is recorded by whatever else is written there
                pruned = tape.prune(SPANS_KEPT, clock.now_ns()).result()
                if pruned.spans:
                    tape.append(TapePruned(before=pruned.before, measurements=0, spans=pruned.spans))


def lay_ground(settings: BootSettings, clock: Clock, held: ExitStack) -> Ground:
    """Take the lock, open the tape, follow the bot; ``held`` gives all of it back, the last first."""
    home = Home(settings.home)
    keys = KeyRing.of_home(home, settings)
    held.callback(Lock.acquire(home.ops).release)
    run_id = new_run_id(clock.now_ns())
    tape = TapeWriter.open(home.control, bot=settings.name, run_id=run_id, clock=clock)
    held.callback(tape.close, CLOSE_SECONDS)
    tape.append(_started())
    tape.on_commit(log_committed(JsonLines(home.log(NAME), NAME)))
    errors = ErrorRecorder(tape_sink(tape), clock)
    view = BotView(home, clock, errors.record)
    view.start()
    held.callback(view.stop)
    recorder = Recorder(errors, Tracer(clock), tape, clock)
    return Ground(
        settings=settings,
        clock=clock,
        home=home,
        keys=keys,
        tape=tape,
        errors=errors,
        view=view,
        recorder=recorder,
    )


def _started() -> OpsStarted:
    return OpsStarted(
        version=version("tickertape"),
        pid=os.getpid(),
        host=socket.gethostname(),
        python=platform.python_version(),
    )
