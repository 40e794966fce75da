"""Guards that watch over time, and the stops of positions."""

from __future__ import annotations

from typing import Final

from dashboards.promql import increase, largest, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics


def _limit(name: str) -> Query:
    return Query(series(metrics.RISK_LIMIT, limit=name), "limit, {{bot}}")


LOSSES: Final = Query(series(metrics.CONSECUTIVE_LOSSES), "losses in a row, {{bot}}")
LOSSES_LIMIT: Final = _limit("max_consecutive_losses")
ORDER_ERRORS: Final = Query(series(metrics.ORDER_ERROR_RATIO), "refused or unknown, {{bot}}")
ORDER_ERRORS_LIMIT: Final = _limit("max_order_error_ratio")
SLIPPAGE: Final = Query(series(metrics.SLIPPAGE_MEAN), "mean of the last orders, {{bot}}")
SLIPPAGE_LIMIT: Final = _limit("max_slippage_bps")
ORDER_TO_TRADE: Final = Query(series(metrics.ORDER_TO_TRADE), "orders for each that traded, {{bot}}")
ORDER_TO_TRADE_LIMIT: Final = _limit("max_order_to_trade_ratio")

WARNING: Final = Query(series(metrics.LOSS_WARNING))
STUCK: Final = Query(series(metrics.STUCK_POSITIONS))
DOUBTED: Final = Query(series(metrics.DOUBTED_MARKS))
ANCHORS: Final = Query(series(metrics.ANCHORS_KNOWN))
UNPROTECTED: Final = Query(total(series(metrics.PROTECTIVE_MISSING)))

BREAKERS_OVER_TIME: Final = Query(largest(series(metrics.BREAKER_OPEN), labels.BREAKER), "{{breaker}}")
OPENINGS: Final = Query(f"{total(increase(metrics.BREAKER_OPENINGS), labels.BREAKER)} > 0", "{{breaker}}")
MISSING_OVER_TIME: Final = Query(largest(series(metrics.PROTECTIVE_MISSING), labels.SYMBOL), "{{symbol}}")
STOPS: Final = Query(
    f"{total(series(metrics.PROTECTIVE_ORDERS), labels.SYMBOL, labels.TRIGGER_KIND)} > 0",
    "{{symbol}} {{kind}}",
)
