from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import apsw
from support.tapes import number_of, read_all

from trading_bot.contract.codec import Envelope

Program = subprocess.Popen[str]


def durable_up_to(lines: str) -> int:
    # The last line can be cut by the kill: only whole lines count.
    whole = lines[: lines.rfind("\n") + 1].splitlines()
    return max((int(line.split()[1]) for line in whole if line.startswith("durable")), default=0)


def check_whole(envelopes: list[Envelope]) -> None:
    """Every event whole, in order, without gaps; the facts carry their own sequence number."""
    assert [envelope.seq for envelope in envelopes] == list(range(1, len(envelopes) + 1))
    facts = [envelope for envelope in envelopes if envelope.kind == "mode.changed"]
    assert [number_of(envelope) for envelope in facts] == [envelope.seq for envelope in facts]


def test_kill_9_loses_nothing_durable_and_never_leaves_half_an_event(
    start: Callable[..., Program], tmp_path: Path, long_run: bool
) -> None:
    chance = random.Random(20_171_103)
    path = tmp_path / "journal.db"
    acknowledged = 0
    for life in range(100 if long_run else 3):
        program = start("appending.py", path, f"run-{life}", chance.randrange(1_000_000), 0)
        assert program.stdout is not None
        assert program.stdout.readline() == "open\n"
        time.sleep(chance.random() * 0.5)
        program.kill()
        acknowledged = max(acknowledged, durable_up_to(program.communicate()[0]))
        envelopes = read_all(path)
        check_whole(envelopes)
        assert len(envelopes) >= acknowledged
    assert acknowledged > 0
    pages = apsw.Connection(str(path))
    assert pages.pragma("integrity_check") == "ok"
    pages.close()
