"""The ops endpoint, its stream and workflows; commands and settings."""

from __future__ import annotations

from typing import Final

from dashboards.promql import (
    PER_MINUTE,
    SHOWN,
    either,
    increase,
    largest,
    or_none,
    quantile,
    rate,
    series,
    total,
)
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

FAILED: Final = tuple(status for status in labels.HTTP_STATUSES if status.startswith("5"))

REQUESTS: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.API_REQUESTS), labels.ENDPOINT)}", "{{endpoint}}"
)
REFUSALS: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.API_REFUSALS), labels.CODE)}", "{{code}}")
MEDIAN: Final = Query(quantile(0.5, metrics.API_DURATION), "median, {{bot}}")
SLOW: Final = Query(quantile(0.99, metrics.API_DURATION), "99 of 100 faster, {{bot}}")

_ANSWERED: Final = total(increase(metrics.API_REQUESTS), labels.ENDPOINT)
ANSWERED: Final = Query(_ANSWERED, "{{endpoint}}")
FAILED_BY_ENDPOINT: Final = Query(
    or_none(total(increase(metrics.API_REQUESTS, status=FAILED), labels.ENDPOINT), _ANSWERED), "{{endpoint}}"
)
SLOW_BY_ENDPOINT: Final = Query(
    f"{quantile(0.99, metrics.API_DURATION, labels.ENDPOINT, over=SHOWN)} > 0", "{{endpoint}}"
)

CONNECTIONS: Final = Query(series(metrics.STREAM_CONNECTIONS))
CLIENTS: Final = Query(total(series(metrics.STREAM_CLIENTS), labels.STREAM_CHANNEL), "{{channel}}")
MESSAGES: Final = Query(total(rate(metrics.STREAM_MESSAGES), labels.STREAM_CHANNEL), "{{channel}}")
DROPPED: Final = Query(f"{total(increase(metrics.STREAM_DROPPED), labels.STREAM_CHANNEL)} > 0", "{{channel}}")
CLOSED: Final = Query(
    f"{total(increase(metrics.STREAM_CLOSED), labels.STREAM_CLOSED_REASON)} > 0", "{{reason}}"
)

EXECUTIONS: Final = Query(
    f"{total(increase(metrics.WORKFLOW_EXECUTIONS), labels.WORKFLOW, labels.WORKFLOW_OUTCOME)} > 0",
    "executions",
)
AT_WORK: Final = Query(
    either({"running": series(metrics.WORKFLOW_RUNNING), "queued": series(metrics.WORKFLOW_QUEUED)}),
    "{{what}}",
)
OLDEST: Final = Query(f"{series(metrics.WORKFLOW_OLDEST_RUNNING)} > 0")
STEPS: Final = Query(
    f"{quantile(0.9, metrics.WORKFLOW_STEP_DURATION, labels.WORKFLOW, over=SHOWN)} > 0", "{{workflow}}"
)
UNDONE: Final = Query(
    f"{total(increase(metrics.WORKFLOW_COMPENSATIONS), labels.WORKFLOW)} > 0", "{{workflow}}"
)

COMMANDS: Final = Query(
    f"{total(increase(metrics.CONTROL_COMMANDS), labels.COMMAND, labels.ANSWER)} > 0", "{{name}}, {{outcome}}"
)
PENDING: Final = Query(series(metrics.CONTROL_PENDING))
SETTINGS_PENDING: Final = Query(series(metrics.SETTINGS_PENDING))
DRIFT: Final = Query(series(metrics.SETTINGS_DRIFT))
ROLLBACKS: Final = Query(total(increase(metrics.SETTINGS_ROLLBACKS)))
GENERATION: Final = Query(largest(series(metrics.SETTINGS_GENERATION)), "generation, {{bot}}")
