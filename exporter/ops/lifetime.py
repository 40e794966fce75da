"""What the process that serves holds, from its start to its end: locks, control tape, follower."""

from __future__ import annotations

import os
import platform
import socket
import threading
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.access.rates import Rates
from exporter.ops.access.sign_in import SignIn
from exporter.ops.access.watch import AccessWatch
from exporter.ops.alerts import AlertWatch
from exporter.ops.commands import Commands
from exporter.ops.configuration import Configuration
from exporter.ops.configuration.keeper import Keeper
from exporter.ops.dependencies import Dependencies
from exporter.ops.history import CONTROL, JOURNAL, History
from exporter.ops.metrics import Registry
from exporter.ops.metrics.process import ask_process
from exporter.ops.metrics.stream import ask_stream
from exporter.ops.performance import PerformanceKeeper
from exporter.ops.readiness import alerts_ping, control_ping, disk_ping, journal_ping
from exporter.ops.recording import Recorder
from exporter.ops.shelf import Shelf
from exporter.ops.stream.server import StreamServer
from exporter.ops.workflows.bench import bench_of
from exporter.ops.workflows.desk import WorkflowDesk
from exporter.ops.workflows.incidents import Incidents
from exporter.ops.workflows.library import SHIPPED, Library
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

    def __init__(
        self, lock: Lock, tape: TapeWriter, view: BotView, stream: StreamServer, needs: Dependencies
    ) -> None:
        self.needs = needs
        self._stream = stream
        self._lock = lock
        self._tape = tape
        self._view = view
        self._ending = threading.Event()
        threading.Thread(target=self._prune, name="prune", daemon=True).start()

    @classmethod
    def begin(cls, settings: BootSettings, clock: Clock) -> Lifetime:
        """Take the locks, open the control tape, and follow the bot's.

        Raises:
            TickertapeError: JRNL_001 to JRNL_010 when another ops runs on this home or its tape cannot be
                written; BOT_005 when the stream's port is in use, BOT_006 when a key file cannot be used.
        """
        home = Home(settings.home)
        keys = KeyRing.of_home(home, settings)
        lock = Lock.acquire(home.ops)
        try:
            run_id = new_run_id(clock.now_ns())
            tape = TapeWriter.open(home.control, bot=settings.name, run_id=run_id, clock=clock)
        except BaseException:
            lock.release()
            raise
        tape.append(_started())
        tape.on_commit(log_committed(JsonLines(home.log(NAME), NAME)))
        errors = ErrorRecorder(tape_sink(tape), clock)
        view = BotView(home, clock, errors.record)
        view.start()
        recorder = Recorder(errors, Tracer(clock), tape, clock)
        alerts, shelf = AlertWatch(settings.alertmanager_url, clock), Shelf()
        alerts.start()
        shelf.start()
        performance = PerformanceKeeper(home.journal, clock)
        performance.start()
        commands = Commands.of_tape(tape, view, clock)
        keeper = Keeper(home, commands.asked_settings, errors.record)
        keeper.start()
        metrics = Registry()
        ask_process(metrics, clock.now_ns(), tape, view)
        stream = stream_of(settings, view, keys, recorder, errors, clock)
        ask_stream(metrics, stream.counts)
        try:
            stream.start()
        except BaseException:
            view.stop()
            tape.close(CLOSE_SECONDS)
            lock.release()
            raise
        sign_in = SignIn.of_home(home, keys, clock)
        sign_in.ask(metrics)
        AccessWatch(keys, sign_in.sessions, errors.record).start()
        bench = bench_of(
            view=view,
            commands=commands,
            keys=keys,
            settings=settings,
            clock=clock,
            tape=tape,
            errors=errors,
            metrics=metrics,
        )
        workflows = WorkflowDesk(bench, Library(SHIPPED, home.workflows))
        needs = Dependencies(
            workflows=workflows,
            incidents=Incidents(bench, workflows, SHIPPED, home.workflows),
            rates=Rates(settings.api_rate_limit, settings.api_rate_limit_storage, errors.record),
            sign_in=sign_in,
            metrics=metrics,
            view=view,
            keys=keys,
            clock=clock,
            settings=settings,
            recorder=recorder,
            alerts=alerts,
            shelf=shelf,
            commands=commands,
            configuration=Configuration(view, keeper, clock),
            performance=performance,
            history=History({JOURNAL: home.journal, CONTROL: home.control}),
            pings=(
                journal_ping(view.journal),
                control_ping(tape),
                alerts_ping(alerts),
                disk_ping(home.path),
            ),
            stream_port=stream.port,
        )
        workflows.start()
        return cls(lock, tape, view, stream, needs)

    def end(self, reason: str) -> None:
        """Say why on the tape, and give everything back. What cannot be written within a second is lost."""
        self._ending.set()
        if self.needs.workflows is not None:
            self.needs.workflows.stop()
        try:
            self._tape.append(OpsStopped(reason=reason))
            self.needs.alerts.stop()
            self.needs.performance.stop()
            self._stream.stop(CLOSE_SECONDS)
            if self.needs.configuration is not None:
                self.needs.configuration.keeper.stop()
            self._view.stop()
            self.needs.history.close()
            self._tape.close(CLOSE_SECONDS)
        finally:
            self._lock.release()

    def _prune(self) -> None:
        """Now and then take the spans off the tape that are past their time, and say so on it."""
        while not self._ending.wait(PRUNE_SECONDS):
            with suppress(TickertapeError):  # the tape's fault is recorded by whatever else is written there
                pruned = self._tape.prune(SPANS_KEPT, self.needs.clock.now_ns()).result()
                if pruned.spans:
                    self._tape.append(TapePruned(before=pruned.before, measurements=0, spans=pruned.spans))


def stream_of(
    settings: BootSettings,
    view: BotView,
    keys: KeyRing,
    recorder: Recorder,
    errors: ErrorRecorder,
    clock: Clock,
) -> StreamServer:
    """Return the stream of this process, not started."""
    return StreamServer(
        settings, view, identify=keys.identify, refuse=recorder.refusal, report=errors.record, clock=clock
    )


def _started() -> OpsStarted:
    return OpsStarted(
        version=version("tickertape"),
        pid=os.getpid(),
        host=socket.gethostname(),
        python=platform.python_version(),
    )
