"""Scrapes made by hand: what the collectors are given, without files and without a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from exporter.metrics.families import COLLECTORS, Collectors
from exporter.metrics.page import encode
from exporter.metrics.scrape import Own, Scrape
from support.history import SETTINGS
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.domain.clock import Clock
from trading_bot.domain.health import Liveness, assess
from trading_bot.domain.state import Condition, State


class ShippedSoFar(msgspec.Struct):
    """How far a signal was shipped, for a page without shippers."""

    shipped: int = 40
    dropped: int = 0
    failures: int = 1
    passed_at: int | None = 1_700_000_008_000_000_000
    lag_events: int = 3


OWN = Own(
    started_at=1_699_999_000_000_000_000,
    cpu_seconds=0.5,
    resident_bytes=50_331_648,
    lag={"journal": 0, "control": 0},
    rewinds={"journal": 1, "control": 0},
    disagreements=0,
    errors={"TEL_003": 1},
    journal_bytes=204_800,
    journal_disk_free=20_000_000_000,
    control_position=12,
    control_errors={"API_001|warning": 2.0},
    telemetry=Condition(
        name=ConditionName.TELEMETRY_FLOWING,
        status=ConditionStatus.TRUE,
        reason="Following",
        message="the journal is followed",
        since=1_699_999_001_000_000_000,
    ),
    shipping={
        ("journal", "traces"): ShippedSoFar(),
        ("control", "logs"): ShippedSoFar(shipped=2, failures=0),
    },
)


def scrape_of(
    state: State,
    clock: Clock,
    liveness: Liveness = Liveness.ALIVE,
    own: dict[str, Any] | None = None,
    **health: Any,
) -> Scrape:
    now = clock.now_ns()
    return Scrape(
        now_ns=now,
        state=state,
        health=assess(state, now, liveness, **health),
        settings=SETTINGS if state.settings.generation else None,
        own=msgspec.structs.replace(OWN, **(own or {})),
    )


def render(scrape: Scrape, clock: Clock, accept: str = "", tables: Any = COLLECTORS) -> str:
    reported: list[TickertapeError] = []
    body = encode(Collectors(clock, reported.append, tables).collect(scrape), "demo", accept)[1].decode()
    assert not reported, reported[0].message
    return body


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the samples of a page by name and labels other than ``bot``."""
    return {
        (sample.name, frozenset(item for item in sample.labels.items() if item[0] != "bot")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float | None:
    """Return one sample of a page, None where it is not there."""
    return samples(text).get((name, frozenset(labels.items())))


def names(text: str) -> set[str]:
    """Return the families that a page declares."""
    return {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def reported_by(tables: Any, scrapes: Iterable[Scrape], clock: Clock) -> list[TickertapeError]:
    """Return what a page reports while it collects several times."""
    reported: list[TickertapeError] = []
    collectors = Collectors(clock, reported.append, tables)
    for scrape in scrapes:
        collectors.collect(scrape)
    return reported
