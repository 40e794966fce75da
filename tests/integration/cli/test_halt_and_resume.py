"""Halt and resume against a process that keeps a beacon as the bot does, with no tape and no other process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import zlib

import pytest
from support.command import Command, wait_until

from trading_bot.boot.halt import HaltRequest, write_halt
from trading_bot.journal.beacon import HEADER, MAGIC, SIZE

KEEPER = textwrap.dedent(
    """
    import os, signal, sys, time
    from pathlib import Path
    from trading_bot.contract.events.lifecycle import Mode
    from trading_bot.journal.beacon import Beacon, BeaconWriter
    from trading_bot.journal.schema import TapePosition

    home = Path(sys.argv[1])
    mode = [Mode.HALTED if (home / "HALT").exists() else Mode.RUNNING]

    def look(*_):
        if sys.argv[2] != "ignores":
            mode[0] = Mode.HALTED if (home / "HALT").exists() else Mode.RUNNING

    signal.signal(signal.SIGUSR1, look)
    signal.signal(signal.SIGUSR2, look)
    writer = BeaconWriter.open(home / "bot.beacon")
    if sys.argv[2] in {"begins late", "never begins"}:
        print("on", flush=True)
        time.sleep(1 if sys.argv[2] == "begins late" else 600)
    while True:
        writer.write(
            Beacon(pid=os.getpid(), run_id="r", ts=time.time_ns(), position=TapePosition("t", "r", 0), mode=mode[0])
        )
        print("on", flush=True)
        time.sleep(0.05)
    """
)


@pytest.fixture
def keeper(command: Command):
    """Starts a process that keeps the beacon."""
    command.home.mkdir(mode=0o700)
    started = []

    def start(manner: str = "obeys") -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(command.home), manner], stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline() == b"on\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_halt_writes_who_when_and_why_and_returns_when_the_bot_confirms(command: Command, keeper):
    bot = keeper()
    answer = command.run("halt", "--reason", "fills look wrong", "--actor", "ann")
    assert answer.returncode == 0, answer.stderr
    assert f"the bot (process {bot.pid}) confirms" in answer.stdout
    halt = json.loads((command.home / "HALT").read_text())
    assert (halt["actor"], halt["reason"]) == ("ann", "fills look wrong")
    assert halt["at"] > 0


def test_halt_without_a_bot_leaves_the_file_for_the_next_one(command: Command):
    command.home.mkdir(mode=0o700)
    answer = command.run("halt")
    assert answer.returncode == 0
    assert "the next one starts halted" in answer.stdout
    assert (command.home / "HALT").exists()


def test_halt_without_a_home_is_one_clear_line(command: Command):
    answer = command.run("halt")
    assert answer.returncode == 1
    assert "BOT_008" in answer.stderr
    assert not command.home.exists()


def test_halt_of_a_bot_that_does_not_confirm_says_so_and_leaves_the_file(command: Command, keeper):
    keeper("ignores")
    answer = command.run("halt")
    assert answer.returncode == 1
    assert "BOT_007" in answer.stderr
    assert (command.home / "HALT").exists()


def test_a_killed_bot_is_not_signalled_however_its_last_beacon_looks(command: Command, keeper):
    bot = keeper()
    bot.kill()
    bot.wait()
    answer = command.run("halt")
    assert answer.returncode == 0
    assert "no bot runs here" in answer.stdout


SQUATTER = textwrap.dedent(
    """
    import signal, sys
    from trading_bot.journal.beacon import BeaconWriter
    writer = BeaconWriter.open(sys.argv[1])
    print("on", flush=True)
    signal.pause()
    """
)


def test_a_process_whose_pid_stands_in_its_predecessors_beacon_is_not_signalled(command: Command, keeper):
    """A starting bot holds the lock while the file still names the last bot, whose pid may be anybody's now."""
    bot = keeper()
    bot.send_signal(signal.SIGSTOP)
    beacon = command.home / "bot.beacon"
    content = beacon.read_bytes()
    bot.kill()
    bot.wait()
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        beacon.write_bytes(rewritten(content, bystander.pid))
        starting = subprocess.Popen([sys.executable, "-c", SQUATTER, str(beacon)], stdout=subprocess.PIPE)
        assert starting.stdout.readline() == b"on\n"
        answer = command.run("halt")
        assert answer.returncode == 0
        assert bystander.poll() is None
        starting.kill()
        starting.wait()
        starting.stdout.close()
    finally:
        bystander.kill()
        bystander.wait()


@pytest.fixture
def halted_by_itself(command: Command, keeper):
    """Leaves the beacon of a dead bot that was halted, without a file, and starts the next one."""

    def start(manner: str) -> None:
        (command.home / "HALT").touch()
        before = keeper()
        before.kill()
        before.wait()
        keeper(manner)
        (command.home / "HALT").unlink()

    return start


def test_a_bot_that_just_starts_is_waited_for_before_its_halt_is_lifted(command: Command, halted_by_itself):
    halted_by_itself("begins late")
    answer = command.run("resume", "--confirm")
    assert answer.returncode == 0, answer.stderr
    assert "confirms" in answer.stdout


def test_a_bot_that_does_not_come_up_lifts_no_halt_and_that_is_said(command: Command, halted_by_itself):
    halted_by_itself("never begins")
    answer = command.run("resume", "--confirm")
    assert answer.returncode == 1
    assert "BOT_007" in answer.stderr
    assert "ask again once it runs" in answer.stderr


def rewritten(content: bytes, pid: int) -> bytes:
    """Return a beacon's bytes with another pid in it."""
    _, length, _ = HEADER.unpack_from(content)
    body = json.loads(content[HEADER.size : HEADER.size + length])
    changed = json.dumps({**body, "pid": pid}).encode()
    return (HEADER.pack(MAGIC, len(changed), zlib.crc32(changed)) + changed).ljust(SIZE, b"\0")


def test_resume_needs_a_confirmation_that_cannot_be_skipped(command: Command):
    command.home.mkdir(mode=0o700)
    write_halt(command.home / "HALT", HaltRequest(actor="ann", at=1, reason="fills look wrong"))
    answer = command.run("resume")
    assert answer.returncode == 2
    assert "halted by ann: fills look wrong" in answer.stderr
    assert (command.home / "HALT").exists()


def test_resume_removes_the_file_and_returns_when_the_bot_confirms(command: Command, keeper):
    keeper()
    assert command.run("halt").returncode == 0
    answer = command.run("resume", "--confirm")
    assert answer.returncode == 0, answer.stderr
    assert "confirms" in answer.stdout
    assert not (command.home / "HALT").exists()


def test_resume_without_a_halt_changes_nothing(command: Command):
    command.home.mkdir(mode=0o700)
    answer = command.run("resume", "--confirm")
    assert answer.returncode == 1
    assert "BOT_011" in answer.stderr


def test_a_halt_signal_before_the_bot_listens_does_not_end_a_starting_process(command: Command):
    process = command.start("exchange", "--bar", "1s")
    assert wait_until((command.home / "exchange.db").exists)
    process.send_signal(signal.SIGUSR1)
    assert not wait_until(lambda: process.poll() is not None, seconds=0.5)
