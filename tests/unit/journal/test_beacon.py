from __future__ import annotations

import os
from pathlib import Path

import pytest

from trading_bot.contract.errors import OperatorError
from trading_bot.contract.events.lifecycle import Mode
from trading_bot.journal import Beacon, BeaconStatus, BeaconWriter, TapePosition, read_beacon

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def beacon(ts: int = NOW, error: str | None = None) -> Beacon:
    position = TapePosition("tape", "run-1", 7)
    return Beacon(
        pid=os.getpid(), run_id="run-1", ts=ts, position=position, mode=Mode.RUNNING, journal_error=error
    )


def test_a_beacon_that_was_written_just_now_is_alive(tmp_path: Path) -> None:
    writer = BeaconWriter.open(tmp_path / "bot.beacon")
    writer.write(beacon(error="JRNL_004"))
    reading = read_beacon(tmp_path / "bot.beacon", NOW + SECOND)
    assert reading.status is BeaconStatus.ALIVE
    assert reading.beacon == beacon(error="JRNL_004")
    writer.close()


def test_a_held_lock_with_an_old_time_is_frozen(tmp_path: Path) -> None:
    writer = BeaconWriter.open(tmp_path / "bot.beacon")
    writer.write(beacon())
    assert read_beacon(tmp_path / "bot.beacon", NOW + 4 * SECOND).status is BeaconStatus.FROZEN
    writer.close()


def test_a_free_lock_is_dead_whatever_the_time_says(tmp_path: Path) -> None:
    writer = BeaconWriter.open(tmp_path / "bot.beacon")
    writer.write(beacon())
    writer.close()
    reading = read_beacon(tmp_path / "bot.beacon", NOW)
    assert reading.status is BeaconStatus.DEAD
    assert reading.beacon == beacon()


def test_no_file_is_absent(tmp_path: Path) -> None:
    assert read_beacon(tmp_path / "bot.beacon", NOW).status is BeaconStatus.ABSENT


def test_half_a_write_is_unreadable_and_never_half_believed(tmp_path: Path) -> None:
    path = tmp_path / "bot.beacon"
    writer = BeaconWriter.open(path)
    writer.write(beacon())
    torn = path.read_bytes()
    writer.write(beacon(ts=NOW + 5 * SECOND, error="JRNL_009"))
    with path.open("r+b") as file:
        file.write(torn[:60])  # the old beginning before the new rest
    reading = read_beacon(path, NOW)
    assert reading.status is BeaconStatus.UNREADABLE
    assert reading.beacon is None
    writer.write(beacon())
    assert read_beacon(path, NOW).status is BeaconStatus.ALIVE
    writer.close()


def test_a_beacon_before_its_first_write_is_unreadable_while_its_writer_lives(tmp_path: Path) -> None:
    writer = BeaconWriter.open(tmp_path / "bot.beacon")
    assert read_beacon(tmp_path / "bot.beacon", NOW).status is BeaconStatus.UNREADABLE
    writer.close()


def test_a_reader_does_not_take_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "bot.beacon"
    BeaconWriter.open(path).close()
    read_beacon(path, NOW)
    BeaconWriter.open(path).close()


def test_a_second_beacon_is_refused(tmp_path: Path) -> None:
    writer = BeaconWriter.open(tmp_path / "bot.beacon")
    writer.write(beacon())
    with pytest.raises(OperatorError) as refused:
        BeaconWriter.open(tmp_path / "bot.beacon")
    assert refused.value.code == "JRNL_003"
    assert f"process {os.getpid()}" in refused.value.line()
    writer.close()


def test_the_file_keeps_its_size_and_is_allocated_before_the_first_write(tmp_path: Path) -> None:
    path = tmp_path / "bot.beacon"
    writer = BeaconWriter.open(path)
    assert path.stat().st_size == 4_096
    assert path.stat().st_blocks * 512 >= 4_096
    writer.write(beacon())
    assert path.stat().st_size == 4_096
    writer.close()
