"""What `tickertape status` tells of a reading, as plain data."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from trading_bot.cli.reading import Reading
from trading_bot.contract.errors import SemanticError
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.domain import derived
from trading_bot.domain.clock import SECOND
from trading_bot.domain.health import STALE_DATA_NS
from trading_bot.domain.orders import Order
from trading_bot.domain.state import Position, State

MOST_ORDERS: Final = 20
MOST_ERRORS: Final = 5


def summarize(reading: Reading) -> dict[str, Any]:
    """Return the status as JSON values: money as text, ages in seconds, what is not known as null."""
    state, now = reading.state, reading.now_ns
    return {
        "generated_at": timestamp(now),
        "home": str(reading.home.path),
        "health": _health(reading),
        "mode": _mode(reading),
        "account": _account(state),
        "positions": [_position(state, position) for position in derived.open_positions(state)],
        "orders": [_order(order, now) for order in list(state.orders.values())[-MOST_ORDERS:]],
        "orders_left_out": max(0, len(state.orders) - MOST_ORDERS),
        "errors": [_error(error, now) for error in state.errors[-MOST_ERRORS:]],
        "counts": counts(state),
        "ages": _ages(state, now),
        "warnings": _warnings(reading),
    }


def counts(state: State) -> dict[str, int]:
    """Return what has happened since the journal began."""
    return {
        "decisions": total(state, metrics.DECISIONS) or cycles(state),
        "signals": total(state, metrics.SIGNALS),
        "orders": total(state, metrics.ORDERS_SENT),
        "fills": total(state, metrics.FILLS),
        "denials": total(state, metrics.DENIALS),
        "errors": total(state, metrics.ERRORS_TOTAL),
    }


def cycles(state: State) -> int:
    """Return the decision cycles of this run, as of its last heartbeat."""
    return state.run.cycles


def total(state: State, metric: Metric) -> int:
    """Return a counter's sum over its labels."""
    return int(sum(state.counts.get(metric.name, {}).values()))


def timestamp(nanoseconds: int) -> str:
    """Return RFC 3339, UTC, to the millisecond."""
    moment = datetime.fromtimestamp(nanoseconds / SECOND, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def age(since: int | None, now: int) -> float | None:
    """Return seconds since a time, to the millisecond; None for none."""
    return None if since is None else round((now - since) / SECOND, 3)


def _health(reading: Reading) -> dict[str, Any]:
    health, now = reading.health, reading.now_ns
    silent = health.silent_for_ns
    return {
        "status": health.status,
        "reason": health.reason,
        "up": health.up,
        "up_reason": health.up_reason,
        "heartbeat_age_seconds": None if silent is None else round(silent / SECOND, 3),
        "conditions": [
            {
                "name": condition.name,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "age_seconds": age(condition.since, now),
            }
            for condition in health.conditions
        ],
    }


def _mode(reading: Reading) -> dict[str, Any]:
    mode, halt = reading.state.mode, reading.halt
    return {
        "mode": mode.mode,
        "reason": mode.reason,
        "message": mode.message,
        "age_seconds": age(mode.since, reading.now_ns),
        "halt_file": None if halt is None else {"actor": halt.actor, "reason": halt.reason},
    }


def _account(state: State) -> dict[str, Any]:
    account = state.account
    return {
        "currency": account.currency,
        "equity": money(account.equity),
        "equity_unknown_because": derived.unknown_reason(state),
        "cash": money(account.balances.get(account.currency)),
        "daily_pnl": money(derived.daily_pnl(state)),
        "realized_pnl": money(account.realized_pnl),
        "unrealized_pnl": money(derived.total_unrealized_pnl(state)),
        "exposure": money(derived.gross_exposure(state)),
        "drawdown": share(derived.drawdown(state)),
    }


def _position(state: State, position: Position) -> dict[str, Any]:
    return {
        "symbol": position.symbol,
        "quantity": plain(position.quantity),
        "entry_price": plain(position.entry_price),
        "current_price": plain(derived.mark_of(state, position.symbol)),
        "value": money(position.value),
        "unrealized_pnl": money(derived.unrealized_pnl(position)),
        "unknown_because": position.unknown_reason,
    }


def _order(order: Order, now: int) -> dict[str, Any]:
    return {
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side,
        "type": order.trigger or order.type,
        "quantity": plain(order.quantity),
        "filled_quantity": plain(order.filled_quantity),
        "status": order.status,
        "age_seconds": age(order.intended_at, now),
    }


def _error(error: SemanticError, now: int) -> dict[str, Any]:
    return {
        "error_code": error.error_code,
        "message": error.message,
        "severity": error.severity,
        "age_seconds": age(error.timestamp, now),
    }


def _ages(state: State, now: int) -> dict[str, float | None]:
    quotes = [market.quote_at for market in state.markets.values() if market.quote_at is not None]
    return {
        "data": age(state.ts or None, now),
        "oldest_quote": age(min(quotes, default=None), now),
        "last_decision": age(state.last_decision_at, now),
        "last_order": age(state.last_order_at, now),
        "last_fill": age(state.last_fill_at, now),
        "last_reconciliation": age(state.reconciliation.completed_at, now),
    }


def _warnings(reading: Reading) -> list[str]:
    found = [] if reading.problem is None else [reading.problem]
    state = reading.state
    if not reading.health.live and state.ts:
        found.append("the bot is not running as it should: account, positions and orders are the last known")
    if state.ts and reading.now_ns - state.ts > STALE_DATA_NS:
        found.append(f"the data is {age(state.ts, reading.now_ns):.0f} s old")
    unknown = len(derived.unknown_orders(state))
    if unknown:
        found.append(f"{unknown} orders have an outcome that is not known yet")
    return found


def plain(value: Decimal | None) -> str | None:
    """Return a number as text: at most eight places, no exponent, no zeros at its end."""
    if value is None:
        return None
    text = f"{value:.8f}"
    return text.rstrip("0").rstrip(".")


def money(value: Decimal | None) -> str | None:
    """Return an amount as text with two places."""
    return None if value is None else f"{value:.2f}"


def share(value: Decimal | None) -> str | None:
    """Return a share of one as text with four places."""
    return None if value is None else f"{value:.4f}"
