"""Real child processes, small ones."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from support.command import PATIENCE, wait_until

from trading_bot.cli.supervision.child import Child
from trading_bot.cli.supervision.supervisor import Supervisor


def child(name: str, program: str, folder: Path, is_ready=lambda _pid: True) -> Child:
    return Child(
        name,
        [sys.executable, "-c", program],
        environment=dict(os.environ),
        output=folder / f"{name}.out",
        is_ready=is_ready,
    )


SLEEPER = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
FORKING = "import os, time; pid = os.fork(); pid and print(pid, flush=True); time.sleep(60)"


def run_until_said(lines_wanted: int, children, every_look=lambda: None) -> list[str]:
    """Supervise children until so much was said, and stop them; return what was said."""
    lines, stop = [], threading.Event()

    def look() -> None:
        every_look()
        if len(lines) >= lines_wanted:
            stop.set()

    supervisor = Supervisor(children, stops_first="first", say=lines.append, every_look=look)
    supervisor.run(stop, PATIENCE)
    return lines


def test_a_child_that_ends_is_started_again_and_its_last_words_are_printed(tmp_path):
    broken = child("broken", "print('no such venue'); raise SystemExit(3)", tmp_path)
    lines = run_until_said(1, [broken])
    assert lines[0] == "broken ended with 3, restart 1 in 0.5 s; it said: no such venue"


def test_a_child_that_asks_for_a_restart_is_started_at_once(tmp_path):
    restarting = child("restarting", "raise SystemExit(75)", tmp_path)
    lines = run_until_said(2, [restarting])
    assert len(lines) >= 2
    assert all(" at once" in line for line in lines)


def test_a_killed_child_is_named_with_its_signal(tmp_path):
    sleeper = child("sleeper", SLEEPER, tmp_path)

    def kill_once() -> None:
        if sleeper.pid and sleeper.restarts.count == 0:
            os.kill(sleeper.pid, 9)

    lines = run_until_said(1, [sleeper], kill_once)
    assert lines == ["sleeper killed by SIGKILL, restart 1 in 0.5 s"]


def test_a_worker_that_outlives_its_killed_parent_is_ended_before_the_restart(tmp_path):
    forking = child("forking", FORKING, tmp_path)
    forking.start()
    output = tmp_path / "forking.out"
    assert wait_until(lambda: output.read_text().endswith("\n"))
    worker = int(output.read_text())
    os.kill(forking.pid, 9)
    assert wait_until(lambda: forking.look(0) is not None)
    assert wait_until(lambda: is_gone(worker))


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_child_that_ignores_sigterm_is_killed_in_time_and_named(tmp_path):
    stubborn = child("stubborn", STUBBORN, tmp_path)
    stubborn.start()
    assert wait_until(lambda: "on" in (tmp_path / "stubborn.out").read_text())
    pid = stubborn.pid
    lines = run_until_said(0, [stubborn])
    assert lines == ["stubborn did not stop in time and was killed"]
    assert is_gone(pid)


def test_the_bot_has_ended_before_the_others_are_asked_to(tmp_path):
    note = tmp_path / "order"
    writing = (
        "import signal, sys, time\n"
        f"def end(*_):\n open({str(note)!r}, 'a').write(sys.argv[1] + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('on', flush=True); time.sleep(60)"
    )
    children = [
        Child(
            name,
            [sys.executable, "-c", writing, name],
            environment=dict(os.environ),
            output=tmp_path / f"{name}.out",
            is_ready=lambda _pid: True,
        )
        for name in ("other", "first")
    ]
    for one in children:
        one.start()
    assert wait_until(lambda: all((tmp_path / f"{name}.out").read_text() for name in ("other", "first")))
    run_until_said(0, children)
    assert note.read_text() == "first other "


def test_each_child_leads_a_session_of_its_own(tmp_path):
    sleeper = child("sleeper", SLEEPER, tmp_path)
    sleeper.start()
    try:
        assert os.getsid(sleeper.pid) == sleeper.pid
    finally:
        sleeper.kill()


def test_the_output_of_earlier_runs_is_no_last_word(tmp_path):
    silent = child("silent", "raise SystemExit(1)", tmp_path)
    (tmp_path / "silent.out").write_text("old news\n")
    silent.start()
    assert wait_until(lambda: silent.look(0) is not None)
    assert silent.last_words() == ""


@pytest.mark.parametrize("ready", [True, False])
def test_a_child_counts_as_ready_when_it_has_been_seen_at_work(tmp_path, ready):
    sleeper = child("sleeper", SLEEPER, tmp_path, is_ready=lambda _pid: ready)
    sleeper.start()
    try:
        sleeper.look(1)
        assert sleeper.ready is ready
    finally:
        sleeper.kill()
