"""Health: mode, conditions, settings."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

MODE: Final = Metric(
    name="tradingbot_mode",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 for the mode that the bot is in, 0 for the others.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.MODE,),
)
MODE_CHANGES: Final = Metric(
    name="tradingbot_mode_changes_total",
    type=MetricType.COUNTER,
    unit="changes",
    meaning="Changes into a mode.",
    kept=Kept.ALWAYS,
    labels=(labels.MODE,),
)
CONDITION: Final = Metric(
    name="tradingbot_condition",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 for the status that a condition has, 0 for the others; Unknown when the bot is silent.",
    kept=Kept.ALWAYS,
    labels=(
        labels.CONDITION,
        labels.STATUS,
    ),
)
CONDITION_SINCE: Final = Metric(
    name="tradingbot_condition_transition_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When a condition last changed its status.",
    kept=Kept.ALWAYS,
    labels=(labels.CONDITION,),
)
SETTINGS_GENERATION: Final = Metric(
    name="tradingbot_settings_generation",
    type=MetricType.GAUGE,
    unit="generations",
    meaning="Generation of the settings in force.",
    kept=Kept.WHILE_ALIVE,
)
SETTINGS_PENDING: Final = Metric(
    name="tradingbot_settings_pending",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while a change of settings was asked for and the bot has not answered; 0 otherwise.",
    kept=Kept.ALWAYS,
)
SETTINGS_ROLLBACKS: Final = Metric(
    name="tradingbot_settings_rollbacks_total",
    type=MetricType.COUNTER,
    unit="rollbacks",
    meaning="Returns to earlier settings, asked for or by the bot itself within their probation.",
    kept=Kept.ALWAYS,
)
SETTINGS_DRIFT: Final = Metric(
    name="tradingbot_settings_drift",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while config.yaml is not what is in force; the file has no effect.",
    kept=Kept.WHILE_ALIVE,
)
SETTINGS_APPLIED: Final = Metric(
    name="tradingbot_settings_applied_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the settings in force were applied.",
    kept=Kept.ALWAYS,
)
SETTINGS_BAR: Final = Metric(
    name="tradingbot_settings_bar_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Length of the bars that strategies decide on.",
    kept=Kept.ALWAYS,
)
