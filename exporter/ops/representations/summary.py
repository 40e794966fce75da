"""``GET /summary``: the state of the bot in one small body, under its byte budget by construction.

Filled in this order: health, position count, open order count, daily P&L, active alerts, recent errors.
A text that is too long gives way to a shorter one that says the same in fewer words; an error that does
not fit is counted instead, with the link to the whole of it. Nothing is cut inside.
"""

from __future__ import annotations

from typing import Final

import msgspec

from exporter.ops.representations.budget import Budget
from exporter.ops.representations.errors import PATH as ERRORS_PATH
from exporter.ops.representations.health import breaker
from exporter.ops.representations.values import (
    Amount,
    Moment,
    Unknown,
    age_seconds,
    moment,
    money,
    without_nulls,
)
from exporter.ops.representations.words import (
    NO_ALERTMANAGER,
    NOTHING_RECORDED,
    daily_pnl_unknown,
    nothing_known,
    warnings,
)
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.errors.definition import SemanticError
from trading_bot.domain.health import Health
from trading_bot.domain.state import State, daily_pnl, open_positions

LIMIT_BYTES: Final = 10_240
ERRORS_SHOWN: Final = 3
REASON_BYTES: Final = 800
WARNING_BYTES: Final = 600
ERROR_BYTES: Final = 1_600
LARGEST_COUNT: Final = 999

NEVER_FILLED: Final = "no order has been filled yet"


class RecentError(msgspec.Struct, frozen=True, kw_only=True):
    """One error in short: what, how bad, when, what to do first, and where the rest of it is."""

    error_code: str
    severity: str
    message: str
    action: str | None
    timestamp: Moment
    trace_id: str | None
    runbook: str | None
    more: str


class BotSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /summary``. ``left_out`` counts what the byte budget had no room for."""

    health_status: str
    health_reason: str
    circuit_breaker_active: bool | None
    circuit_breaker_reason: str | None
    mode: str | None
    position_count: int | None
    open_order_count: int | None
    daily_pnl: Amount | None
    active_alerts: list[str] | None
    recent_errors: list[RecentError]
    last_trade_time: Moment | None
    warnings: list[str]
    unknown: Unknown
    left_out: dict[str, int]
    data_age_seconds: float | None
    generated_at: Moment


def represent_summary(state: State, health: Health, now_ns: int) -> BotSummary:
    """Return the summary; its JSON is never longer than :data:`LIMIT_BYTES`."""
    skeleton = _skeleton(state, health, now_ns)
    budget = Budget(LIMIT_BYTES, skeleton)
    reason = budget.first(health.reason, share=REASON_BYTES)
    reason = reason or budget.first(_short_reason(health), share=REASON_BYTES)
    open_breakers = budget.first(breaker(state)[1], ", ".join(state.breakers), share=REASON_BYTES)
    said = warnings(state, health, now_ns)
    shown = [text for text in said if budget.first(text, share=WARNING_BYTES)]
    last = state.errors[: -ERRORS_SHOWN - 1 : -1]
    errors = [
        budget.first(_error(error), share=ERROR_BYTES) or budget.first(_bare(error), share=ERROR_BYTES)
        for error in last
    ]
    fitting = [error for error in errors if error is not None]
    left_out = {"warnings": len(said) - len(shown), "recent_errors": len(last) - len(fitting)}
    return msgspec.structs.replace(
        skeleton,
        health_reason=reason or health.up_reason,
        circuit_breaker_reason=open_breakers,
        recent_errors=fitting,
        warnings=shown,
        left_out={name: count for name, count in left_out.items() if count},
    )


def _skeleton(state: State, health: Health, now_ns: int) -> BotSummary:
    """Return all that has a bounded size; texts and lists are empty."""
    nothing, no_day = nothing_known(state), daily_pnl_unknown(state)
    recorded_at = state.ts if state.seq else None
    return BotSummary(
        health_status=health.status,
        health_reason="",
        circuit_breaker_active=breaker(state)[0],
        circuit_breaker_reason=None,
        mode=state.mode.mode if state.seq else None,
        position_count=None if nothing else len(open_positions(state)),
        open_order_count=None if nothing else len(state.orders),
        daily_pnl=None if no_day else money(daily_pnl(state)),
        active_alerts=None,
        recent_errors=[],
        last_trade_time=moment(state.last_fill_at),
        data_age_seconds=age_seconds(recorded_at, now_ns),
        warnings=[],
        unknown=_unknown(state, nothing, no_day),
        left_out={"warnings": LARGEST_COUNT, "recent_errors": ERRORS_SHOWN},
        generated_at=moment(now_ns) or "",
    )


def _unknown(state: State, nothing: str | None, no_day: str | None) -> dict[str, str]:
    unrecorded = None if state.seq else NOTHING_RECORDED
    return without_nulls(
        {
            "circuit_breaker_active": unrecorded,
            "mode": unrecorded,
            "position_count": nothing,
            "open_order_count": nothing,
            "daily_pnl": no_day,
            "active_alerts": NO_ALERTMANAGER,
            "last_trade_time": NEVER_FILLED if state.last_fill_at is None else None,
            "data_age_seconds": unrecorded,
        }
    )


def _short_reason(health: Health) -> str:
    """Say which conditions are not true, without their messages."""
    wrong = [f"{item.name} {item.status}" for item in health.conditions if item.status != "True"]
    return f"{health.up_reason}: {', '.join(wrong) or health.status}; the whole text is in /api/v1/state"


def _error(error: SemanticError) -> RecentError:
    step = error.remediation[0] if error.remediation else None
    return RecentError(
        error_code=error.error_code,
        severity=error.severity,
        message=error.message,
        action=(step.command or step.action) if step else None,
        timestamp=moment(error.timestamp) or "",
        trace_id=error.trace_id,
        runbook=error.runbook,
        more=f"{ERRORS_PATH}?code={error.error_code}",
    )


def _bare(error: SemanticError) -> RecentError:
    """Return the error with its code's title instead of a message that is too long."""
    row = ERRORS.get(error.error_code)
    title = row.title if row else "See the whole error"
    return msgspec.structs.replace(
        _error(error), message=f"{title} (message too long for this summary)", action=None
    )
