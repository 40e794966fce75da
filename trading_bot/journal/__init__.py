"""Tapes, owned databases, locks and the beacon: the only place that opens SQLite."""

from __future__ import annotations

from trading_bot.journal.beacon import Beacon, BeaconReading, BeaconStatus, BeaconWriter, read_beacon
from trading_bot.journal.follower import Follower, Page
from trading_bot.journal.locks import Lock, lock_owner
from trading_bot.journal.owned import OwnedDatabase
from trading_bot.journal.reader import Run, TapeReader
from trading_bot.journal.replay import fold_page, replay
from trading_bot.journal.retention import Pruned, RetentionPolicy
from trading_bot.journal.schema import TapePosition
from trading_bot.journal.writer import TapeWriter

__all__ = [
    "Beacon",
    "BeaconReading",
    "BeaconStatus",
    "BeaconWriter",
    "Follower",
    "Lock",
    "OwnedDatabase",
    "Page",
    "Pruned",
    "RetentionPolicy",
    "Run",
    "TapePosition",
    "TapeReader",
    "TapeWriter",
    "fold_page",
    "lock_owner",
    "read_beacon",
    "replay",
]
