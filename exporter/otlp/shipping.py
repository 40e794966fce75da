"""All that is shipped: two signals of two tapes, each at its own pace."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

from exporter.otlp.cursors import open_cursors
from exporter.otlp.destinations import Destination, Signal, is_wanted, protocol
from exporter.otlp.shipper import Pace, Report, Route, Shipper, Source, Stats
from exporter.telemetry_flow import Verdict
from trading_bot.boot.home import Home
from trading_bot.contract.events.lifecycle import ConditionStatus
from trading_bot.domain.clock import SECOND, Clock

CONVERTERS: Final = {
    Signal.TRACES: ("exporter.otlp.spans", "spans_of"),
    Signal.LOGS: ("exporter.otlp.logs", "logs_of"),
}
"""Loaded only when the signal has somewhere to go: the SDK costs 40 MB."""

TOLERATED_NS: Final = 60 * SECOND
"""A collector may be away so long before telemetry counts as not flowing."""

STOP_SECONDS: Final = 0.7
"""What is under way may so long take to be confirmed when the exporter ends."""


class Shipping:
    """The shippers of an exporter. Holds the lock of ``exporter.db`` from the constructor to :meth:`stop`.

    Args:
        home: where the tapes and the cursors are.
        environment: the standard ``OTEL_`` variables.
        report: records an error.
        clock: for the age of an outage.
        pace: how often it is tried.

    Raises:
        OperatorError: JRNL_003, another exporter runs on this home; BOT_002, an unknown protocol.
    """

    def __init__(
        self,
        home: Home,
        environment: Mapping[str, str],
        report: Report,
        clock: Clock,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        routes = {signal: route(signal, environment) for signal in Signal}
        self._clock = clock
        self._database = open_cursors(home.exporter)
        self._shippers = [
            Shipper(
                Source(tape, path, signal),
                self._database,
                routes[signal],
                report=report,
                clock=clock,
                pace=pace,
            )
            for tape, path in tapes(home)
            for signal in Signal
        ]
        self._is_shipping = any(routes.values())

    def start(self) -> None:
        """Begin to ship."""
        for shipper in self._shippers:
            shipper.start()

    def stop(self) -> None:
        """End shipping and give the database back, also while a collector keeps a request waiting."""
        deadline = time.monotonic() + STOP_SECONDS
        for shipper in self._shippers:
            shipper.stop()
        for shipper in self._shippers:
            shipper.join(deadline - time.monotonic())
        self._database.close()

    def stats(self) -> Iterator[tuple[tuple[str, str], Stats]]:
        """Yield (tape, signal) and what its shipper has done."""
        for shipper in self._shippers:
            yield (shipper.tape, str(shipper.signal)), shipper.stats

    def check(self) -> Verdict:
        """Return what shipping says about TelemetryFlowing."""
        if not self._is_shipping:
            return Verdict(ConditionStatus.TRUE, "NotShipping", "no OTLP endpoint is set; nothing is shipped")
        now = self._clock.now_ns()
        for (tape, signal), stats in self.stats():
            since = stats.failing_since
            if since is not None and now - since > TOLERATED_NS:
                away = f"{signal} of the {tape} are not taken for {(now - since) / SECOND:.0f} s"
                return Verdict(ConditionStatus.FALSE, "CollectorAway", f"{away}: {stats.message}")
        return Verdict(ConditionStatus.TRUE, "Shipping", "spans and errors are shipped")


def tapes(home: Home) -> tuple[tuple[str, Path], ...]:
    """Return the tapes that are shipped, by name."""
    return ("journal", home.journal), ("control", home.control)


def route(signal: Signal, environment: Mapping[str, str]) -> Route | None:
    """Return where a signal goes, None for nowhere."""
    if not is_wanted(signal, environment):
        return None
    protocol(signal, environment)
    module, name = CONVERTERS[signal]
    return Route(partial(Destination, signal, environment), getattr(import_module(module), name))
