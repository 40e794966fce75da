"""Results as they are shown."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from exporter.ops.representations.values import Amount, Unknown, money, share, without_nulls
from exporter.ops.representations.words import (
    NEVER_TRADED,
    NOTHING_RECORDED,
    daily_pnl_unknown,
    nothing_known,
    unrealized_unknown,
)
from trading_bot.contract.telemetry import metrics
from trading_bot.domain.derived import daily_pnl, total_unrealized_pnl
from trading_bot.domain.state import State


class PerformanceView(msgspec.Struct, frozen=True, kw_only=True):
    """Results since the journal began; ``daily_pnl`` since the trading day's start."""

    win_rate: float | None
    avg_risk_reward: float | None
    total_realized_pl: Amount | None
    total_unrealized_pl: Amount | None
    total_pl: Amount | None
    daily_pnl: Amount | None
    current_streak: int | None
    streak_type: str | None
    trades_today: int | None
    session_count: int | None
    max_drawdown: float | None
    unknown: Unknown


def represent_performance(state: State) -> PerformanceView:
    """Return the results of all round trips, and the profit and loss."""
    results = state.performance
    nothing, no_unrealized, no_day = (
        nothing_known(state),
        unrealized_unknown(state),
        daily_pnl_unknown(state),
    )
    realized = None if nothing else state.account.realized_pnl
    unrealized = None if no_unrealized else total_unrealized_pnl(state)
    trades = results.won + results.lost + results.even
    win_rate = share(Decimal(results.won) / trades) if trades else None
    reward = _risk_reward(results.won, results.lost, results.gross_profit, results.gross_loss)
    return PerformanceView(
        win_rate=win_rate,
        avg_risk_reward=share(reward),
        total_realized_pl=money(realized),
        total_unrealized_pl=money(unrealized),
        total_pl=None if realized is None or unrealized is None else money(realized + unrealized),
        daily_pnl=None if no_day else money(daily_pnl(state)),
        current_streak=None if nothing else abs(results.streak),
        streak_type=None if nothing else _streak_type(results.streak),
        trades_today=None if nothing else results.trades_today,
        session_count=None if not state.seq else int(sum(state.counts.get(metrics.RUNS.name, {}).values())),
        max_drawdown=None if nothing else share(state.account.max_drawdown),
        unknown=without_nulls(
            {
                "win_rate": nothing or (None if trades else NEVER_TRADED),
                "avg_risk_reward": nothing or (None if reward is not None else _no_risk_reward(state)),
                "total_unrealized_pl": no_unrealized,
                "total_pl": no_unrealized,
                "daily_pnl": no_day,
                "session_count": None if state.seq else NOTHING_RECORDED,
                **dict.fromkeys(
                    ("total_realized_pl", "current_streak", "streak_type", "trades_today", "max_drawdown"),
                    nothing,
                ),
            }
        ),
    )


def _risk_reward(won: int, lost: int, profit: Decimal, loss: Decimal) -> Decimal | None:
    """Return the mean win over the mean loss."""
    return (profit / won) / (loss / lost) if won and lost and loss else None


def _no_risk_reward(state: State) -> str:
    missing = "win" if not state.performance.won else "loss"
    return f"no round trip has ended with a {missing} yet"


def _streak_type(streak: int) -> str:
    return "NONE" if streak == 0 else "WIN" if streak > 0 else "LOSS"
