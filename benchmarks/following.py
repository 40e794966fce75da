"""The other process of `commit_to_seen`: says when it saw what. `python -m benchmarks.following TAPE|-`."""

from __future__ import annotations

import os
import sys
import time

from trading_bot.journal import Follower

IDLE_SECONDS = 2.0
LAST = 0
"""A sequence number that no event has: the reader may go idle."""


def follow(path: str) -> None:
    """Write `seq ns` of each event as it is seen, and the CPU share while nothing comes."""
    with Follower(path) as follower:
        for page in follower.pages():
            now = time.monotonic_ns()
            for envelope in page.envelopes:
                print(envelope.seq, now, flush=True)
            if page.envelopes and page.envelopes[-1].kind == "bot.stopped":
                break
        begun, used = time.monotonic(), time.process_time()
        follower.next_page(IDLE_SECONDS)
        print(LAST, (time.process_time() - used) / (time.monotonic() - begun), flush=True)


def read_pipe() -> None:
    """Write when each byte of the standard input was read."""
    number = 0
    while os.read(0, 1):
        number += 1
        print(number, time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "-":
        read_pipe()
    else:
        follow(sys.argv[1])
