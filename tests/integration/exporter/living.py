"""A small bot that writes a journal and a beacon until it is killed. Argument: the home.

It tells the story of ``support.history`` and then beats. ``full`` on its input takes away the space.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from pathlib import Path

from support.history import tell

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import Event
from trading_bot.contract.events.lifecycle import BotBeat, Mode
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore, snapshot
from trading_bot.domain.state import State
from trading_bot.journal import Beacon, BeaconWriter, TapeReader, TapeWriter, replay

BEAT_SECONDS = 0.1
FULL_BYTES = 4096  # what is there stays, the preallocated beacon too; nothing grows


class Living:
    """The bot's journal, folded as it is written."""

    def __init__(self, home: Home) -> None:
        clock = SystemClock()
        self.state = self._past(home)
        self.run_id = f"run-{time.time_ns()}"
        self.writer = TapeWriter.open(home.journal, bot="demo", run_id=self.run_id, clock=clock)
        self.beacon = BeaconWriter.open(home.beacon)
        tell(self.append, clock)

    def _past(self, home: Home) -> State:
        if not home.journal.exists():
            return State()
        with TapeReader.open(home.journal) as reader:
            return replay(reader, evolve, State, restore)[0]

    def append(self, event: Event, *, trace_id: str | None = None) -> Envelope:
        envelope = self.writer.append(event, trace_id=trace_id)
        self.state = evolve(self.state, envelope)
        return envelope

    def beat(self, number: int) -> None:
        self.append(BotBeat(cycles=number))
        if number % 10 == 0:
            self.append(snapshot(self.state))
        fault = self.writer.fault
        self.beacon.write(
            Beacon(
                pid=os.getpid(),
                run_id=self.run_id,
                ts=time.time_ns(),
                position=self.writer.position,
                mode=Mode.RUNNING,
                journal_error=fault.code if fault is not None else None,
            )
        )


def obey() -> None:
    for line in sys.stdin:
        if line.strip() == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))


def main() -> None:
    living = Living(Home(Path(sys.argv[1])))
    threading.Thread(target=obey, daemon=True).start()
    number = 0
    while True:
        living.beat(number)
        if number == 0:
            living.writer.make_durable().result(60)
            print("alive", flush=True)
        number += 1
        time.sleep(BEAT_SECONDS)


main()
