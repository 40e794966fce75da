"""A tape with spans and errors on it, a collector, and shipping in this process, at a test's pace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.collector import COLLECTORS, QUICK, Collector, collecting, environment_of
from support.recording import Recording

from exporter.otlp.shipping import Shipping
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.errors import TickertapeError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def journal(home: Home) -> Iterator[Recording]:
    with Recording(home.journal) as recording:
        yield recording


@pytest.fixture(params=COLLECTORS)
def collector(request: pytest.FixtureRequest) -> Iterator[Collector]:
    with collecting(request.param) as running:
        yield running


@pytest.fixture
def http_collector() -> Iterator[Collector]:
    with collecting("http") as running:
        yield running


@pytest.fixture
def reported() -> list[TickertapeError]:
    """What shipping reported."""
    return []


@pytest.fixture
def ship(home: Home, reported: list[TickertapeError]) -> Iterator[Callable[..., Shipping]]:
    """`ship(collector)` starts shipping to it, `ship(None)` with nowhere to ship to."""
    started: list[Shipping] = []

    def begin(collector: Collector | None, **variables: str) -> Shipping:
        os.environ.update(environment_of(collector) if collector is not None else {}, **variables)
        shipping = Shipping(home, dict(os.environ), reported.append, SystemClock(), QUICK)
        started.append(shipping)
        shipping.start()
        return shipping

    yield begin
    for shipping in started:
        shipping.stop()
