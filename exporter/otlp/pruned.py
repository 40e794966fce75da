"""How many records were pruned from a tape before they were shipped: an exact number, not a guess.

Each snapshot of the tape's owner carries the count of all events of each kind. Where a shipper passes
one and has passed fewer records than it says, the rest is gone.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.codec import Envelope
from trading_bot.contract.events.lifecycle import StateSnapshotted
from trading_bot.contract.telemetry.metrics import JOURNAL_EVENTS


class _Counts(msgspec.Struct):
    """The part of a snapshot's state that is needed here."""

    counts: dict[str, dict[str, float]] = {}


_counts: Final = msgspec.json.Decoder(_Counts)


def count_behind(records: int | None, page: list[Envelope], kind: str) -> tuple[int | None, int]:
    """Return how many records are behind a page, and how many of them had been pruned before it.

    Args:
        records: how many are behind the page's beginning; None while that is not known.
        page: the events of ``kind`` and the snapshots on the way, in order.
        kind: the kind of the records.
    """
    pruned = 0
    for envelope in page:
        if not isinstance(envelope.payload, StateSnapshotted):
            records = None if records is None else records + 1
            continue
        recorded = _recorded(envelope.payload, kind)
        pruned += 0 if records is None else max(0, recorded - records)
        records = recorded
    return records, pruned


def _recorded(snapshot: StateSnapshotted, kind: str) -> int:
    counts = _counts.decode(snapshot.state).counts
    return int(counts.get(JOURNAL_EVENTS.name, {}).get(kind, 0))
