"""The page: a moment taken from the tapes, rendered as the client asks for it."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from exporter.follow import BotView, FollowedTape, Report
from exporter.metrics.families import Collectors, Points, families
from exporter.metrics.scrape import Own, Scrape, Shipped
from trading_bot.contract.errors import OperatorError, describe
from trading_bot.contract.settings import Settings
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.clock import Clock
from trading_bot.domain.health import Health
from trading_bot.domain.state import Condition, SettingsState, State
from trading_bot.journal import TapePosition

T = TypeVar("T")
PAGE_BYTES: Final = resource.getpagesize()


class Sources(NamedTuple):
    """Where a page comes from.

    ``telemetry`` gives the exporter's own condition, TelemetryFlowing; ``shipping`` how far each signal
    of each tape has been shipped; ``errors`` are the exporter's by code.
    """

    view: BotView
    control: FollowedTape
    telemetry: Callable[[], Condition]
    shipping: Callable[[], Mapping[tuple[str, str], Shipped]]
    errors: Mapping[str, int]


class MetricsPage:
    """Renders ``/metrics``.

    Args:
        bot: the label ``bot`` of every sample.
        sources: what is read at each scrape.
        report: records an error of the exporter.
        clock: the time of the scrape, and of the collectors.
    """

    def __init__(self, bot: str, sources: Sources, report: Report, clock: Clock) -> None:
        self._bot = bot
        self._sources = sources
        self._clock = clock
        self._collectors = Collectors(clock, report)
        self._settings = SettingsReader(report)
        self._started_at = clock.now_ns()

    def render(self, accept: str) -> tuple[str, bytes]:
        """Return content type and body: OpenMetrics where ``accept`` asks for it, else text."""
        own = self._own()
        now = self._clock.now_ns()

        def collect(state: State, health: Health, _position: TapePosition | None) -> list[Points]:
            settings = self._settings.read(state.settings)
            scrape = Scrape(now_ns=now, state=state, health=health, settings=settings, own=own)
            return self._collectors.collect(scrape)

        return encode(self._sources.view.read(collect), self._bot, accept)

    def _own(self) -> Own:
        sources = self._sources
        journal, control = sources.view.journal, sources.control
        control_errors = control.read(lambda state, _: dict(state.counts.get(metrics.ERRORS_TOTAL.name, {})))
        commands = control.read(lambda state, _: tuple(state.control.issued.values()))
        return Own(
            started_at=self._started_at,
            cpu_seconds=cpu_seconds(),
            resident_bytes=resident_bytes(),
            lag={"journal": sources.view.lag, "control": control.behind},
            rewinds={"journal": journal.rewinds, "control": control.rewinds},
            disagreements=journal.disagreements + control.disagreements,
            errors=dict(sources.errors),
            journal_bytes=tape_bytes(journal.path),
            journal_disk_free=disk_free(journal.path.parent),
            control_position=control.position.seq if control.position else None,
            control_errors=control_errors,
            commands=commands,
            telemetry=sources.telemetry(),
            shipping=sources.shipping(),
        )


class SettingsReader:
    """Reads the settings in force, once a generation. They were validated before they were appended."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._hash: str | None = None
        self._settings: Settings | None = None

    def read(self, applied: SettingsState) -> Settings | None:
        """Return the settings, None while there are none or when this release cannot read them."""
        if applied.hash == self._hash or applied.settings is None:
            return self._settings if applied.settings is not None else None
        self._hash = applied.hash
        try:
            self._settings = msgspec.convert(applied.settings, Settings, strict=False)
        except msgspec.ValidationError as error:
            self._settings = None
            message = f"the settings of generation {applied.generation} cannot be read: {describe(error)}"
            self._report(OperatorError("TEL_004", message, generation=applied.generation))
        return self._settings


class _Page(Collector):
    """What prometheus_client's encoders take."""

    def __init__(self, page: list[Points], bot: str) -> None:
        self._families = families(page, bot)

    def collect(self) -> list[Family]:
        """Return the families."""
        return self._families


def encode(page: list[Points], bot: str, accept: str) -> tuple[str, bytes]:
    """Return content type and body of what was collected. No family has a ``_created`` series."""
    _, content_type = choose_encoder(accept)
    is_openmetrics = content_type.startswith("application/openmetrics-text")
    encoder = _as_openmetrics if is_openmetrics else generate_latest
    return content_type, encoder(_Page(page, bot))


def _as_openmetrics(page: Collector) -> bytes:
    # Our names need no escaping, so every scheme gives the same bytes; this one is 2.5 times as fast.
    encoded: bytes = openmetrics.generate_latest(page, escaping=openmetrics.ALLOWUTF8)  # type: ignore[no-untyped-call]
    return encoded


def cpu_seconds() -> float:
    """Return user and system time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    """Return the memory that this process occupies now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def tape_bytes(path: Path) -> int | None:
    """Return the bytes of a tape and its write-ahead log on disk, None when there is no tape."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 - one call a scrape, no object
    except OSError:
        return None
    wal = path.with_name(path.name + "-wal")
    try:
        return size + wal.stat().st_size
    except OSError:
        return size


def disk_free(folder: Path) -> int | None:
    """Return the bytes that a process without privileges may still write there, None when it cannot be asked."""
    try:
        asked = os.statvfs(folder)
    except OSError:
        return None
    return asked.f_bavail * asked.f_frsize
