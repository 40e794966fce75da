"""Where drills are played: every process of a floor, a collector, and a disk of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from support.collector import Collector, collecting, environment_of
from support.command import Command, wait_until
from support.disks import small_disk
from support.paging import Watch
from support.trading import Floor, busy_settings
from trading_bot.contract.events.lifecycle import BotReady

DISK: Final = "64g"
"""Of memory that is taken only where something is written: so large that nothing seems to fill it within a day."""
SYMBOLS: Final = ("EUR/USD", "GBP/USD")
SETTINGS: Final[dict[str, Any]] = busy_settings(
    symbols=list(SYMBOLS),
    strategies={
        "busy": {
            "kind": "sma_cross",
            "symbols": list(SYMBOLS),
            "fast": 1,
            "slow": 2,
            "order_notional": 1000,
        }
    },
    execution={"request_timeout_seconds": 1},
    intervals={
        "stale_after_seconds": 2,
        "snapshot_seconds": 5,
        "reconcile_seconds": 3,
        "sample_seconds": 1,
    },
)
QUIET_SETTINGS: Final[dict[str, Any]] = busy_settings(
    symbols=["EUR/USD"],
    bar="1m",
    strategies={
        "busy": {"kind": "sma_cross", "symbols": ["EUR/USD"], "fast": 1, "slow": 2, "order_notional": 1000}
    },
    intervals={},
)


class Stage(msgspec.Struct, kw_only=True):
    """What a drill's fault can be done to."""

    floor: Floor
    collector: Collector
    own_disk: bool
    watch: Watch | None = None
    held: contextlib.ExitStack = msgspec.field(default_factory=contextlib.ExitStack)

    def targets(self) -> tuple[int, int, str]:
        """Return the exporter's port, ops' port and its read key."""
        command, key = self.floor.command, self.floor.home.read_key.read_text().strip()
        return command.port("BOT_METRICS_PORT"), command.port("BOT_API_PORT"), key


@contextlib.contextmanager
def staged(folder: Path, settings: dict[str, Any], *plays: str | Path) -> Iterator[Stage]:
    """Open a floor where everything runs: exchange, bot, exporter, ops and a collector."""
    command = Command(folder / "home")
    floor = Floor(command, folder / "exchange", settings, *plays)
    with small_disk(folder / "home", DISK) as own_disk, collecting("http") as collector:
        command.environment |= environment_of(collector)
        try:
            floor.open()
            for name in ("run", "exporter", "ops"):
                floor.start(name)
            floor.wait_for(BotReady.KIND, seconds=120)
            assert wait_until(lambda: floor.sample("tradingbot_up") == 1, 120), floor.said("exporter")
            assert wait_until(floor.home.read_key.exists, 120), floor.said("ops")
            yield Stage(floor=floor, collector=collector, own_disk=own_disk)
        finally:
            floor.close()
            command.stop_all()


def calm_market(folder: Path) -> Path:
    """Write bars that rise and fall by two basis points: minutes played as seconds would be a wild market.

    Beneath that the price walks a basis point a bar, up and down again: a quote that stands still is left behind.
    """
    folder.mkdir(parents=True)
    for symbol, price in zip(SYMBOLS, (1.1, 1.3), strict=True):
        with (folder / f"{symbol.replace('/', '-')}.csv").open("w", encoding="utf-8") as file:
            file.write("time,open,high,low,close,volume\n")
            for minute in range(4_000):
                before, after = (price * (1 + _wave(minute + step)) for step in (0, 1))
                high, low = max(before, after), min(before, after)
                row = ",".join(f"{each:.5f}" for each in (before, high, low, after))
                file.write(f"{1_700_000_040 + 60 * minute},{row},0\n")
    return folder


def _wave(minute: int) -> float:
    walked = minute % 400
    return 0.0002 * (minute // 2 % 2) + 0.0001 * min(walked, 400 - walked)
