"""Limits, breakers, and whether the books agree with the venue's."""

from __future__ import annotations

from typing import Final

from dashboards.promql import PER_MINUTE, age, increase, largest, rate, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

UTILISATION: Final = Query(series(metrics.RISK_UTILISATION), "{{limit}}")
LIMITS: Final = Query(largest(series(metrics.RISK_LIMIT), labels.LIMIT), "{{limit}}")
DENIALS: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.DENIALS), labels.DENIAL)} > 0", "{{limit}}")
DENIALS_SHOWN: Final = Query(f"{total(increase(metrics.DENIALS), labels.DENIAL)} > 0", "{{limit}}")
BREAKERS: Final = Query(series(metrics.BREAKER_OPEN), "{{breaker}}")
BREAKER_OPENINGS: Final = Query(total(increase(metrics.BREAKER_OPENINGS), labels.BREAKER), "{{breaker}}")
KILL_SWITCH: Final = Query(series(metrics.KILL_SWITCH))
ANCHORS_AGE: Final = Query(age(metrics.ANCHORS_RESTORED))

MISMATCHES: Final = Query(series(metrics.MISMATCHES), "{{subject}}")
MISMATCHES_ALL: Final = Query(total(series(metrics.MISMATCHES)))
MISMATCHES_FOUND: Final = Query(total(increase(metrics.MISMATCHES_FOUND), labels.SUBJECT), "{{subject}}")
RECONCILED_AGE: Final = Query(age(metrics.RECONCILED))
RECONCILIATION_DURATION: Final = Query(series(metrics.RECONCILIATION_DURATION))
RECONCILIATIONS: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.RECONCILIATIONS), labels.TRIGGER)}", "{{trigger}}"
)
FILLS_LEARNED: Final = Query(total(increase(metrics.FILLS_LEARNED)))
MISMATCH_QUANTITIES: Final = Query(
    largest(series(metrics.MISMATCH_QUANTITY), labels.SUBJECT, labels.SYMBOL), "{{subject}} {{symbol}}"
)
