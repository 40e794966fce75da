"""A bot as its readers see it: a journal with a history on it, and a beacon that is held or not."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from support.history import tell
from trading_bot.boot.home import Home
from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import ErrorRecorded, Mode
from trading_bot.domain.clock import Clock
from trading_bot.journal import Beacon, BeaconWriter, TapeWriter

RUN = "20231114T221320-aaaaaa"
AHEAD = 300.0
"""Seconds that a heartbeat is dated ahead: a machine that is busy may take longer than one is fresh."""


class RecordedBot:
    """Writes the real files of a home: `with RecordedBot(home, clock) as bot: bot.live()`."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self.clock = clock
        self.tape = TapeWriter.open(home.journal, bot="demo", run_id=RUN, clock=clock)
        self.beacon = BeaconWriter.open(home.beacon)

    def live(self) -> None:
        """Append a short life, and be seen alive at its end."""
        tell(self.tape.append, self.clock)
        self.commit()
        self.beat()

    def fail(self, error: TickertapeError) -> None:
        self.tape.append(ErrorRecorded(error=error.semantic(self.clock.now_ns())))
        self.commit()

    def beat(self, *, silent_for: float = -AHEAD, journal_error: str | None = None) -> None:
        """Write the beacon, as if that had been `silent_for` seconds ago; without it, it stays fresh."""
        ts = self.clock.now_ns() - round(silent_for * 1e9)
        position = self.tape.position
        self.beacon.write(
            Beacon(
                pid=1, run_id=RUN, ts=ts, position=position, mode=Mode.RUNNING, journal_error=journal_error
            )
        )

    def commit(self) -> None:
        self.tape.make_durable().result(60)

    def die(self) -> None:
        """Let go of everything without a word, as kill -9 does."""
        self.beacon.close()
        self.tape.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.die()
