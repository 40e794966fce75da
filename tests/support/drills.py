"""Drills: each fault on a real floor, watched by a real Prometheus and Alertmanager, until somebody is paged.

``python -m support.drills --only kill_bot`` (``make drills``) injects one fault after the other, waits for exactly
the pages that ``DRILLS`` names and no others, clears the fault, waits until the pages are resolved, and prints
the table. Rules run at 1/60: windows, ``for`` and ``keep_firing_for`` are 60 times as short, ages are as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from support.collector import Collector, collecting, environment_of
from support.command import Command, wait_until
from support.disks import small_disk, without_quota
from support.paging import Watch, watching
from support.programs import Programs
from support.trading import Floor, busy_settings
from trading_bot.contract.events.lifecycle import BotReady

SCALE: Final = 60
SLACK: Final = 2.5
"""Seconds from the moment at which a rule must be true until the page is there: scrape, evaluation, sending."""
PATIENCE: Final = 60
"""Seconds more than that, until a page is given up: the machine may be busy."""
ON_ITS_WAY: Final = 3.0
"""Seconds until an order without an answer counts as unknown: a bar, and the request's time."""
QUIET: Final = 120
"""Seconds in which all must be quiet again."""
DISK: Final = "64g"
"""Of memory that is taken only where something is written: so large that nothing seems to fill it within a day."""
CALM: Final = 4
"""Seconds without any alert after which all counts as quiet."""
STARVED_BY_LOAD: Final = frozenset({"ExporterDown", "ApiDown"})
"""What fires by itself where this machine is too busy to render a page within a second; held against nobody."""
SYMBOLS: Final = ("EUR/USD", "GBP/USD")
SETTINGS: Final[dict[str, Any]] = {
    "symbols": list(SYMBOLS),
    "strategies": {
        "busy": {
            "kind": "sma_cross",
            "symbols": list(SYMBOLS),
            "fast": 1,
            "slow": 2,
            "order_notional": 1000,
        }
    },
    "execution": {"request_timeout_seconds": 1},
    "intervals": {
        "stale_after_seconds": 2,
        "snapshot_seconds": 5,
        "reconcile_seconds": 3,
        "sample_seconds": 1,
    },
}


QUIET_SETTINGS: Final = busy_settings(
    symbols=["EUR/USD"],
    bar="1m",
    strategies={
        "busy": {"kind": "sma_cross", "symbols": ["EUR/USD"], "fast": 1, "slow": 2, "order_notional": 1000}
    },
    intervals={},
)
PROGRAMS: Final = Path(__file__).parents[2] / ".cache" / "prometheus"


class Stage(msgspec.Struct, kw_only=True):
    """Where drills are played."""

    floor: Floor
    collector: Collector
    own_disk: bool
    watch: Watch | None = None
    held: contextlib.ExitStack = msgspec.field(default_factory=contextlib.ExitStack)

    def targets(self) -> tuple[int, int, str]:
        """Return the exporter's port, ops' port and its read key."""
        command, key = self.floor.command, self.floor.home.read_key.read_text().strip()
        return command.port("BOT_METRICS_PORT"), command.port("BOT_API_PORT"), key


Act = Callable[[Stage], None]


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """One fault and who is paged because of it."""

    inject: Act
    clear: Act
    pages: Mapping[str, float] = {}
    """By alert: seconds until its expression must be true, before its ``for``. Empty: nobody is paged."""
    may: tuple[str, ...] = ()
    """Who may be paged, by the moment: for an order on its way, or for answers of before the bot was killed."""
    lasts: float = 12.0
    """Seconds that a fault nobody is paged for is left on."""
    scale: float = SCALE
    levels: bool = False
    """Whether service levels are recorded."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a drill."""

    name: str
    scale: float
    pages: dict[str, float]
    resolved: dict[str, float]
    due: dict[str, float]
    others: list[str]
    silenced: list[str]
    starved: list[str]
    failure: str = ""

    @property
    def late(self) -> list[str]:
        return [name for name, took in self.pages.items() if took > self.due[name]]


def fault(
    name: str,
    pages: Mapping[str, float] | None = None,
    *,
    may: tuple[str, ...] = (),
    lasts: float = 12.0,
    after: Act | None = None,
    **how: Any,
) -> Drill:
    """Return the drill of a fault of the exchange; ``after`` is what a person does when it is over."""

    def clear(stage: Stage) -> None:
        if name not in ("unreachable", "manual_trade"):
            stage.floor.switch(name, on=False)
        if after is not None:
            after(stage)

    return Drill(
        inject=lambda stage: stage.floor.switch(name, on=True, **how),
        clear=clear,
        pages=pages or {},
        may=may,
        lasts=lasts,
    )


def killing(name: str, pages: Mapping[str, float], **more: Any) -> Drill:
    return Drill(
        inject=lambda stage: stage.floor.kill(name),
        clear=lambda stage: restart(stage, name),
        pages=pages,
        **more,
    )


def restart(stage: Stage, name: str) -> None:
    stage.floor.start(name)
    if name == "exchange":
        floor = stage.floor
        assert wait_until(lambda: floor.answers("BOT_EXCHANGE_PORT", "/sim/clock"), 60)
        floor.post("/sim/limits", {"request_weight": 1_000_000})


def resume(stage: Stage) -> None:
    """Lift a halt, as a person does."""
    time.sleep(3)
    done = stage.floor.command.run("resume", "--confirm", timeout=60)
    assert done.returncode == 0, done.stderr


def kill_while_unknown(stage: Stage) -> None:
    """Kill the bot when Prometheus knows of an order without an answer: half of them were carried out."""
    stage.floor.switch("server_error", on=True)
    assert stage.watch is not None
    prometheus = stage.watch.prometheus
    assert wait_until(lambda: prometheus.has("bot:orders_unknown:held > 0"), 60, every=0.1)
    stage.floor.kill("run")


def restart_and_ask(stage: Stage) -> None:
    stage.floor.switch("server_error", on=False)
    restart(stage, "run")


def fill_disk(stage: Stage) -> None:
    assert stage.own_disk, "not permitted to mount a file system of its own"
    stage.held.enter_context(without_quota(stage.floor.home.path, DISK))


def corrupt_logs(stage: Stage) -> None:
    for path in (*stage.floor.home.logs.glob("*.jsonl"), stage.floor.home.config_history):
        with path.open("ab") as file:
            file.write(b'{"half": \xff\xfe\n\x00\x00{]\n')


UNKNOWN: Final = {"OrderUnknown": ON_ITS_WAY}
BREAKS: Final = 5.0
"""Seconds until half of the shortest window has passed."""
AWAY: Final = {"VenueUnreachable": 3 + BREAKS}
ERRORS: Final = {"ErrorRateHigh": 5.0}
STALE: Final = {"FeedStale": 30.0}

DRILLS: Final[dict[str, Drill]] = {
    # machinery
    "kill_bot": killing("run", {"BotDown": BREAKS}),
    "freeze_bot": Drill(
        inject=lambda stage: stage.floor.signal("run", signal.SIGSTOP),
        clear=lambda stage: stage.floor.signal("run", signal.SIGCONT),
        pages={"BotFrozen": 5 + BREAKS},
    ),
    "kill_exporter": killing("exporter", {"ExporterDown": BREAKS}),
    "kill_ops": killing("ops", {"ApiDown": BREAKS}),
    "kill_exchange": killing("exchange", AWAY, may=("OrderUnknown",)),
    "kill_bot_while_order_unknown": Drill(
        inject=kill_while_unknown,
        clear=restart_and_ask,
        pages=UNKNOWN | {"BotDown": ON_ITS_WAY + BREAKS},
        may=("VenueUnreachable", "OrderRejectsHigh"),
    ),
    "fill_disk": Drill(
        inject=fill_disk, clear=lambda stage: stage.held.close(), pages={"JournalNotWritable": 5 + BREAKS}
    ),
    "dead_collector": Drill(
        inject=lambda stage: stage.collector.stop(),
        clear=lambda stage: stage.collector.start(),
        pages={"TelemetryNotFlowing": 60 + 5},
    ),
    "corrupt_jsonl": Drill(inject=corrupt_logs, clear=lambda _stage: None),
    # the exchange
    "mute_feed": fault("mute_feed", STALE),
    "stale_quotes": fault("stale_quotes"),
    "crossed_book": fault("crossed_book", {"FeedRefused": 5.0, **STALE}),
    "nan_price": fault("nan_price", {"FeedRefused": 5.0, **STALE}),
    "price_spike": fault("price_spike", size=0.3),
    "drop_connection": fault("drop_connection", AWAY),
    "flapping_connection": fault("flapping_connection", AWAY, size=1.0),
    "unreachable": fault("unreachable", AWAY, may=("OrderUnknown",), seconds=25),
    "lost_ack": fault("lost_ack", ERRORS),
    "late_ack": fault("late_ack", ERRORS, size=3),
    "rate_limited": fault("rate_limited", AWAY | {"OrderRejectsHigh": 8.0}, size=1),
    "banned": fault("banned", {"VenueBanned": 5.0}, may=("KillSwitchEngaged",), size=2, after=resume),
    "maintenance": fault("maintenance", AWAY, may=("OrderUnknown",), size=1),
    "server_error": fault("server_error", AWAY | UNKNOWN),
    "truncated_json": fault("truncated_json", AWAY | UNKNOWN),
    "clock_skew": fault("clock_skew", {"ClockSkew": 15.0}),
    "reject_order": fault("reject_order", {"OrderRejectsHigh": 8.0}),
    "halted_symbol": fault("halted_symbol", STALE),
    "partial_fill_then_stall": fault("partial_fill_then_stall"),
    "duplicate_fill": fault("duplicate_fill"),
    "out_of_order_fills": fault("out_of_order_fills"),
    "wrong_balance": fault("wrong_balance", {"PositionMismatch": 12.0}, size=0.1),
    "manual_trade": fault("manual_trade", {"PositionMismatch": 6.0}, symbol="EUR/USD", size=500),
    # one with the rules as they are delivered
    "kill_bot_unscaled": killing("run", {"BotDown": 31.0}, scale=1, levels=True),
}


class Runner:
    """Plays drills on one stage, one after the other."""

    def __init__(self, stage: Stage, watch: Watch, say: Callable[[str], None] = print) -> None:
        stage.watch = watch
        self._stage = stage
        self._watch = watch
        self._say = say

    def play(self, name: str) -> Row:
        """Play one drill; what goes wrong stands in the row."""
        drill = DRILLS[name]
        failure = self._settled()
        seen, began = len(self._watch.paged.pages), time.monotonic()
        self._say(f"{name}: injecting")
        drill.inject(self._stage)
        injected = time.monotonic()
        failure += self._await(drill, seen, began)
        cleared = time.monotonic()
        drill.clear(self._stage)
        self._say(f"{name}: cleared after {cleared - injected:.1f} s")
        failure += self._resolved(drill, seen)
        failure += self._settled()
        return self._row(name, drill, seen, (began, cleared), failure)

    def _settled(self) -> str:
        """Wait until nothing has burned for some seconds: what flaps may have a pause."""
        calm = [0.0]

        def is_calm() -> bool:
            if self._watch.burning():
                calm[0] = 0.0
            else:
                calm[0] = calm[0] or time.monotonic()
            return calm[0] > 0 and time.monotonic() - calm[0] > CALM

        return (
            "" if wait_until(is_calm, QUIET, every=0.5) else f"not quiet: {sorted(self._watch.burning())}. "
        )

    def _due(self, drill: Drill) -> dict[str, float]:
        seconds = {**dict.fromkeys(drill.may, ON_ITS_WAY), **drill.pages}
        return {name: each + self._watch.waits[name] + SLACK for name, each in seconds.items()}

    def _await(self, drill: Drill, seen: int, began: float) -> str:
        if not drill.pages:
            time.sleep(drill.lasts)
            return ""
        wanted = set(drill.pages)
        limit = max(self._due(drill).values()) + PATIENCE - (time.monotonic() - began)
        arrived = wait_until(lambda: wanted <= self._told(seen, "firing"), limit, every=0.05)
        time.sleep(3)  # who comes along comes now
        return "" if arrived else f"nobody paged: {sorted(wanted - self._told(seen, 'firing'))}. "

    def _resolved(self, drill: Drill, seen: int) -> str:
        wanted = set(drill.pages) & self._told(seen, "firing")
        done = wait_until(lambda: wanted <= self._told(seen, "resolved"), QUIET, every=0.05)
        return "" if done else f"not resolved: {sorted(wanted - self._told(seen, 'resolved'))}. "

    def _told(self, seen: int, status: str) -> set[str]:
        return {page.name for page in self._watch.paged.pages[seen:] if page.status == status}

    def _row(self, name: str, drill: Drill, seen: int, times: tuple[float, float], failure: str) -> Row:
        began, cleared = times
        firing: dict[str, float] = {}
        resolved: dict[str, float] = {}
        for page in self._watch.paged.pages[seen:]:
            if page.status == "firing":
                firing.setdefault(page.name, page.at - began)
            else:
                resolved[page.name] = page.at - cleared
        starved = STARVED_BY_LOAD if self._watch.starved(time.monotonic() - began) else frozenset()
        others = sorted(set(firing) - {*drill.pages, *drill.may} - starved)
        due = self._due(drill)
        fired = self._watch.fired(time.monotonic() - began)
        return Row(
            name=name,
            scale=drill.scale,
            pages={alert: took for alert, took in firing.items() if alert in due},
            resolved={alert: took for alert, took in resolved.items() if alert in due},
            due=due,
            others=[f"{alert} ({firing[alert]:.1f})" for alert in others],
            silenced=sorted(fired - set(firing)),
            starved=sorted((starved & set(firing)) - set(drill.pages)),
            failure=failure,
        )


def calm_market(folder: Path) -> Path:
    """Write bars that rise and fall by two basis points: minutes played as seconds would be a wild market."""
    folder.mkdir(parents=True)
    for symbol, price in zip(SYMBOLS, (1.1, 1.3), strict=True):
        with (folder / f"{symbol.replace('/', '-')}.csv").open("w", encoding="utf-8") as file:
            file.write("time,open,high,low,close,volume\n")
            for minute in range(4_000):
                before, after = (price * (1 + 0.0002 * ((minute + step) // 2 % 2)) for step in (0, 1))
                high, low = max(before, after), min(before, after)
                row = ",".join(f"{each:.5f}" for each in (before, high, low, after))
                file.write(f"{1_700_000_040 + 60 * minute},{row},0\n")
    return folder


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


def uneventful(folder: Path, minutes: float, *, closed: bool = False) -> list[str]:
    """Trade EUR/USD at bars of a minute, or find its market closed; return who was paged meanwhile: nobody.

    Two monitorings watch: one with the rules as they are delivered, one with those of the drills.
    """
    never = {"opens": "00:00", "closes": "00:01", "weekdays": [_day_after_tomorrow()]}
    settings = {**QUIET_SETTINGS, "sessions": {"EUR/USD": never}} if closed else QUIET_SETTINGS
    programs = Programs(PROGRAMS)
    with contextlib.ExitStack() as stack:
        stage = stack.enter_context(staged(folder / "floor", settings, "--bar", "1m"))
        watches = [
            stack.enter_context(
                watching(programs, folder / name, stage.targets(), scale=scale, levels=scale == 1)
            )
            for name, scale in (("delivered", 1), ("drills", SCALE))
        ]
        if closed:
            stage.floor.switch("mute_feed", on=True)  # the simulated exchange itself never closes
        time.sleep(60 * minutes)
        fills = stage.floor.sample("tradingbot_fills_total")
        print(f"{minutes:g} minutes, closed: {closed}, fills: {fills}", flush=True)
        return [page.name for watch in watches for page in watch.paged.pages]


def _day_after_tomorrow() -> int:
    return (time.gmtime().tm_wday + 2) % 7 + 1


def run(names: list[str], folder: Path, say: Callable[[str], None] = print) -> list[Row]:
    """Play drills on one floor; those that want other rules get a monitoring of their own."""
    programs = Programs(PROGRAMS)
    rows: list[Row] = []
    kinds = dict.fromkeys((DRILLS[name].scale, DRILLS[name].levels) for name in names)
    plays = ("--bar", "1s", "--data", calm_market(folder / "data"))
    with staged(folder / "floor", busy_settings(**SETTINGS), *plays) as stage:
        for number, (scale, levels) in enumerate(kinds):
            place = folder / f"monitoring-{number}"
            with watching(programs, place, stage.targets(), scale=scale, levels=levels) as watch:
                runner = Runner(stage, watch, say)
                for name in names:
                    if (DRILLS[name].scale, DRILLS[name].levels) == (scale, levels):
                        rows.append(runner.play(name))
                        say(line(rows[-1]))
    return rows


def line(row: Row) -> str:
    """Return a row of the table."""
    paged = (
        ", ".join(f"{name} {took:.1f} (due {row.due[name]:.1f})" for name, took in row.pages.items())
        or "none"
    )
    over = ", ".join(f"{took:.1f}" for took in row.resolved.values()) or "-"
    silent = ", ".join(row.silenced) or "none"
    others = ", ".join(row.others) or "none"
    remarks = ", ".join((*row.starved, row.failure)).rstrip(", ")
    return f"| `{row.name}` | 1/{row.scale:g} | {paged} | {over} | {others} | {silent} | {remarks} |"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Every fault, until somebody is paged and it is over.")
    parser.add_argument("--only", action="append", choices=list(DRILLS), help="may be given several times")
    parser.add_argument("--folder", type=Path, help="keep everything here, to look at afterwards")
    parser.add_argument("--quiet", type=float, metavar="MINUTES", help="no fault: nobody is to be paged")
    parser.add_argument("--closed", action="store_true", help="with --quiet: the market is closed")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = given.folder or Path(folder)
        if given.quiet is not None:
            paged = uneventful(place, given.quiet, closed=given.closed)
            print(f"pages: {', '.join(paged) or 'none'}")
            sys.exit(bool(paged))
        rows = run(
            given.only or list(DRILLS),
            place,
            lambda text: print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True),
        )
    for row in rows:
        print(line(row))
    sys.exit(any(row.failure or row.others for row in rows))


if __name__ == "__main__":
    main()
