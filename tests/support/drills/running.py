"""Plays drills, and finds nothing to play in a quiet half hour."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from support.command import wait_until
from support.drills.report import Row, line
from support.drills.stage import QUIET_SETTINGS, SETTINGS, Stage, calm_market, staged
from support.drills.table import DRILLS, SCALE, Drill
from support.paging import Watch, watching
from support.programs import Programs

SLACK: Final = 2.5
"""Seconds from the moment at which a rule must be true until the page is there: scrape, evaluation, sending."""
PATIENCE: Final = 60
"""Seconds more than that, until a page is given up: the machine may be busy."""
QUIET: Final = 120
"""Seconds in which all must be quiet again."""
CALM: Final = 4
"""Seconds without any alert after which all counts as quiet."""
COMPANY: Final = 3
"""Seconds after the last page that is waited for: who comes along comes now."""
STARVED_BY_LOAD: Final = frozenset({"ExporterDown", "ApiDown"})
"""What fires by itself where this machine is too busy to render a page within a second; held against nobody."""
PROGRAMS: Final = Path(__file__).parents[3] / ".cache" / "prometheus"


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
        seen, opened = len(self._watch.paged.pages), time.monotonic()
        drill.before(self._stage)
        began = time.monotonic()
        self._say(f"{name}: injecting")
        drill.inject(self._stage)
        failure += self._await(drill, seen, began)
        cleared = time.monotonic()
        failure += self._early(drill, seen)
        drill.clear(self._stage)
        self._say(f"{name}: cleared after {cleared - began:.1f} s")
        failure += self._resolved(drill, seen)
        failure += self._settled()
        return self._row(name, drill, seen, (opened, began, cleared), failure)

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
        return {name: each + self._watch.waits[name] + SLACK for name, each in drill.pages.items()}

    def _await(self, drill: Drill, seen: int, began: float) -> str:
        if not drill.pages:
            time.sleep(drill.lasts)
            return ""
        wanted = set(drill.pages)
        limit = max(self._due(drill).values()) + PATIENCE - (time.monotonic() - began)
        arrived = wait_until(lambda: wanted <= self._told(seen, "firing"), limit, every=0.05)
        time.sleep(COMPANY)
        return "" if arrived else f"nobody paged: {sorted(wanted - self._told(seen, 'firing'))}. "

    def _early(self, drill: Drill, seen: int) -> str:
        last = {page.alert["fingerprint"]: page for page in self._watch.paged.pages[seen:]}
        told = {
            page.name for page in last.values() if page.status == "firing"
        }  # of one symbol, if not of all
        over = sorted((set(drill.pages) & self._told(seen, "firing")) - told)
        return f"over before it was: {over}. " if over else ""

    def _resolved(self, drill: Drill, seen: int) -> str:
        wanted = set(drill.pages) & self._told(seen, "firing")
        done = wait_until(lambda: wanted <= self._told(seen, "resolved"), QUIET, every=0.05)
        return "" if done else f"not resolved: {sorted(wanted - self._told(seen, 'resolved'))}. "

    def _told(self, seen: int, status: str) -> set[str]:
        return {page.name for page in self._watch.paged.pages[seen:] if page.status == status}

    def _row(
        self, name: str, drill: Drill, seen: int, times: tuple[float, float, float], failure: str
    ) -> Row:
        opened, began, cleared = times
        firing: dict[str, float] = {}
        resolved: dict[str, float] = {}
        for page in self._watch.paged.pages[seen:]:
            if page.status == "firing":
                firing.setdefault(page.name, page.at - began)
            else:
                resolved[page.name] = page.at - cleared
        took = time.monotonic() - opened
        starved = STARVED_BY_LOAD if self._watch.starved(took) else frozenset()
        expected = {*drill.pages, *drill.may}
        others = sorted(set(firing) - expected - starved)
        return Row(
            name=name,
            scale=drill.scale,
            pages={alert: after for alert, after in firing.items() if alert in expected},
            resolved=resolved,
            due=self._due(drill),
            others=[f"{alert} ({firing[alert]:.1f})" for alert in others],
            silenced=sorted(self._watch.fired(took) - set(firing)),
            starved=sorted((starved & set(firing)) - expected),
            failure=failure,
        )


def run(names: list[str], folder: Path, say: Callable[[str], None] = print) -> list[Row]:
    """Play drills on one floor; those that want other rules get a monitoring of their own."""
    programs = Programs(PROGRAMS)
    rows: list[Row] = []
    kinds = dict.fromkeys((DRILLS[name].scale, DRILLS[name].levels) for name in names)
    plays = ("--bar", "1s", "--data", calm_market(folder / "data"))
    with staged(folder / "floor", SETTINGS, *plays) as stage:
        for number, (scale, levels) in enumerate(kinds):
            place = folder / f"monitoring-{number}"
            with watching(programs, place, stage.targets(), scale=scale, levels=levels) as watch:
                runner = Runner(stage, watch, say)
                for name in names:
                    if (DRILLS[name].scale, DRILLS[name].levels) == (scale, levels):
                        rows.append(runner.play(name))
                        say(line(rows[-1]))
    return rows


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
