"""What it owns, what it earned, how much it may still lose."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, ratio, series, total
from trading_bot.contract.telemetry import labels, metrics, recordings


def _used(limit: str) -> str:
    return largest(series(metrics.RISK_UTILISATION, limit=limit))


def _left(limit: str) -> str:
    return f"1 - {_used(limit)}"


EXPRESSIONS: Final = {
    recordings.PNL_TODAY: largest(series(metrics.DAILY_PNL)),
    recordings.EQUITY: largest(series(metrics.EQUITY)),
    recordings.CASH: largest(series(metrics.CASH)),
    recordings.REALIZED: largest(series(metrics.REALIZED)),
    recordings.UNREALIZED: largest(series(metrics.UNREALIZED)),
    recordings.DRAWDOWN: largest(series(metrics.DRAWDOWN)),
    recordings.LOSS_BUDGET: _left("max_daily_loss"),
    recordings.LOSS_BUDGET_USD: f"({_left('max_daily_loss')})"
    f" * {largest(series(metrics.RISK_LIMIT, limit='max_daily_loss'))}",
    recordings.DRAWDOWN_BUDGET: _left("max_drawdown"),
    recordings.EXPOSURE: largest(series(metrics.EXPOSURE)),
    recordings.EXPOSURE_USED: _used("max_gross_exposure"),
    recordings.LIMIT_USED: largest(series(metrics.RISK_UTILISATION), labels.LIMIT),
    recordings.LIMIT_USED_MOST: largest(series(metrics.RISK_UTILISATION)),
    recordings.WIN_RATE: ratio(
        total(increase(metrics.TRADES, "1d", result="won")), total(increase(metrics.TRADES, "1d"))
    ),
    recordings.TURNOVER: total(increase(metrics.FILL_NOTIONAL, "1h")),
}
