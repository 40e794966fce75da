"""Risk."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

RISK_LIMIT: Final = Metric(
    name="tradingbot_risk_limit",
    type=MetricType.GAUGE,
    unit="the limit's own",
    meaning="Limits in force.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.LIMIT,),
)
RISK_UTILISATION: Final = Metric(
    name="tradingbot_risk_limit_utilisation_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="How much of a limit is used: of per-symbol limits the most used symbol, of per-order limits the "
    "largest order of the last 60 s; absent when it is not known.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.LIMIT,),
)
DENIALS: Final = Metric(
    name="tradingbot_risk_denials_total",
    type=MetricType.COUNTER,
    unit="orders",
    meaning="Orders refused before they were sent.",
    kept=Kept.ALWAYS,
    labels=(labels.DENIAL,),
)
BREAKER_OPEN: Final = Metric(
    name="tradingbot_breaker_open",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while a circuit breaker is open.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.BREAKER,),
)
BREAKER_OPENINGS: Final = Metric(
    name="tradingbot_breaker_openings_total",
    type=MetricType.COUNTER,
    unit="openings",
    meaning="Times that a circuit breaker opened.",
    kept=Kept.ALWAYS,
    labels=(labels.BREAKER,),
)
KILL_SWITCH: Final = Metric(
    name="tradingbot_kill_switch_engaged",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the bot is halted by the kill switch.",
    kept=Kept.WHILE_ALIVE,
)
ANCHORS_RESTORED: Final = Metric(
    name="tradingbot_anchors_restored_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the limits' anchors were last restored from the journal after a restart.",
    kept=Kept.ALWAYS,
)
ANCHORS_KNOWN: Final = Metric(
    name="tradingbot_risk_anchors_known",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the equity that daily loss and drawdown are measured from is known.",
    kept=Kept.WHILE_ALIVE,
)
LOSS_WARNING: Final = Metric(
    name="tradingbot_risk_daily_loss_warning",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while half or more of the daily loss limit is used; absent while the loss is not known.",
    kept=Kept.WHILE_ALIVE,
)
CONSECUTIVE_LOSSES: Final = Metric(
    name="tradingbot_risk_consecutive_losses",
    type=MetricType.GAUGE,
    unit="round trips",
    meaning="Losing round trips in a row, as the breaker counts them.",
    kept=Kept.WHILE_ALIVE,
)
ORDER_ERROR_RATIO: Final = Metric(
    name="tradingbot_risk_order_error_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Share of the last orders that were refused or became unknown; absent while there are too few.",
    kept=Kept.WHILE_ALIVE,
)
ORDER_TO_TRADE: Final = Metric(
    name="tradingbot_risk_order_to_trade_ratio",
    type=MetricType.GAUGE,
    unit="ratio",
    meaning="Of the last orders, how many there were for each that traded; absent while there are too few.",
    kept=Kept.WHILE_ALIVE,
)
SLIPPAGE_MEAN: Final = Metric(
    name="tradingbot_risk_slippage_bps",
    type=MetricType.GAUGE,
    unit="basis points",
    meaning="Mean cost of the last filled orders against their marks; positive costs; absent while there are too few.",
    kept=Kept.WHILE_ALIVE,
)
STUCK_POSITIONS: Final = Metric(
    name="tradingbot_risk_stuck_positions",
    type=MetricType.GAUGE,
    unit="positions",
    meaning="Positions that are too old, or whose exit takes too long.",
    kept=Kept.WHILE_ALIVE,
)
DOUBTED_MARKS: Final = Metric(
    name="tradingbot_risk_doubted_marks",
    type=MetricType.GAUGE,
    unit="positions",
    meaning="Open positions whose mark is too old, or whose price is not believed: equity is uncertain.",
    kept=Kept.WHILE_ALIVE,
)
