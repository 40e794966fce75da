"""What alerts about money, orders and life are made of: kept while the bot is silent."""

from __future__ import annotations

from typing import Final

from alerts.promql import held, held_from_page, increase, largest, quantile, series, total
from alerts.recording.orders import ENDED, FILLED, REJECTED, share
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.recordings import Recording
from trading_bot.contract.telemetry.thresholds import LEAST_ENDED, LEAST_FILLS, LEAST_REJECTED

_UP: Final = largest(series(metrics.UP))
_FROZEN: Final = f"({largest(series(metrics.UP_REASON, reason='Frozen'))} or 0 * {_UP})"
_FILLS: Final = total(increase(metrics.FILLS, "1h"))


def _of(record: Recording, expression: str) -> tuple[Recording, str]:
    return record, held(record, expression)


LIFE: Final = {
    recordings.DEAD_HELD: held_from_page(recordings.DEAD_HELD, f"1 - {_UP} - {_FROZEN}"),
    recordings.FROZEN_HELD: held_from_page(recordings.FROZEN_HELD, _FROZEN),
    **dict([_of(recordings.MODE_HELD, largest(series(metrics.MODE), labels.MODE))]),
}
ORDERS: Final = dict(
    [
        _of(recordings.ORDERS_UNKNOWN_HELD, total(series(metrics.ORDERS_UNKNOWN), labels.SYMBOL)),
        _of(recordings.UNKNOWN_OVERDUE_HELD, total(series(metrics.UNKNOWN_OVERDUE), labels.SYMBOL)),
        _of(recordings.OLDEST_OPEN_HELD, f"min by (bot) ({series(metrics.OLDEST_OPEN)})"),
        _of(recordings.REJECTED_HELD, f"{share(REJECTED)} and on (bot) {REJECTED} > {LEAST_REJECTED - 0.5}"),
        _of(recordings.UNFILLED_HELD, f"{share(FILLED)} and on (bot) {ENDED} > {LEAST_ENDED - 0.5}"),
        _of(
            recordings.SLIPPAGE_HELD,
            f"{quantile(0.5, metrics.SLIPPAGE, '1h')} and on (bot) {_FILLS} > {LEAST_FILLS - 0.5}",
        ),
    ]
)
RISK: Final = dict(
    [
        _of(recordings.LIMIT_HELD, largest(series(metrics.RISK_UTILISATION), labels.LIMIT)),
        _of(recordings.BREAKER_HELD, largest(series(metrics.BREAKER_OPEN), labels.BREAKER)),
        _of(recordings.KILL_SWITCH_HELD, largest(series(metrics.KILL_SWITCH))),
        _of(recordings.ANCHORS_HELD, f"1 - {largest(series(metrics.ANCHORS_KNOWN))}"),
        _of(recordings.LOSS_WARNING_HELD, largest(series(metrics.LOSS_WARNING))),
        _of(recordings.STUCK_HELD, largest(series(metrics.STUCK_POSITIONS))),
        _of(recordings.PROTECTIVE_HELD, largest(series(metrics.PROTECTIVE_MISSING), labels.SYMBOL)),
    ]
)
RECONCILIATION: Final = dict(
    [
        _of(recordings.MISMATCHES_HELD, largest(series(metrics.MISMATCHES), labels.SUBJECT)),
        (
            recordings.RECONCILED_HELD,
            held_from_page(recordings.RECONCILED_HELD, largest(series(metrics.RECONCILED))),
        ),
    ]
)
ERRORS: Final = dict(
    [
        _of(
            recordings.CRITICAL_HELD,
            f"{total(increase(metrics.ERRORS_TOTAL, '15m', severity='critical'), labels.CODE)} > 0",
        ),
    ]
)
HELD: Final[dict[str, dict[Recording, str]]] = {
    "bot": LIFE,
    "orders": ORDERS,
    "risk": RISK,
    "reconciliation": RECONCILIATION,
    "errors": ERRORS,
}
"""By component: recorded in the group of the alerts that read them, so that nothing waits for another group."""
