from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from support.tapes import number_of

from trading_bot.journal import TapeReader

Program = subprocess.Popen[str]


def durable_up_to(lines: str) -> int:
    # The last line can be cut by the kill: only whole lines count.
    whole = lines[: lines.rfind("\n") + 1].splitlines()
    return max((int(line.split()[1]) for line in whole if line.startswith("durable")), default=0)


def read_new(path: Path, after: int) -> int:
    """Read what a life added: every event whole, in order, without gaps. Return the last one's number."""
    with TapeReader.open(path) as reader:
        while envelopes := reader.read(after, 1_000):
            assert [envelope.seq for envelope in envelopes] == list(
                range(after + 1, after + len(envelopes) + 1)
            )
            facts = [envelope for envelope in envelopes if envelope.kind == "mode.changed"]
            assert [number_of(envelope) for envelope in facts] == [envelope.seq for envelope in facts]
            after += len(envelopes)
    return after


@pytest.mark.timeout(600)
def test_kill_9_loses_nothing_durable_and_never_leaves_half_an_event(
    start: Callable[..., Program], tmp_path: Path, count: Callable[[str, int, str], None], long_run: bool
) -> None:
    chance, lives = random.Random(20_171_103), 100 if long_run else 3
    path = tmp_path / "journal.db"
    acknowledged = last = 0
    for life in range(lives):
        program = start("appending.py", path, f"run-{life}", chance.randrange(1_000_000), 0)
        assert program.stdout is not None
        assert program.stdout.readline() == "open\n"
        if life == 0:  # a slow disk may take longer than all of the lives together
            promised = next(line for line in program.stdout if line.startswith("durable"))
            acknowledged = durable_up_to(promised)
        time.sleep(chance.random() * 0.5)
        program.kill()
        acknowledged = max(acknowledged, durable_up_to(program.communicate()[0]))
        last = read_new(path, last)
        assert last >= acknowledged
    assert acknowledged > 0
    assert read_new(path, 0) == last
    pages = apsw.Connection(str(path))
    assert pages.pragma("integrity_check") == "ok"
    pages.close()
    count("kill -9 of the journal's writer", lives, f"{acknowledged} events promised, none lost, none half")
