"""Reading a tape from its beginning and folding it, on the demo's mix of events; turn by turn.

The times are this process's CPU time, since nothing here waits for anything but the disk's cache.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import apsw
import msgspec

from benchmarks.rows import Row
from benchmarks.tapes import record
from trading_bot.contract.codec import Envelope
from trading_bot.contract.events import EVENTS
from trading_bot.domain.fold import evolve
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal import TapeReader, replay

ROUNDS = 5
RECORDED = 60_000
PAGE = 2_000
ROWS = "SELECT seq, ts, run, kind, version, trace_id, span_id, payload FROM events WHERE seq > ? ORDER BY seq LIMIT ?"


def measure() -> list[Row]:
    """Return events a second, medians of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        record(path, RECORDED, snapshots=False)
        with TapeReader.open(path) as reader:
            envelopes = reader.read(0, RECORDED)
            steps: list[Callable[[], object]] = [
                lambda: replay(reader, evolve, State, restore),
                lambda: _read(reader),
                lambda: _fold(envelopes),
                lambda: _decoded(path),
                lambda: _rows(path),
            ]
            rounds = [[_rate(step) for step in steps] for _ in range(ROUNDS)]
    whole, reading, folding, decoded, rows = (median(column) for column in zip(*rounds, strict=True))
    floor = "rows from SQLite and msgspec alone, no fold"
    return [
        _row("replay and fold", whole, decoded, floor, 700_000),
        _row("reading alone", reading, rows, "rows from SQLite, payloads not decoded"),
        _row("folding alone", folding, decoded, floor),
    ]


def _row(what: str, measured: float, floor: float, floor_is: str, budget: float | None = None) -> Row:
    return Row(
        what=f"{what}, CPU",
        measured=measured,
        unit="events/s",
        floor=floor,
        floor_is=floor_is,
        budget=budget,
        more_is_better=True,
    )


def _rate(step: Callable[[], object]) -> float:
    begun = time.process_time()
    step()
    return RECORDED / (time.process_time() - begun)


def _read(reader: TapeReader) -> None:
    after = 0
    while page := reader.read(after, PAGE):
        after = page[-1].seq


def _fold(envelopes: list[Envelope]) -> None:
    state = State()
    for envelope in envelopes:
        state = evolve(state, envelope)


def _rows(path: Path) -> None:
    for _ in _pages(path):
        pass


def _decoded(path: Path) -> None:
    decode = {kind: msgspec.json.Decoder(event).decode for kind, event in EVENTS.items()}
    for page in _pages(path):
        for row in page:
            decode[row[3]](row[7])


def _pages(path: Path) -> Iterator[list[tuple[Any, ...]]]:
    connection = apsw.Connection(str(path))
    after = 0
    while page := connection.execute(ROWS, (after, PAGE)).fetchall():
        after = int(page[-1][0] or 0)
        yield page
