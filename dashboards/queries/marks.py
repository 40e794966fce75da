"""What happened, as marks over every graph."""

from __future__ import annotations

from typing import Final

from dashboards.promql import RATE, increase, series, total
from dashboards.queries import alerts
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

_MILLISECONDS: Final = 1000
"""Grafana takes a mark's time in milliseconds."""

TRADES: Final = Query(
    f"{total(increase(metrics.FILLS, RATE), labels.SYMBOL, labels.SIDE)} > 0", "{{side}} {{symbol}}"
)
MODES: Final = Query(f"{total(increase(metrics.MODE_CHANGES, RATE), labels.MODE)} > 0", "{{bot}}: {{mode}}")
RESTARTS: Final = Query(f"{series(metrics.START_TIME)} * {_MILLISECONDS}", "{{bot}} started")
SETTINGS: Final = Query(f"{series(metrics.SETTINGS_APPLIED)} * {_MILLISECONDS}", "{{bot}}: settings in force")
ALERTS: Final = Query(alerts.FIRING.expression, "{{severity}}: {{alertname}} {{bot}}")
