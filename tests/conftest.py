"""What every test gets: a clean environment, golden files, real monitoring programs, a table of counts."""

from __future__ import annotations

import decimal
import gc
import os
import random
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.command import Command
from support.counts import rows_of, table
from support.golden import Golden
from support.programs import Programs

STARTS_OF_FOREIGN_SETTINGS = ("BOT_", "OTEL_", "PROMETHEUS_")
FOREIGN_SETTINGS = {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ccxt_proxy"}
# A test's home is new and its processes are its own: nothing of the developer's shell may reach them.

LONGEST_SECONDS = 3_600


def is_foreign(name: str) -> bool:
    return name.startswith(STARTS_OF_FOREIGN_SETTINGS) or name.lower() in FOREIGN_SETTINGS


def pytest_configure() -> None:
    """Hear Ctrl-C: who is started in the background ignores it, and so would whoever a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Take the settings of the developer's shell away, and put back what a test changed."""
    before = dict(os.environ)
    for name in filter(is_foreign, before):
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def own_decimal_context() -> Iterator[None]:
    """Put back what a test, or a library that it calls, changed in the thread's decimal context."""
    with decimal.localcontext():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without garbage collection: what is collected stays, and is not looked at again in each test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Whether the full counts are asked for (`make test-long`)."""
    return bool(os.environ.get("TICKERTAPE_LONG"))


@pytest.fixture
def seed(long_run: bool) -> int:
    """What random choices begin with: the same in each short run, another one in each long run."""
    seed = int(
        os.environ.get("TICKERTAPE_SEED") or (random.SystemRandom().randrange(2**32) if long_run else 7)
    )
    print(f"seed {seed} (TICKERTAPE_SEED={seed} repeats the choices, if not the timing)")
    return seed


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Golden files in a folder `golden/` beside the test; `make golden` rewrites them."""
    return Golden(request.path.parent / "golden")


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """The real command line, with a home and ports of its own; whatever it started has ended afterwards."""
    command = Command(tmp_path / "home")
    yield command
    command.stop_all()


@pytest.fixture(scope="session")
def programs() -> Programs:
    return Programs(Path(__file__).parents[1] / ".cache" / "prometheus")


@pytest.fixture(scope="session")
def promtool(programs: Programs) -> Path:
    return programs.find("promtool")


@pytest.fixture(scope="session")
def prometheus(programs: Programs) -> Path:
    return programs.find("prometheus")


@pytest.fixture(scope="session")
def alertmanager(programs: Programs) -> Path:
    return programs.find("alertmanager")


@pytest.fixture(scope="session")
def amtool(programs: Programs) -> Path:
    return programs.find("amtool")


@pytest.fixture
def count(request: pytest.FixtureRequest):
    """`count("kill -9 of the bot", 100, "0 orders sent twice")` puts a row in the table at the end."""

    def add(what: str, times: int, result: str) -> None:
        request.node.user_properties.append(("count", (what, times, result)))

    return add


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a long run whole tests may take long, also those that say how long they take otherwise."""
    if os.environ.get("TICKERTAPE_LONG"):
        for item in items:
            item.add_marker(pytest.mark.timeout(LONGEST_SECONDS), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if hasattr(terminalreporter.config, "workerinput"):
        return  # who started this worker counts for all
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    rows = rows_of([report for report in reports if getattr(report, "when", None) == "call"])
    if not rows:
        return
    terminalreporter.section("counts")
    for line in table(rows, os.environ.get("TICKERTAPE_COUNTS")):
        terminalreporter.write_line(line)
