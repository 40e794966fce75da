"""The journal: how far it is read, its size, its commits."""

from __future__ import annotations

from typing import Final

from exporter.metrics.scrape import Table, counted, observed, seconds, value
from trading_bot.contract.telemetry import metrics

TABLE: Final[Table] = {
    metrics.JOURNAL_POSITION: lambda scrape, _: value(scrape.state.seq or None),
    metrics.JOURNAL_TIME: lambda scrape, _: seconds(scrape.state.ts or None),
    metrics.JOURNAL_EVENTS: counted,
    metrics.JOURNAL_SIZE: lambda scrape, _: value(scrape.own.journal_bytes),
    metrics.JOURNAL_DISK_FREE: lambda scrape, _: value(scrape.own.journal_disk_free),
    metrics.JOURNAL_COMMIT: observed,
    metrics.JOURNAL_QUEUE: lambda scrape, _: value(scrape.state.runtime.journal_queue),
    metrics.JOURNAL_DROPPED: counted,
    metrics.SNAPSHOT_TIME: lambda scrape, _: seconds(scrape.state.snapshot_at),
}
