"""Tapes, owned databases, locks and the beacon: the only place that opens SQLite."""

from __future__ import annotations

from trading_bot.journal.locks import Lock, lock_owner
from trading_bot.journal.owned import OwnedDatabase

__all__ = ["Lock", "OwnedDatabase", "lock_owner"]
