from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tapes import fact, number_of, open_writer, read_all

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.journal import Beacon, BeaconStatus, BeaconWriter, TapePosition, read_beacon

Program = subprocess.Popen[str]
FACTS = 3_000


def read_until(program: Program, wanted: str) -> None:
    assert program.stdout is not None
    for line in program.stdout:
        if line.strip() == wanted:
            return
    pytest.fail(f"the program ended before it said {wanted!r}")


def fill(disk: Path) -> Path:
    """Fill a disk to its last page; return the file to remove."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4_096)
    assert shutil.disk_usage(disk).free == 0
    return filler


def finish(program: Program, path: Path) -> None:
    """Wait until everything is written, and find it in order."""
    read_until(program, "clear")
    assert program.communicate()[1] is None
    assert program.returncode == 0
    facts = [envelope for envelope in read_all(path) if envelope.kind == "mode.changed"]
    assert len(facts) == FACTS
    assert [number_of(envelope) for envelope in facts] == [envelope.seq for envelope in facts]


def test_a_full_disk_is_named_and_nothing_is_lost_when_space_is_back(
    start: Callable[..., Program], small_disk: Path
) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 6 * 1024 * 1024)
    program = start("appending.py", small_disk / "journal.db", "run-1", 7, FACTS)
    read_until(program, "fault JRNL_004")
    assert read_all(small_disk / "journal.db")[0].seq == 1, "readers still read what was committed"
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    finish(program, small_disk / "journal.db")


def test_a_file_size_limit_is_named_and_nothing_is_lost_when_it_is_lifted(
    start: Callable[..., Program], tmp_path: Path
) -> None:
    program = start("appending.py", tmp_path / "journal.db", "run-1", 7, FACTS)
    _, hard = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (300_000, hard))  # before it can have written more
    read_until(program, "fault JRNL_004")
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (hard, hard))
    finish(program, tmp_path / "journal.db")


def test_a_tape_cannot_be_opened_on_a_full_disk_and_says_so(small_disk: Path) -> None:
    filler = fill(small_disk)
    with pytest.raises(TickertapeError) as refused:
        open_writer(small_disk / "journal.db")
    assert refused.value.code == "JRNL_004"
    filler.unlink()
    with open_writer(small_disk / "journal.db") as writer:
        writer.append(fact(1))


def test_the_beacon_is_written_on_a_full_disk(small_disk: Path) -> None:
    writer = BeaconWriter.open(small_disk / "bot.beacon")
    fill(small_disk)
    position = TapePosition("tape", "run-1", 7)
    mode = Mode.REDUCE_ONLY
    beacon = Beacon(pid=1, run_id="run-1", ts=5, position=position, mode=mode, journal_error="JRNL_004")
    writer.write(beacon)
    reading = read_beacon(small_disk / "bot.beacon", 6)
    assert reading.status is BeaconStatus.ALIVE
    assert reading.beacon == beacon
    writer.close()
