"""Read a home folder as any reader does: the tape folded, the beacon asked, the whole judged."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.boot.halt import HaltRequest, read_halt
from trading_bot.boot.home import Home
from trading_bot.contract.errors import TickertapeError
from trading_bot.domain.fold import evolve
from trading_bot.domain.health import Health, Liveness, TapeFault, assess
from trading_bot.domain.snapshots import restore
from trading_bot.domain.state import State
from trading_bot.journal.beacon import BeaconReading, BeaconStatus, read_beacon
from trading_bot.journal.reader import TapeReader
from trading_bot.journal.replay import replay

MISSING: Final = "JRNL_013"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a home folder says at ``now_ns``. ``problem`` is why the tape cannot be read, in words."""

    home: Home
    now_ns: int
    state: State
    health: Health
    beacon: BeaconReading
    halt: HaltRequest | None
    problem: str | None


def read_home(home: Home, now_ns: int) -> Reading:
    """Return what the home folder says; a tape that cannot be read is part of the answer."""
    state, problem, fault = State(), None, None
    try:
        with TapeReader.open(home.journal) as reader:
            state, _ = replay(reader, evolve, State, restore)
    except TickertapeError as error:
        problem = error.message
        fault = TapeFault.MISSING if error.code == MISSING else TapeFault.CORRUPT
    beacon = read_beacon(home.beacon, now_ns)
    health = assess(
        state,
        now_ns,
        LIVENESS[beacon.status],
        beat_at=beacon.beacon.ts if beacon.beacon else None,
        journal_error=beacon.beacon.journal_error if beacon.beacon else None,
        tape_fault=fault,
    )
    halt = read_halt(home.halt)
    return Reading(
        home=home, now_ns=now_ns, state=state, health=health, beacon=beacon, halt=halt, problem=problem
    )


LIVENESS: Final = {
    BeaconStatus.ALIVE: Liveness.ALIVE,
    BeaconStatus.FROZEN: Liveness.FROZEN,
    BeaconStatus.DEAD: Liveness.DEAD,
    BeaconStatus.ABSENT: Liveness.ABSENT,
    BeaconStatus.UNREADABLE: Liveness.DEAD,  # never alive by default
}
