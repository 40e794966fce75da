"""Is the bot alive, does it make progress, and what may it do."""

from __future__ import annotations

from typing import Final

from dashboards.promql import age, largest, series, total, values
from dashboards.queries.query import Query
from trading_bot.contract.events.lifecycle import ConditionStatus, Mode
from trading_bot.contract.telemetry import labels, metrics

MODES: Final = {Mode.RUNNING: 1, Mode.REDUCE_ONLY: 2, Mode.PAUSED: 3, Mode.HALTED: 4}
"""Modes as numbers, which a panel turns back into words and colours."""
STATUSES: Final = {ConditionStatus.TRUE: 1, ConditionStatus.UNKNOWN: 2, ConditionStatus.FALSE: 3}

BOTS: Final = values(metrics.UP)
SYMBOLS: Final = values(metrics.QUOTE_TIME, labels.SYMBOL)

UP: Final = Query(series(metrics.UP))
REASON: Final = Query(f"{series(metrics.UP_REASON)} == 1", "{{reason}}")
HEARTBEAT_AGE: Final = Query(age(metrics.HEARTBEAT))
DECISION_AGE: Final = Query(age(metrics.LAST_DECISION))
UPTIME: Final = Query(age(metrics.START_TIME))
SETTINGS: Final = Query(series(metrics.SETTINGS_GENERATION), "generation, {{bot}}")

MODE: Final = Query(
    " or ".join(
        f"{total(f'{series(metrics.MODE, mode=mode)} == 1')} * {number}" for mode, number in MODES.items()
    )
)
CONDITIONS: Final = Query(
    " or ".join(
        f"{largest(f'{series(metrics.CONDITION, status=status)} == 1', labels.CONDITION)} * {number}"
        for status, number in STATUSES.items()
    ),
    "{{condition}} {{bot}}",
)
BLOCKED: Final = Query(f"{series(metrics.BLOCKED)} == 1", "{{symbol}}: {{reason}}")
BLOCKED_OVER_TIME: Final = Query(largest(series(metrics.BLOCKED), labels.SYMBOL), "{{symbol}}")
