"""The exporter process: follows both tapes, serves the metrics, ships spans and errors."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from exporter.follow import BotView, FollowedTape
from exporter.landing import landing_page
from exporter.metrics.page import MetricsPage, Sources
from exporter.otlp.shipping import Shipping
from exporter.server import Answer, Routes, Server
from exporter.telemetry_flow import TelemetryFlow, following
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.settings import BootSettings, url_host
from trading_bot.boot.signals import stop_event
from trading_bot.contract.errors import OperatorError
from trading_bot.domain.clock import Clock
from trading_bot.telemetry import ErrorRecorder, JsonLines, log_sink

NAME: Final = "exporter"
PORT_VARIABLE: Final = "BOT_METRICS_PORT"


class Exporter:
    """Everything that runs in the exporter process. Owns ``exporter.db`` from the constructor to :meth:`stop`.

    Args:
        settings: the boot settings.
        clock: the machine's, or a manual one.
        environment: read for the standard ``OTEL_`` variables.

    Raises:
        OperatorError: JRNL_003 when another exporter runs on this home, BOT_005 when the port is in use.
    """

    def __init__(
        self,
        settings: BootSettings,
        clock: Clock | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        clock = clock or SystemClock()
        home = Home(settings.home)
        self.errors = ErrorRecorder(log_sink(JsonLines(home.log(NAME), NAME)), clock)
        self.view = BotView(home, clock, self.errors.record)
        self.control = FollowedTape(home.control, self.errors.record)
        self.shipping = Shipping(home, environment, self.errors.record, clock)
        flow = TelemetryFlow(clock, (following(self.view), self.shipping.check))
        sources = Sources(
            view=self.view,
            control=self.control,
            telemetry=flow.condition,
            shipping=lambda: dict(self.shipping.stats()),
            errors=self.errors.counts,
        )
        self.page = MetricsPage(settings.name, sources, self.errors.record, clock)
        self._name = settings.name
        try:
            self.server = self._listen(settings)
        except OperatorError:
            self.shipping.stop()
            raise

    def _listen(self, settings: BootSettings) -> Server:
        return Server(
            settings.host,
            settings.metrics_port,
            self.routes(),
            variable=PORT_VARIABLE,
            report=self.errors.record,
        )

    def routes(self) -> Routes:
        """Return what is served where."""
        return {
            "/": lambda _: landing_page(self._name, self.view),
            "/metrics": self._metrics,
            "/-/healthy": lambda _: Answer(b"healthy: this process serves\n"),
            "/-/ready": lambda _: Answer(b"ready\n") if self.ready else NOT_READY,
        }

    @property
    def ready(self) -> bool:
        """Whether both tapes have been read, once, up to where they ended at the start."""
        return self.view.caught_up and self.control.caught_up

    def start(self) -> None:
        """Follow, ship and serve, in threads."""
        self.view.start()
        self.control.start()
        self.shipping.start()
        self.server.start()

    def stop(self) -> None:
        """End serving, shipping and following."""
        self.server.stop()
        self.shipping.stop()
        self.view.stop()
        self.control.stop()

    def _metrics(self, headers: Mapping[str, str]) -> Answer:
        if not self.ready:
            return NOT_READY
        content_type, body = self.page.render(headers.get("accept", ""))
        return Answer(body, content_type=content_type)


NOT_READY: Final = Answer(
    b"not ready: the journal is being read; counters would be too low\n",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    headers={"Retry-After": "1"},
)


def run(settings: BootSettings, stop: threading.Event | None = None) -> int:
    """Run the exporter until SIGTERM or SIGINT.

    Raises:
        OperatorError: JRNL_003 when another exporter runs on this home, BOT_005 when the port is in use.
    """
    stop = stop or stop_event()
    exporter = Exporter(settings)
    try:
        exporter.start()
        url = f"http://{url_host(settings.host)}:{exporter.server.port}"
        sys.stdout.write(f"exporter: metrics of {settings.name} at {url}/metrics\n")
        sys.stdout.flush()
        stop.wait()
    finally:
        exporter.stop()
    return 0
