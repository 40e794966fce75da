"""A program that appends numbered facts to a tape until it is killed, and says what is durable.

Arguments: tape, run id, seed, most facts (0: without end). Prints ``durable N`` after the durable
commit of fact N, ``fault CODE`` and ``clear`` when commits begin to fail and work again, ``done`` at
the end of the facts; then it waits for its input to close, and closes the tape.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from support.tapes import fact, spans

from trading_bot.boot.clock import SystemClock
from trading_bot.contract.errors import TickertapeError
from trading_bot.journal import TapeWriter


class Talker:
    """Prints what changes about the tape's fault."""

    def __init__(self, writer: TapeWriter) -> None:
        self.writer = writer
        self.said: str | None = None

    def tell(self) -> None:
        fault = self.writer.fault
        code = fault.code if fault is not None else None
        if code != self.said:
            print("clear" if code is None else f"fault {code}", flush=True)
        self.said = code


def append(writer: TapeWriter, chance: random.Random, most: int) -> None:
    talker = Talker(writer)
    number = 0
    while most == 0 or number < most:
        number += 1
        writer.append(fact(writer.last + 1, padding=chance.randrange(200)))
        if chance.random() < 0.3:
            writer.append(spans(padding=chance.randrange(5_000)))
        if chance.random() < 0.2:
            try:
                print(f"durable {writer.make_durable().result(30)}", flush=True)
            except TickertapeError:
                time.sleep(0.01)
        if chance.random() < 0.1:
            time.sleep(chance.random() * 0.01)
        talker.tell()
    print("done", flush=True)
    while writer.fault is not None:
        talker.tell()
        time.sleep(0.01)
    talker.tell()


def main() -> None:
    path, run_id, seed, most = sys.argv[1:]
    with TapeWriter.open(Path(path), bot="demo", run_id=run_id, clock=SystemClock()) as writer:
        print("open", flush=True)
        append(writer, random.Random(int(seed)), int(most))
        sys.stdin.read()


main()
