"""What the application is made of in a real process: each part made, and started where it works by itself."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import msgspec

from exporter.follow import BotView
from exporter.ops.access.keys import KeyRing
from exporter.ops.access.rates import Rates
from exporter.ops.access.sign_in import SignIn
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
from trading_bot.boot.settings import BootSettings
from trading_bot.domain.clock import Clock
from trading_bot.journal import TapeWriter
from trading_bot.telemetry import ErrorRecorder

STREAM_CLOSE_SECONDS: Final = 1.0


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What everything else stands on: opened, locked and followed already."""

    settings: BootSettings
    clock: Clock
    home: Home
    keys: KeyRing
    tape: TapeWriter
    errors: ErrorRecorder
    view: BotView
    recorder: Recorder


def compose(ground: Ground, held: ExitStack) -> Dependencies:
    """Return everything that handlers use; ``held`` stops what was started, the last first.

    Raises:
        OperatorError: BOT_005 when the stream's port is in use.
    """
    metrics = Registry()
    ask_process(metrics, ground.clock.now_ns(), ground.tape, ground.view)
    sign_in = SignIn.of_home(ground.home, ground.keys, ground.clock, ground.errors.record)
    sign_in.ask(metrics)
    history = History({JOURNAL: ground.home.journal, CONTROL: ground.home.control})
    held.callback(history.close)
    commands = Commands.of_tape(ground.tape, ground.view, ground.clock)
    configuration = _configuration(ground, commands, held)
    stream = _stream(ground, metrics, held)
    performance = PerformanceKeeper(ground.home.journal, ground.clock)
    performance.start()
    held.callback(performance.stop)
    alerts = AlertWatch(ground.settings.alertmanager_url, ground.clock)
    alerts.start()
    held.callback(alerts.stop)
    shelf = Shelf()
    shelf.start()
    sign_in.watch.start()
    workflows, incidents = _workflows(ground, commands, metrics)
    return Dependencies(
        workflows=workflows,
        incidents=incidents,
        rates=_rates(ground),
        sign_in=sign_in,
        metrics=metrics,
        view=ground.view,
        keys=ground.keys,
        clock=ground.clock,
        settings=ground.settings,
        recorder=ground.recorder,
        alerts=alerts,
        shelf=shelf,
        commands=commands,
        configuration=configuration,
        performance=performance,
        history=history,
        pings=(
            journal_ping(ground.view.journal),
            control_ping(ground.tape),
            alerts_ping(alerts),
            disk_ping(ground.home.path),
        ),
        stream_port=stream.port,
    )


def _rates(ground: Ground) -> Rates:
    settings = ground.settings
    return Rates(settings.api_rate_limit, settings.api_rate_limit_storage, ground.errors.record)


def _configuration(ground: Ground, commands: Commands, held: ExitStack) -> Configuration:
    keeper = Keeper(ground.home, commands.asked_settings, ground.errors.record)
    keeper.start()
    held.callback(keeper.stop)
    return Configuration(ground.view, keeper, ground.clock)


def _stream(ground: Ground, metrics: Registry, held: ExitStack) -> StreamServer:
    stream = StreamServer(
        ground.settings,
        ground.view,
        identify=ground.keys.identify,
        refuse=ground.recorder.refusal,
        report=ground.errors.record,
        clock=ground.clock,
    )
    ask_stream(metrics, stream.counts)
    stream.start()
    held.callback(stream.stop, STREAM_CLOSE_SECONDS)
    return stream


def _workflows(ground: Ground, commands: Commands, metrics: Registry) -> tuple[WorkflowDesk, Incidents]:
    bench = bench_of(
        view=ground.view,
        commands=commands,
        keys=ground.keys,
        settings=ground.settings,
        clock=ground.clock,
        tape=ground.tape,
        errors=ground.errors,
        metrics=metrics,
    )
    own = ground.home.workflows
    workflows = WorkflowDesk(bench, Library(SHIPPED, own))
    incidents = Incidents(bench, workflows, SHIPPED, own)
    workflows.start()
    return workflows, incidents
