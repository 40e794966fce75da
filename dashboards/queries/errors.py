"""Semantic errors: counted in Prometheus, told in Loki."""

from __future__ import annotations

from typing import Final

from dashboards.promql import PER_MINUTE, age, increase, largest, rate, total, values
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

CODES: Final = values(metrics.ERRORS_TOTAL, labels.CODE)

BY_CODE: Final = Query(f"sort_desc({total(increase(metrics.ERRORS_TOTAL), labels.CODE)} > 0)", "{{code}}")
BY_CODE_OVER_TIME: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.ERRORS_TOTAL), labels.CODE)} > 0", "{{code}}"
)
BY_SEVERITY: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.ERRORS_TOTAL), labels.SEVERITY)}", "{{severity}}"
)
ALL: Final = Query(total(increase(metrics.ERRORS_TOTAL, severity=("warning", "error", "critical"))))
CRITICAL: Final = Query(total(increase(metrics.ERRORS_TOTAL, severity="critical")))


def _described(expression: str) -> str:
    """Return an expression with the code twice more, for the columns that say what it means."""
    title = f'label_replace({expression}, "meaning", "$1", "code", "(.+)")'
    return f'label_replace({title}, "consequence", "$1", "code", "(.+)")'


COUNTS: Final = Query(
    _described(f"{total(increase(metrics.ERRORS_TOTAL), labels.CODE, labels.SEVERITY)} > 0"), "count"
)
LAST_SEEN: Final = Query(f"sort({largest(age(metrics.ERROR_TIME), labels.CODE)})", "{{code}}")
OPS: Final = Query(f"{total(increase(metrics.CONTROL_ERRORS), labels.CODE)} > 0", "ops {{code}}")
EXPORTER: Final = Query(f"{total(increase(metrics.EXPORTER_ERRORS), labels.CODE)} > 0", "exporter {{code}}")

LOG: Final = (
    '{service_namespace="tickertape"} | tradingbot_bot=~"$bot" | error_type=~"$code" | trace_id=~"${trace}.*"'
)
"""LogQL: the labels are what Loki makes of the resource attributes of the shipped records."""
