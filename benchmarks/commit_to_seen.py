"""From asking for a commit to the moment at which a reader in another process has the event.

So the figure holds the commit itself too: nobody can see an event earlier. Beside it: a byte through a
pipe to another process, which is what waking that process costs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.following import LAST
from benchmarks.rows import Row, percentile
from trading_bot.boot.clock import SystemClock
from trading_bot.contract.events.lifecycle import BotBeat, BotStopped
from trading_bot.journal import TapeWriter

ROUNDS = 5
EVENTS = 150
REST_SECONDS = 0.006


def measure() -> list[Row]:
    """Return medians of the rounds' percentiles."""
    rounds = [_round() for _ in range(ROUNDS)]
    half, tail, pipe_half, pipe_tail, idle = (median(column) for column in zip(*rounds, strict=True))
    beside = "a byte through a pipe to another process"
    return [
        Row(
            what="commit to seen, wall p50",
            measured=half,
            unit="ms",
            floor=pipe_half,
            floor_is=beside,
            budget=0.3,
        ),
        Row(
            what="commit to seen, wall p99",
            measured=tail,
            unit="ms",
            floor=pipe_tail,
            floor_is=beside,
            budget=1.0,
        ),
        Row(what="idle reader, CPU", measured=idle * 100, unit="% of core", budget=0.5),
    ]


def _round() -> tuple[float, ...]:
    with tempfile.TemporaryDirectory() as folder:
        seen, idle = _tape(Path(folder) / "journal.db")
    piped = _pipe()
    return (*(percentile(times, percent) for times in (seen, piped) for percent in (50, 99)), idle)


def _follower(argument: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.following", argument]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _tape(path: Path) -> tuple[list[float], float]:
    flushed: dict[int, int] = {}
    with TapeWriter.open(path, bot="bench", run_id="bench", clock=SystemClock()) as writer:
        writer.append(BotBeat(cycles=0))
        writer.make_durable().result(30)
        with _follower(str(path)) as reader:
            assert reader.stdout is not None
            reader.stdout.readline()  # it follows
            for number in range(EVENTS):
                event = (
                    BotStopped(reason="done", exit_code=0) if number == EVENTS - 1 else BotBeat(cycles=number)
                )
                seq = writer.append(event).seq
                flushed[seq] = time.monotonic_ns()
                writer.flush()
                time.sleep(REST_SECONDS)
            lines = [line.split() for line in reader.stdout]
    seen = {int(seq): float(value) for seq, value in lines}
    return [(seen[seq] - at) / 1e6 for seq, at in flushed.items()], seen[LAST]


def _pipe() -> list[float]:
    written = []
    with _follower("-") as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for _ in range(EVENTS):
            written.append(time.monotonic_ns())
            os.write(reader.stdin.fileno(), b".")
            time.sleep(REST_SECONDS)
        reader.stdin.close()
        read = [int(line.split()[1]) for line in reader.stdout]
    # The first byte waits for the process to start.
    return [(then - at) / 1e6 for at, then in zip(written, read, strict=True)][EVENTS // 2 :]
