"""What happens to one process is not felt by the others, and is shown for what it is."""

from __future__ import annotations

import contextlib
import itertools
import resource
import signal
import time
from collections.abc import Iterator

import pytest
from support.command import Command, wait_until
from support.disks import small_disk, without_space
from support.trading import Floor, agree, busy_settings

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import BotReady, ErrorRecorded, ModeChanged
from trading_bot.contract.events.market import BarClosed
from trading_bot.contract.events.observation import RuntimeSampled
from trading_bot.contract.events.trading import OrderFilled
from trading_bot.contract.telemetry import metrics

pytestmark = pytest.mark.serial

SHOWN_WITHIN = 5.0
OWN_TO_THE_EXPORTER = "tradingbot_exporter_"
STATE_GAUGES = ("tradingbot_equity", "tradingbot_cash", "tradingbot_mode{")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """All four processes on a home on a small disk of its own, trading."""
    folder = tmp_path_factory.mktemp("floor")
    with small_disk(folder / "disk"):
        command = Command(folder / "disk" / "home")
        made = Floor(command, folder / "exchange", busy_settings())
        try:
            made.open()
            for name in ("run", "exporter", "ops"):
                made.start(name)
            made.wait_for(BotReady.KIND)
            made.wait_for(OrderFilled.KIND)
            assert wait_until(lambda: is_healthy(made)), made.summary()
            yield made
        finally:
            made.close()
            command.stop_all()


def is_healthy(floor: Floor) -> bool:
    if floor.sample("tradingbot_up") != 1:
        return False
    return floor.answers("BOT_API_PORT", "/api/v1/summary") and floor.summary()["health_status"] == "healthy"


def reason(floor: Floor) -> str | None:
    """Return the one reason that /metrics gives for `tradingbot_up`."""
    return next(
        (
            name
            for name, value in floor.metrics().items()
            if name.startswith("tradingbot_up_reason{") and value
        ),
        None,
    )


def bars(floor: Floor, after: int) -> dict[str, list[int]]:
    """Return the open times of the bars that were decided on, by symbol, in the tape's order."""
    times: dict[str, list[int]] = {}
    for envelope in floor.events(BarClosed.KIND, after=after):
        times.setdefault(envelope.payload.symbol, []).append(envelope.payload.open_time)
    return times


def cycle_times(samples: list[Envelope]) -> str:
    """Say how long decisions took on average, for the reader: no test depends on it."""
    deltas = [e.payload.histograms.get(metrics.DECISION_DURATION.name) for e in samples]
    known = [delta for delta in deltas if delta is not None]
    number, total = sum(sum(delta.buckets) for delta in known), sum(delta.total for delta in known)
    lag = max((e.payload.loop_lag_ns for e in samples), default=0)
    return f"{number} cycles, {total / max(number, 1) * 1e6:.0f} µs on average, loop late by {lag / 1e6:.1f} ms at most"


def bot_counters(floor: Floor) -> dict[str, float]:
    """Return the bot's counters on /metrics: the exporter's own begin anew with each of its starts."""
    names = [metric.name for metric in metrics.METRICS.values() if metric.name.endswith("_total")]
    return {
        name: value
        for name, value in floor.metrics().items()
        if name.partition("{")[0] in names and not name.startswith(OWN_TO_THE_EXPORTER)
    }


@contextlib.contextmanager
def stopped(floor: Floor, name: str) -> Iterator[None]:
    floor.signal(name, signal.SIGSTOP)
    try:
        yield
    finally:
        floor.signal(name, signal.SIGCONT)


def test_the_bot_decides_on_every_bar_while_exporter_and_ops_are_killed(floor: Floor):
    before, began = floor.state().seq, bot_counters(floor)
    time.sleep(3)
    killed = floor.state().seq
    for name in ("exporter", "ops"):
        floor.kill(name)
    time.sleep(3)
    for name in ("exporter", "ops"):
        floor.start(name)
    assert wait_until(lambda: is_healthy(floor))
    samples = floor.events(RuntimeSampled.KIND, after=before)
    print("before:", cycle_times([e for e in samples if e.seq <= killed]))
    print("after: ", cycle_times([e for e in samples if e.seq > killed]))
    for symbol, times in bars(floor, before).items():
        assert len(times) >= 5
        steps = {later - earlier for earlier, later in itertools.pairwise(times)}
        assert steps == {1_000_000_000}, f"{symbol} missed a bar"
    ended = bot_counters(floor)
    assert began
    lower = {
        name: (value, ended.get(name)) for name, value in began.items() if not ended.get(name, -1) >= value
    }
    assert not lower


def test_a_frozen_bot_is_shown_as_frozen_and_recovers(floor: Floor):
    with stopped(floor, "run"):
        begun = time.monotonic()
        assert wait_until(lambda: floor.sample("tradingbot_up") == 0, SHOWN_WITHIN)
        assert 'reason="Frozen"' in (reason(floor) or "")
        left = SHOWN_WITHIN - (time.monotonic() - begun)
        assert wait_until(lambda: floor.summary()["health_status"] == "offline", left)
        print(f"shown after {time.monotonic() - begun:.1f} s")
        page = floor.metrics()
        assert not [name for name in page if name.startswith(STATE_GAUGES)], "no dead value"
        assert bot_counters(floor), "counters stay"
    assert wait_until(lambda: is_healthy(floor))
    agree(floor)


def test_a_home_without_space_is_shown_and_recovers_without_a_gap(floor: Floor):
    filled = floor.wait_for(OrderFilled.KIND)
    with nowhere_to_write(floor):
        begun = time.monotonic()
        assert wait_until(lambda: 'reason="JournalUnwritable"' in (reason(floor) or ""), SHOWN_WITHIN)
        left = SHOWN_WITHIN - (time.monotonic() - begun)
        assert wait_until(lambda: floor.summary()["health_status"] == "degraded", left)
        print(f"shown after {time.monotonic() - begun:.1f} s")
        page = floor.metrics()
        assert floor.sample("tradingbot_up") == 1
        assert not [name for name in page if name.startswith(STATE_GAUGES)]
        assert bot_counters(floor)
        sent = orders_received(floor)
        time.sleep(2.5)
        assert orders_received(floor) == sent, "nothing is sent whose intent is not on disk"
    assert wait_until(lambda: is_healthy(floor)), floor.summary()
    tape = floor.events()
    assert [envelope.seq for envelope in tape] == list(range(1, len(tape) + 1))
    modes = [e.payload for e in tape if isinstance(e.payload, ModeChanged) and e.seq > filled.seq]
    assert ("paused", "JournalUnwritable") in [(change.mode, change.reason) for change in modes]
    codes = {e.payload.error.error_code for e in tape if isinstance(e.payload, ErrorRecorded)}
    assert "BOT_999" not in codes
    floor.wait_for(OrderFilled.KIND, after=tape[-1].seq)
    agree(floor)


def test_a_halt_by_signal_alone_is_lifted_by_resume(floor: Floor):
    floor.signal("run", signal.SIGUSR1)
    assert wait_until(lambda: floor.state().mode.mode == "halted")
    answer = floor.command.run("resume", "--confirm")
    assert answer.returncode == 0, answer.stderr
    assert wait_until(lambda: is_healthy(floor))


def orders_received(floor: Floor) -> int:
    return len(floor.books()["received"])


@contextlib.contextmanager
def nowhere_to_write(floor: Floor) -> Iterator[None]:
    """Leave the bot no space: a full disk, or where none can be mounted, files that may not grow."""
    disk = floor.home.path.parent
    if disk.is_mount():
        with without_space(disk):
            yield
        return
    both = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(floor.pid("run"), resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    yield
    resource.prlimit(floor.pid("run"), resource.RLIMIT_FSIZE, both)
