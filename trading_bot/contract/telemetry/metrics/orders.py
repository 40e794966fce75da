"""Decisions and orders."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType
from trading_bot.contract.telemetry.metrics.bounds import BPS_BOUNDS, CYCLE_BOUNDS, LATENCY_BOUNDS

DECISIONS: Final = Metric(
    name="tradingbot_decisions_total",
    type=MetricType.COUNTER,
    unit="decisions",
    meaning="Decision cycles: a closed bar on which a strategy was asked.",
    kept=Kept.ALWAYS,
)
DECISION_DURATION: Final = Metric(
    name="tradingbot_decision_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="Duration of a decision cycle, from bar to orders handed over.",
    kept=Kept.ALWAYS,
    bounds=CYCLE_BOUNDS,
)
SIGNALS: Final = Metric(
    name="tradingbot_signals_total",
    type=MetricType.COUNTER,
    unit="signals",
    meaning="Signals raised by strategies.",
    kept=Kept.ALWAYS,
    labels=(
        labels.STRATEGY,
        labels.SYMBOL,
        labels.SIDE,
    ),
)
ORDERS_SENT: Final = Metric(
    name="tradingbot_orders_sent_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders handed to the venue.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.ORDER_TYPE,
    ),
)
ORDERS: Final = Metric(
    name="tradingbot_orders_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders by how they ended; an order that became unknown counts there and again at its end.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.ORDER_TYPE,
        labels.OUTCOME,
    ),
)
ORDERS_OPEN: Final = Metric(
    name="tradingbot_orders_open",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Orders that are neither over nor unknown.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
ORDERS_UNKNOWN: Final = Metric(
    name="tradingbot_orders_unknown",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Orders whose outcome is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
UNKNOWN_OVERDUE: Final = Metric(
    name="tradingbot_orders_unknown_overdue",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Orders that are unknown for longer than execution.unknown_operator_seconds: an operator's matter.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
PROTECTIVE_ORDERS: Final = Metric(
    name="tradingbot_protective_orders",
    type=MetricType.GAUGE,
    unit="orders",
    meaning="Stop-losses and take-profits that rest at the venue.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL, labels.TRIGGER_KIND),
)
PROTECTIVE_MISSING: Final = Metric(
    name="tradingbot_protective_missing",
    type=MetricType.GAUGE,
    unit="0 or 1",
    meaning="Whether a position lacks the stop-loss or take-profit that the settings want for it.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
OLDEST_OPEN: Final = Metric(
    name="tradingbot_orders_oldest_open_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Since when the oldest open order is open, protective ones left out; absent when there is none.",
    kept=Kept.ALWAYS,
)
OLDEST_UNKNOWN: Final = Metric(
    name="tradingbot_orders_oldest_unknown_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Since when the oldest order with unknown outcome is unknown; absent when there is none.",
    kept=Kept.ALWAYS,
)
ORDER_ACK: Final = Metric(
    name="tradingbot_order_ack_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="From an order sent to its acknowledgement, answer or report, whichever came first.",
    kept=Kept.ALWAYS,
    labels=(labels.ORDER_TYPE,),
    bounds=LATENCY_BOUNDS,
)
ORDER_FILL: Final = Metric(
    name="tradingbot_order_fill_duration_seconds",
    type=MetricType.HISTOGRAM,
    unit="seconds",
    meaning="From an order's acknowledgement to its first fill.",
    kept=Kept.ALWAYS,
    labels=(labels.ORDER_TYPE,),
    bounds=LATENCY_BOUNDS,
)
LATENCY_INTERRUPTED: Final = Metric(
    name="tradingbot_order_durations_interrupted_total",
    type=MetricType.COUNTER,
    unit="durations",
    meaning="Durations that a restart or a doubt interrupted, so that they were not observed.",
    kept=Kept.ALWAYS,
    labels=(labels.STAGE,),
)
FILLS: Final = Metric(
    name="tradingbot_fills_total",
    type=MetricType.COUNTER,
    unit="fills",
    meaning="Executions.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
        labels.LIQUIDITY,
    ),
)
FILL_NOTIONAL: Final = Metric(
    name="tradingbot_fill_notional_total",
    type=MetricType.COUNTER,
    unit="account currency",
    meaning="Value of executions.",
    kept=Kept.ALWAYS,
    labels=(
        labels.SYMBOL,
        labels.SIDE,
    ),
)
SLIPPAGE: Final = Metric(
    name="tradingbot_order_slippage_bps",
    type=MetricType.HISTOGRAM,
    unit="basis points",
    meaning="Price of a fill against the mark when the order was decided on; positive costs. "
    "Without sum and count, since a part can be negative.",
    kept=Kept.ALWAYS,
    labels=(labels.SIDE,),
    bounds=BPS_BOUNDS,
)
FEES: Final = Metric(
    name="tradingbot_fees_total",
    type=MetricType.COUNTER,
    unit="the asset",
    meaning="Commission paid, in the asset that it was taken from.",
    kept=Kept.ALWAYS,
    labels=(labels.ASSET,),
)
VENUE_REQUESTS: Final = Metric(
    name="tradingbot_venue_requests_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Requests to the venue.",
    kept=Kept.ALWAYS,
    labels=(labels.OPERATION,),
)
VENUE_RETRIES: Final = Metric(
    name="tradingbot_venue_retries_total",
    type=MetricType.COUNTER,
    unit="requests",
    meaning="Readings that were asked again because the venue failed to answer; orders never are.",
    kept=Kept.ALWAYS,
)
RATE_LIMIT_USED: Final = Metric(
    name="tradingbot_venue_rate_limit_used_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Used share of the venue's rate limit at its last answer; absent where the venue does not say.",
    kept=Kept.WHILE_ALIVE,
)
CLOCK_OFFSET: Final = Metric(
    name="tradingbot_clock_offset_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="The venue's clock minus this machine's.",
    kept=Kept.WHILE_ALIVE,
)
