"""Reconciliation."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

MISMATCHES: Final = Metric(
    name="tradingbot_reconciliation_mismatches",
    type=MetricType.GAUGE,
    unit="mismatches",
    meaning="Differences between books and venue that are open now.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SUBJECT,),
)
MISMATCH_QUANTITY: Final = Metric(
    name="tradingbot_reconciliation_mismatch_quantity",
    type=MetricType.GAUGE,
    unit="units of the base asset, or of the account currency",
    meaning="By how much books and venue differ now; the asset stands for the symbol where it is cash.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SUBJECT, labels.SYMBOL),
)
MISMATCHES_FOUND: Final = Metric(
    name="tradingbot_reconciliation_mismatches_found_total",
    type=MetricType.COUNTER,
    unit="mismatches",
    meaning="Differences found between books and venue.",
    kept=Kept.ALWAYS,
    labels=(labels.SUBJECT,),
)
RECONCILIATIONS: Final = Metric(
    name="tradingbot_reconciliations_total",
    type=MetricType.COUNTER,
    unit="reconciliations",
    meaning="Reconciliations that were completed.",
    kept=Kept.ALWAYS,
    labels=(labels.TRIGGER,),
)
RECONCILED: Final = Metric(
    name="tradingbot_reconciliation_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When books and venue were last compared in full.",
    kept=Kept.ALWAYS,
)
RECONCILIATION_DURATION: Final = Metric(
    name="tradingbot_reconciliation_duration_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="How long the last comparison took.",
    kept=Kept.WHILE_ALIVE,
)
FILLS_LEARNED: Final = Metric(
    name="tradingbot_reconciliation_fills_learned_total",
    type=MetricType.COUNTER,
    unit="fills",
    meaning="Fills that were first heard of by reconciliation.",
    kept=Kept.ALWAYS,
)
