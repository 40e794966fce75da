"""What is promised, what was kept, and how fast the budget for missing it is used."""

from __future__ import annotations

from typing import Final

from dashboards.promql import largest, mean, ratio, series
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import recordings
from trading_bot.contract.telemetry.recordings import Recording


def _of(record: Recording) -> Query:
    """Return a record by level; without its name, so that a table can join several."""
    return Query(largest(series(record), recordings.LEVEL), "{{slo}}")


PROMISED: Final = Query(f"1 - {series(recordings.LEVEL_BUDGET)}", "{{slo}}")
KEPT: Final = Query(
    f"1 - {ratio(mean(recordings.LEVEL_BAD), mean(recordings.LEVEL_ALL))}",
    "{{slo}}",
)
LEFT: Final = _of(recordings.LEVEL_LEFT)
BURN: Final = {window: _of(recordings.BURN[window]) for window in recordings.WINDOWS}
MISSED_HOUR: Final = _of(recordings.MISSED["1h"])
MISSED_SIX: Final = _of(recordings.MISSED["6h"])
BAD: Final = _of(recordings.LEVEL_BAD)
ALL: Final = _of(recordings.LEVEL_ALL)
