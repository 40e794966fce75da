"""Events for tests of tapes: facts and measurements that carry a number."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from support.command import PATIENCE
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import BotBeat, Mode, ModeChanged
from trading_bot.contract.events.observation import Span, SpansRecorded
from trading_bot.domain.clock import Clock, ManualClock
from trading_bot.journal import TapeReader, TapeWriter


def fact(number: int, padding: int = 0) -> ModeChanged:
    return ModeChanged(
        previous=Mode.RUNNING,
        mode=Mode.PAUSED,
        reason="Numbered",
        message=f"{number}:" + "x" * padding,
        actor="test",
    )


def measurement(number: int) -> BotBeat:
    return BotBeat(cycles=number)


def spans(padding: int) -> SpansRecorded:
    attributes: dict[str, str | int | float | bool] = {"padding": "x" * padding}
    span = Span("decide cycle", "a" * 32, "b" * 16, None, 1, 2, attributes)
    return SpansRecorded(spans=(span,))


def number_of(envelope: Envelope) -> int:
    assert isinstance(envelope.payload, ModeChanged)
    return int(envelope.payload.message.split(":")[0])


def open_writer(path: Path, run_id: str = "run-1", clock: Clock | None = None, **options: int) -> TapeWriter:
    return TapeWriter.open(path, bot="demo", run_id=run_id, clock=clock or ManualClock(), **options)


def read_all(path: Path) -> list[Envelope]:
    with TapeReader.open(path) as reader:
        return reader.read(0, 1_000_000)


def eventually(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
