"""Start-up of the command line: wall time of whole processes, byte code written before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.rows import Row
from trading_bot.boot.clock import SystemClock
from trading_bot.contract.events.lifecycle import BotBeat
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import snapshot
from trading_bot.domain.state import State
from trading_bot.journal.writer import TapeWriter

PROGRAM = str(Path(sys.executable).parent / "tickertape")
ROUNDS = 7
EVENTS = 20_000


def measure() -> list[Row]:
    """Return the median of `--help` and of `status` on a tape with a snapshot and what came after it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _record(home)
        floor = seconds([sys.executable, "-c", "pass"])
        return [
            _row("tickertape --help", [PROGRAM, "--help"], floor, 0.15),
            _row("tickertape status", [PROGRAM, "status", "--home", str(home)], floor, 0.3),
        ]


def _row(what: str, command: list[str], floor: float, budget: float) -> Row:
    measured = seconds(command)
    return Row(what=what, measured=measured, unit="s", floor=floor, floor_is="python -c pass", budget=budget)


def seconds(command: list[str]) -> float:
    """Return the median wall time of a command, after one run that is not counted."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("BOT_")}
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return median(taken[1:])


def _record(home: Path) -> None:
    state = State()
    with TapeWriter.open(home / "journal.db", bot="bench", run_id="bench", clock=SystemClock()) as tape:
        for number in range(EVENTS):
            state = evolve(state, tape.append(BotBeat(cycles=number)))
        tape.append(snapshot(state))
        for number in range(100):
            tape.append(BotBeat(cycles=EVENTS + number))
        tape.make_durable().result(30)
