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
