"""``GET /summary``: the state of the bot in one small body, under its byte budget by construction.

Filled in this order: health, position count, open order count, daily P&L, active alerts, recent errors.
A text that is too long gives way to a shorter one that says the same in fewer words; an error that does
not fit is counted instead, with the link to the whole of it. Nothing is cut inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import msgspec

from exporter.ops.alerts import ActiveAlert, SeenAlerts
from exporter.ops.representations.budget import Budget
from exporter.ops.representations.errors import PATH as ERRORS_PATH
from exporter.ops.representations.health import breaker
from exporter.ops.representations.problem import Link
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
from trading_bot.domain.clock import SECOND
from trading_bot.domain.derived import daily_pnl, open_positions, unknown_orders
from trading_bot.domain.health import Health, HealthStatus
from trading_bot.domain.state import State

LIMIT_BYTES: Final = 10_240
ERRORS_SHOWN: Final = 3
REASON_BYTES: Final = 800
WARNING_BYTES: Final = 600
ERROR_BYTES: Final = 1_600
ALERTS_BYTES: Final = 2_400
ALERT_BYTES: Final = 400
ALERTS_SHOWN: Final = 10
LARGEST_COUNT: Final = 999
LONGEST_WHY: Final = 160

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


class AlertInShort(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that fires."""

    name: str
    severity: str
    summary: str
    since: str
    runbook: str


class BotSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The body of ``GET /summary``.

    ``left_out`` counts what the byte budget had no room for; ``next`` says what to call to know more.
    """

    health_status: str
    health_reason: str
    circuit_breaker_active: bool | None
    circuit_breaker_reason: str | None
    mode: str | None
    position_count: int | None
    open_order_count: int | None
    daily_pnl: Amount | None
    active_alerts: list[AlertInShort] | None
    recent_errors: list[RecentError]
    last_trade_time: Moment | None
    warnings: list[str]
    unknown: Unknown
    left_out: dict[str, int]
    next: list[Link]
    alerts_age_seconds: float | None
    data_age_seconds: float | None
    generated_at: Moment


NOBODY_ASKED: Final = SeenAlerts(alerts=None, at=None, unknown=NO_ALERTMANAGER)


def represent_summary(
    state: State, health: Health, now_ns: int, seen: SeenAlerts = NOBODY_ASKED
) -> BotSummary:
    """Return the summary; its JSON is never longer than :data:`LIMIT_BYTES`."""
    skeleton = _skeleton(state, health, now_ns, seen)
    budget = Budget(LIMIT_BYTES, skeleton)
    reason = budget.first(health.reason, share=REASON_BYTES)
    reason = reason or budget.first(_short_reason(health), share=REASON_BYTES)
    open_breakers = budget.first(breaker(state)[1], ", ".join(state.breakers), share=REASON_BYTES)
    alerts = None if seen.alerts is None else list(_alerts(budget, seen.alerts))
    said = warnings(state, health, now_ns)
    shown = [text for text in said if budget.first(text, share=WARNING_BYTES)]
    last = state.errors[: -ERRORS_SHOWN - 1 : -1]
    errors = [
        budget.first(_error(error), share=ERROR_BYTES) or budget.first(_bare(error), share=ERROR_BYTES)
        for error in last
    ]
    fitting = [error for error in errors if error is not None]
    left_out = {
        "warnings": len(said) - len(shown),
        "recent_errors": len(last) - len(fitting),
        "active_alerts": len(seen.alerts or ()) - len(alerts or ()),
    }
    return msgspec.structs.replace(
        skeleton,
        health_reason=reason or health.up_reason,
        circuit_breaker_reason=open_breakers,
        active_alerts=alerts,
        recent_errors=fitting,
        warnings=shown,
        left_out={name: count for name, count in left_out.items() if count},
    )


def _skeleton(state: State, health: Health, now_ns: int, seen: SeenAlerts) -> BotSummary:
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
        unknown=_unknown(state, nothing, no_day, seen),
        left_out={
            "warnings": LARGEST_COUNT,
            "recent_errors": ERRORS_SHOWN,
            "active_alerts": len(seen.alerts or ()),
        },
        next=list(_next(state, health)),
        alerts_age_seconds=age_seconds(seen.at, now_ns),
        generated_at=moment(now_ns) or "",
    )


def _unknown(state: State, nothing: str | None, no_day: str | None, seen: SeenAlerts) -> dict[str, str]:
    unrecorded = None if state.seq else NOTHING_RECORDED
    return without_nulls(
        {
            "circuit_breaker_active": unrecorded,
            "mode": unrecorded,
            "position_count": nothing,
            "open_order_count": nothing,
            "daily_pnl": no_day,
            "active_alerts": _short(seen.unknown) if seen.alerts is None else None,
            "alerts_age_seconds": _short(seen.unknown) if seen.at is None else None,
            "last_trade_time": NEVER_FILLED if state.last_fill_at is None else None,
            "data_age_seconds": unrecorded,
        }
    )


def _short(reason: str | None) -> str:
    return (reason or NO_ALERTMANAGER)[:LONGEST_WHY]


def _alerts(budget: Budget, alerts: tuple[ActiveAlert, ...]) -> Iterator[AlertInShort]:
    """Yield the worst alerts in words, or by their names, within their share of the budget."""
    end = budget.left - ALERTS_BYTES
    for alert in alerts[:ALERTS_SHOWN]:
        whole = alert_in_short(alert)
        bare = msgspec.structs.replace(whole, summary="see the runbook")
        shown = budget.first(whole, bare, share=min(ALERT_BYTES, budget.left - end))
        if shown is not None:
            yield shown


def alert_in_short(alert: ActiveAlert) -> AlertInShort:
    """Return an alert with the address of its runbook."""
    return AlertInShort(
        name=alert.name,
        severity=alert.severity,
        summary=alert.summary,
        since=alert.since,
        runbook=f"/api/v1/runbooks/{quote(alert.name, safe='')}",
    )


def _next(state: State, health: Health) -> Iterator[Link]:
    """Yield what to call next, the most telling first."""
    wrong = [one for one in health.conditions if one.status != "True"]
    if wrong:
        yield Link(href="/api/v1/conditions", why=f"{len(wrong)} conditions are not true")
    if state.errors:
        yield Link(
            href=f"{ERRORS_PATH}/{state.errors[-1].error_code}", why="the last error: cause and what helps"
        )
    if unknown_orders(state):
        yield Link(href="/api/v1/orders?status=unknown", why="orders whose outcome is not known")
    if health.status is HealthStatus.HEALTHY:
        yield Link(href="/api/v1/state", why="everything")
    elif state.seq:
        since = min((one.since for one in wrong if 0 < one.since <= state.ts), default=state.ts)
        yield Link(
            href=f"/api/v1/incident?at={moment(since + SECOND)}&minutes=2", why="what changed before it"
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
        more=f"{ERRORS_PATH}/{error.error_code}",
    )


def _bare(error: SemanticError) -> RecentError:
    """Return the error with its code's title instead of a message that is too long."""
    row = ERRORS.get(error.error_code)
    title = row.title if row else "See the whole error"
    return msgspec.structs.replace(
        _error(error), message=f"{title} (message too long for this summary)", action=None
    )
