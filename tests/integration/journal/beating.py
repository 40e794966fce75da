"""A program that writes a beacon every 20 ms until it is killed. Argument: the beacon."""

from __future__ import annotations

import os
import sys
import time

from trading_bot.contract.events.lifecycle import Mode
from trading_bot.journal import Beacon, BeaconWriter, TapePosition

writer = BeaconWriter.open(sys.argv[1])
while True:
    position = TapePosition("tape", "run-1", time.monotonic_ns())
    writer.write(
        Beacon(pid=os.getpid(), run_id="run-1", ts=time.time_ns(), position=position, mode=Mode.RUNNING)
    )
    time.sleep(0.02)
