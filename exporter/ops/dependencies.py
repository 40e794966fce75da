"""What the application is made of, given to it from outside."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from flask import current_app

from exporter.ops.access.keys import KeyRing
from exporter.ops.access.rates import Rates
from exporter.ops.access.sign_in import SignIn
from exporter.ops.alerts import AlertWatch
from exporter.ops.commands import Commands
from exporter.ops.configuration import Configuration
from exporter.ops.history import History
from exporter.ops.metrics import Registry
from exporter.ops.performance import PerformanceKeeper
from exporter.ops.readiness import Ping
from exporter.ops.recording import Recorder
from exporter.ops.shelf import Shelf
from exporter.ops.view import View
from exporter.ops.workflows.desk import WorkflowDesk
from exporter.ops.workflows.incidents import Incidents
from trading_bot.boot.settings import BootSettings
from trading_bot.domain.clock import Clock

NAME: Final = "tickertape"
MOST_KEPT: Final = 16


class Memory:
    """The last bodies that were rendered, a few of them, by what was asked for."""

    def __init__(self) -> None:
        self._kept: dict[msgspec.Struct, Any] = {}

    def get(self, query: msgspec.Struct) -> Any:
        """Return what was kept for the query, or None."""
        return self._kept.get(query)

    def keep(self, query: msgspec.Struct, rendered: object) -> None:
        """Keep it instead of what was kept before; of too many queries the oldest is forgotten."""
        self._kept[query] = rendered
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]


class Dependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that handlers use."""

    view: View
    keys: KeyRing
    clock: Clock
    settings: BootSettings
    recorder: Recorder
    metrics: Registry = msgspec.field(default_factory=Registry)
    rates: Rates | None = None
    sign_in: SignIn | None = None
    memory: Memory = msgspec.field(default_factory=Memory)
    alerts: AlertWatch = msgspec.field(default_factory=AlertWatch)
    shelf: Shelf = msgspec.field(default_factory=Shelf)
    history: History
    performance: PerformanceKeeper
    pings: tuple[Ping, ...] = ()
    commands: Commands | None = None
    workflows: WorkflowDesk | None = None
    incidents: Incidents | None = None
    configuration: Configuration | None = None
    stream_port: int | None = None


def dependencies() -> Dependencies:
    """Return those of the application that handles this request."""
    return cast("Dependencies", current_app.extensions[NAME])
