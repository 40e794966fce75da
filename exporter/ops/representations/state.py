"""``GET /state``: account, positions, orders, performance, health, settings."""

from __future__ import annotations

from typing import Final

import msgspec

from exporter.ops.representations.account import AccountView, represent_account
from exporter.ops.representations.health import HealthView, represent_health
from exporter.ops.representations.performance import PerformanceView, represent_performance
from exporter.ops.representations.settings import ConfigSummary, represent_settings
from exporter.ops.representations.trading import OrderView, PositionView, represent_order, represent_position
from exporter.ops.representations.values import Moment, Unknown, age_seconds, moment, without_nulls
from exporter.ops.representations.words import NOTHING_RECORDED, nothing_known, warnings
from trading_bot.domain.derived import open_positions
from trading_bot.domain.health import Health
from trading_bot.domain.state import State

LARGEST_LIMIT: Final = 1000


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many entries the limit left out, and how to get more of them."""

    positions: int
    orders: int
    next: str | None


class BotState(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /state``. ``timestamp`` is when the last of what is shown was recorded."""

    account: AccountView
    positions: list[PositionView] | None
    orders: list[OrderView] | None
    performance: PerformanceView
    health: HealthView
    config_summary: ConfigSummary
    left_out: LeftOut
    timestamp: Moment | None
    warnings: list[str]
    unknown: Unknown
    data_age_seconds: float | None
    generated_at: Moment


def represent_state(state: State, health: Health, now_ns: int, limit: int) -> BotState:
    """Return the state with at most ``limit`` positions and ``limit`` orders."""
    nothing = nothing_known(state)
    positions = open_positions(state)
    orders = list(state.orders.values())
    recorded_at = state.ts if state.seq else None
    return BotState(
        account=represent_account(state),
        positions=None if nothing else [represent_position(state, item) for item in positions[:limit]],
        orders=None if nothing else [represent_order(item) for item in orders[:limit]],
        performance=represent_performance(state),
        health=represent_health(state, health),
        config_summary=represent_settings(state),
        left_out=_left_out(len(positions), len(orders), limit),
        timestamp=moment(recorded_at),
        data_age_seconds=age_seconds(recorded_at, now_ns),
        warnings=warnings(state, health, now_ns),
        unknown=without_nulls(
            {
                "positions": nothing,
                "orders": nothing,
                "timestamp": None if state.seq else NOTHING_RECORDED,
                "data_age_seconds": None if state.seq else NOTHING_RECORDED,
            }
        ),
        generated_at=moment(now_ns) or "",
    )


def _left_out(positions: int, orders: int, limit: int) -> LeftOut:
    most = max(positions, orders)
    larger = min(most, LARGEST_LIMIT)
    return LeftOut(
        positions=max(0, positions - limit),
        orders=max(0, orders - limit),
        next=f"/api/v1/state?limit={larger}" if limit < larger else None,
    )
