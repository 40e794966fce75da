"""The comparison of books and venue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from exporter.metrics.scrape import Point, Scrape, Table, counted, seconds
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.definition import Metric


def _mismatches(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    open_now = Counter(mismatch.subject for mismatch in scrape.state.reconciliation.mismatches.values())
    for subject in labels.SUBJECT.values or ():
        yield (subject,), float(open_now[subject])


def _quantities(scrape: Scrape, _metric: Metric) -> Iterator[Point]:
    found: dict[tuple[str, ...], float] = {}
    for mismatch in scrape.state.reconciliation.mismatches.values():
        if mismatch.quantity is not None:
            place = (mismatch.subject, mismatch.symbol or mismatch.asset or "")
            found[place] = found.get(place, 0.0) + float(mismatch.quantity)
    yield from found.items()


TABLE: Final[Table] = {
    metrics.MISMATCHES: _mismatches,
    metrics.MISMATCH_QUANTITY: _quantities,
    metrics.MISMATCHES_FOUND: counted,
    metrics.RECONCILIATIONS: counted,
    metrics.RECONCILED: lambda scrape, _: seconds(scrape.state.reconciliation.completed_at),
    metrics.RECONCILIATION_DURATION: lambda scrape, _: seconds(scrape.state.reconciliation.duration_ns),
    metrics.FILLS_LEARNED: counted,
}
