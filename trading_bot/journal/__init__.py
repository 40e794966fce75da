"""Tapes, owned databases, locks and the beacon: the only place that opens SQLite."""

from __future__ import annotations

from trading_bot.journal.beacon import Beacon, BeaconReading, BeaconStatus, BeaconWriter, read_beacon
from trading_bot.journal.latency import COMMIT_BOUNDS, CommitLatency
from trading_bot.journal.locks import Lock, lock_owner
from trading_bot.journal.owned import OwnedDatabase
from trading_bot.journal.retention import Pruned, RetentionPolicy
from trading_bot.journal.schema import TapePosition
from trading_bot.journal.writer import TapeWriter

__all__ = [
    "COMMIT_BOUNDS",
    "Beacon",
    "BeaconReading",
    "BeaconStatus",
    "BeaconWriter",
    "CommitLatency",
    "Lock",
    "OwnedDatabase",
    "Pruned",
    "RetentionPolicy",
    "TapePosition",
    "TapeWriter",
    "lock_owner",
    "read_beacon",
]
