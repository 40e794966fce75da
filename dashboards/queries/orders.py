"""From signal to fill: how many, how fast, and how they ended."""

from __future__ import annotations

from typing import Final

from dashboards.promql import (
    PER_MINUTE,
    age,
    either,
    heat,
    increase,
    or_none,
    quantile,
    rate,
    ratio,
    series,
    total,
)
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

ENDS: Final = ("filled", "cancelled", "rejected")
"""How an order that was sent ends; denied ones never left, and unknown ones end later."""

_ENDED: Final = total(increase(metrics.ORDERS, outcome=ENDS))
_SENT: Final = total(increase(metrics.ORDERS_SENT))

SIGNALS: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.SIGNALS))}", "signals")
SENT: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.ORDERS_SENT))}", "orders sent")
FILLS: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.FILLS))}", "fills")
FILLS_SHOWN: Final = Query(total(increase(metrics.FILLS)))
BY_STRATEGY: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.SIGNALS), labels.STRATEGY, labels.SIDE)}", "{{strategy}} {{side}}"
)

OUTCOMES: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.ORDERS), labels.OUTCOME)}", "{{outcome}}")
FILLED_SHARE: Final = Query(ratio(or_none(total(increase(metrics.ORDERS, outcome="filled")), _ENDED), _ENDED))
REJECTED_SHARE: Final = Query(
    ratio(or_none(total(increase(metrics.ORDERS, outcome="rejected")), _ENDED), _ENDED)
)
UNKNOWN_SHARE: Final = Query(ratio(or_none(total(increase(metrics.ORDERS, outcome="unknown")), _SENT), _SENT))
OPEN: Final = Query(total(series(metrics.ORDERS_OPEN)))
UNKNOWN: Final = Query(total(series(metrics.ORDERS_UNKNOWN)))
OPEN_AND_UNKNOWN: Final = Query(
    either({"working": OPEN.expression, "of unknown outcome": UNKNOWN.expression}), "{{what}}"
)
UNKNOWN_BY_SYMBOL: Final = Query(total(series(metrics.ORDERS_UNKNOWN), labels.SYMBOL), "{{symbol}}")
OLDEST_UNKNOWN: Final = Query(age(metrics.OLDEST_UNKNOWN))

ACK_HEAT: Final = Query(heat(metrics.ORDER_ACK), "{{le}}", exemplars=True)
FILL_HEAT: Final = Query(heat(metrics.ORDER_FILL), "{{le}}", exemplars=True)
ACK_MEDIAN: Final = Query(quantile(0.5, metrics.ORDER_ACK), "median, {{bot}}")
ACK_SLOW: Final = Query(quantile(0.99, metrics.ORDER_ACK), "99 of 100 faster, {{bot}}", exemplars=True)
FILL_MEDIAN: Final = Query(quantile(0.5, metrics.ORDER_FILL), "median, {{bot}}")
FILL_SLOW: Final = Query(quantile(0.99, metrics.ORDER_FILL), "99 of 100 faster, {{bot}}", exemplars=True)
INTERRUPTED: Final = Query(total(increase(metrics.LATENCY_INTERRUPTED), labels.STAGE), "{{stage}}")

REQUESTS: Final = Query(
    f"{PER_MINUTE} * {total(rate(metrics.VENUE_REQUESTS), labels.OPERATION)}", "{{operation}}"
)
RECONNECTS: Final = Query(total(increase(metrics.RECONNECTS), labels.STREAM), "{{stream}}")
CLOCK_OFFSET: Final = Query(series(metrics.CLOCK_OFFSET))
ORDER_RATE_USED: Final = Query(series(metrics.RISK_UTILISATION, limit="max_orders_per_minute"))
RATE_LIMIT_USED: Final = Query(series(metrics.RATE_LIMIT_USED))
RETRIES: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.VENUE_RETRIES))}", "asked again, {{bot}}")
