"""Traces and logs on their way to the collector. Trading does not need them."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, mean, total
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry import labels, metrics

_STOPPED: Final = largest(mean(metrics.CONDITION, "10m", condition="TelemetryFlowing", status="False"))

ALERTS: Final = (
    Alert(
        name="TelemetryNotFlowing",
        severity=Severity.WARNING,
        component=Component.TELEMETRY,
        expression=f"{_STOPPED} > 0.5",
        lasting=Time("0s", "half of ten minutes has passed"),
        keeps=Time("5m", "a collector in trouble takes some"),
        summary="The collector does not take traces and logs",
        description="Shipping of {{ $labels.bot }} stood still for {{ $value | humanizePercentage }} of the last "
        "10 minutes.",
        impact="Traces and logs of now are not in Tempo and Loki yet. Nothing is lost within 48 hours.",
        first_step="Is the collector at OTEL_EXPORTER_OTLP_ENDPOINT up? It is caught up by itself afterwards.",
        panel=Panel("machinery", 305),
    ),
    Alert(
        name="TelemetryDropped",
        severity=Severity.WARNING,
        component=Component.TELEMETRY,
        expression=f"{total(increase(metrics.TELEMETRY_DROPPED, '15m'), labels.SIGNAL)} > 0",
        lasting=Time("0s", "what is pruned unshipped does not come back"),
        keeps=Time("0s", "it is counted for a quarter of an hour"),
        summary="Traces or logs were lost on their way",
        description='{{ $value | printf "%.0f" }} {{ $labels.signal }} of {{ $labels.bot }} were pruned before they '
        "were shipped, or refused by the collector, in the last 15 minutes.",
        impact="They will never be in Tempo or Loki. Errors stay in logs/*.jsonl, facts on the journal.",
        first_step="Pruned (collector away for too long) or refused (TEL_013 has the collector's words)?",
        panel=Panel("machinery", 306),
        labels=("signal",),
    ),
)
