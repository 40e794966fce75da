"""Appending to a tape: grouped and durable, beside SQLite alone and a bare fdatasync; turn by turn."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median

import apsw

from benchmarks.rows import Row, percentile
from trading_bot.boot.clock import SystemClock
from trading_bot.contract.codec import encode_payload
from trading_bot.contract.events.market import QuoteConflated
from trading_bot.journal import TapeWriter
from trading_bot.journal.connections import open_owner
from trading_bot.journal.schema import LAYOUT
from trading_bot.journal.tape_file import INSERT_EVENT

ROUNDS = 5
GROUPED = 20_000
GROUP = 1_000
APPENDED = 2_000
DURABLE = 60
REST_SECONDS = 0.0002

EVENT = QuoteConflated(
    symbol="EUR/USD",
    bid=Decimal("1.0874"),
    ask=Decimal("1.0876"),
    venue_time=1_767_225_600_000_000_000,
    received_at=1_767_225_600_000_000_000,
    messages=9,
)
PAYLOAD = encode_payload(EVENT)

Times = list[float]


def measure() -> list[Row]:
    """Return the medians of the rounds."""
    with tempfile.TemporaryDirectory() as name:
        rounds = [_round(Path(name), number) for number in range(ROUNDS)]
    grouped, bare_grouped, append, durable, sqlite, disk = (
        median(column) for column in zip(*rounds, strict=True)
    )
    return [
        Row(
            what="events a second in groups, wall",
            measured=grouped,
            unit="events/s",
            floor=bare_grouped,
            floor_is=f"SQLite alone, {GROUP} ready rows a transaction",
            budget=200_000,
            more_is_better=True,
        ),
        Row(what="append, wall p50", measured=append, unit="µs", budget=13.0),
        Row(
            what="durable append, wall p50",
            measured=durable,
            unit="ms",
            floor=disk,
            floor_is="bare fdatasync",
        ),
        Row(
            what="durable append as a part of a fdatasync",
            measured=durable / disk,
            unit="ratio",
            floor=sqlite / disk,
            floor_is="SQLite alone, one row, synchronous=FULL",
            budget=1.5,
        ),
    ]


def _round(folder: Path, number: int) -> tuple[float, ...]:
    with TapeWriter.open(
        folder / f"{number}.db", bot="bench", run_id=f"bench{number}", clock=SystemClock()
    ) as writer:
        grouped = _grouped(writer)
        append = percentile([_timed(lambda: writer.append(EVENT), REST_SECONDS) for _ in range(APPENDED)], 50)
        pairs = [
            (_timed(lambda: _durable(writer)), sqlite(), disk())
            for sqlite, disk in [(_bare_sqlite(folder, number), _bare_disk(folder))]
            for _ in range(DURABLE)
        ]
    durable, sqlite_full, fdatasync = (percentile(column, 50) * 1e3 for column in zip(*pairs, strict=True))
    return grouped, _bare_grouped(folder / f"{number}.bare.db"), append * 1e6, durable, sqlite_full, fdatasync


def _timed(action: Callable[[], object], rest: float = 0.0) -> float:
    begun = time.perf_counter()
    action()
    taken = time.perf_counter() - begun
    time.sleep(rest)
    return taken


def _grouped(writer: TapeWriter) -> float:
    begun = time.perf_counter()
    for _ in range(GROUPED):
        writer.append(EVENT)
    writer.make_durable().result(60)
    return GROUPED / (time.perf_counter() - begun)


def _durable(writer: TapeWriter) -> None:
    writer.append(EVENT)
    writer.make_durable().result(60)


def _row(seq: int) -> tuple[object, ...]:
    return seq, time.time_ns(), 1, EVENT.KIND, 1, None, None, PAYLOAD


def _bare_grouped(path: Path) -> float:
    connection = open_owner(path, LAYOUT, autocheckpoint=0)
    begun = time.perf_counter()
    for first in range(1, GROUPED, GROUP):
        rows = [_row(seq) for seq in range(first, first + GROUP)]
        with connection:
            connection.executemany(INSERT_EVENT, rows)
    taken = time.perf_counter() - begun
    connection.close()
    return GROUPED / taken


def _bare_sqlite(folder: Path, number: int) -> Callable[[], float]:
    connection = open_owner(folder / f"{number}.full.db", LAYOUT, autocheckpoint=0)
    connection.pragma("synchronous", "full")
    return lambda: _timed(lambda: _insert(connection))


def _insert(connection: apsw.Connection) -> None:
    with connection:
        connection.execute(INSERT_EVENT, (None, *_row(0)[1:]))


def _bare_disk(folder: Path) -> Callable[[], float]:
    descriptor = os.open(folder / "bare", os.O_RDWR | os.O_CREAT, 0o600)
    page = bytes(4096)

    def write() -> None:
        os.write(descriptor, page)
        os.fdatasync(descriptor)

    return lambda: _timed(write)
