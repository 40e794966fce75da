"""From signal to fill: how many, how fast, and how they ended."""

from __future__ import annotations

from typing import Final

from alerts.promql import PER_MINUTE, increase, largest, quantile, rate, ratio, series, total
from trading_bot.contract.telemetry import metrics, recordings
from trading_bot.contract.telemetry.selectors import Not

ENDS: Final = Not(("denied", "unknown"))
"""How an order that was sent ends; denied ones never left, and unknown ones end later."""

ENDED: Final = total(increase(metrics.ORDERS, "15m", outcome=ENDS))
REJECTED: Final = total(increase(metrics.ORDERS, "15m", outcome="rejected"))
FILLED: Final = total(increase(metrics.ORDERS, "15m", outcome="filled"))


def share(part: str) -> str:
    """Return the part of the orders that ended; 0 where the part has no series yet and the whole has."""
    return ratio(f"({part} or 0 * {ENDED})", ENDED)


EXPRESSIONS: Final = {
    recordings.SENT: f"{PER_MINUTE} * {total(rate(metrics.ORDERS_SENT, '5m'))}",
    recordings.FILLS: f"{PER_MINUTE} * {total(rate(metrics.FILLS, '5m'))}",
    recordings.REJECT_RATIO: share(REJECTED),
    recordings.FILL_RATIO: share(FILLED),
    recordings.DENIALS: f"{PER_MINUTE} * {total(rate(metrics.DENIALS, '5m'))}",
    recordings.OPEN_ORDERS: total(series(metrics.ORDERS_OPEN)),
    recordings.UNKNOWN_ORDERS: total(series(metrics.ORDERS_UNKNOWN)),
    recordings.ACK_MEDIAN: quantile(0.5, metrics.ORDER_ACK, "15m"),
    recordings.ACK_SLOW: quantile(0.99, metrics.ORDER_ACK, "15m"),
    recordings.FILL_MEDIAN: quantile(0.5, metrics.ORDER_FILL, "15m"),
    recordings.FILL_SLOW: quantile(0.99, metrics.ORDER_FILL, "15m"),
    recordings.SLIPPAGE: quantile(0.5, metrics.SLIPPAGE, "1h"),
    recordings.SLIPPAGE_WORST: quantile(0.9, metrics.SLIPPAGE, "1h"),
    recordings.RATE_LIMIT: largest(series(metrics.RATE_LIMIT_USED)),
    recordings.CLOCK_OFFSET: largest(series(metrics.CLOCK_OFFSET)),
    recordings.MISMATCHES: total(series(metrics.MISMATCHES)),
    recordings.RECONCILED_AGE: f"time() - {largest(series(metrics.RECONCILED))}",
}
