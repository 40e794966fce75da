"""Orders: how they end, how fast, at what price. Each holds what it knew last when the bot dies."""

from __future__ import annotations

from typing import Final

from alerts.promql import series
from alerts.rule import Alert, Component, Panel, Severity, Time
from alerts.rules.burn import burning
from trading_bot.contract.telemetry import recordings
from trading_bot.contract.telemetry.thresholds import (
    FILLED,
    LEAST_ENDED,
    LEAST_FILLS,
    LEAST_REJECTED,
    OPEN_ORDER,
    REJECTED,
    SLIPPAGE,
)

_COUNTED: Final = Time("0s", "a quarter of an hour is counted already")
_LINGERING: Final = Time("5m", "the share falls and rises with every order that ends")

ALERTS: Final = (
    Alert(
        name="OrderUnknown",
        severity=Severity.CRITICAL,
        component=Component.ORDERS,
        expression=f"{series(recordings.ORDERS_UNKNOWN_HELD)} > 0",
        lasting=Time(
            "30s", "asking the venue by client order id settles a lost answer within seconds", least=4
        ),
        keeps=Time("1m", "one order settled and the next unknown is one page"),
        summary="The outcome of an order is not known",
        description="Orders in {{ $labels.symbol }} on {{ $labels.bot }} whose outcome is unknown for more than "
        "30 seconds: {{ $value | humanize }}.",
        impact="There may be a position that the books do not show. The symbol takes nothing new until it is settled.",
        first_step="Look the client order id up at the venue (tickertape status shows it). Do not send it again.",
        panel=Panel("execution", 108),
        labels=("symbol",),
        workflow="recover-unknown-orders",
        is_held=True,
    ),
    Alert(
        name="OrderUnknownOverdue",
        severity=Severity.CRITICAL,
        component=Component.ORDERS,
        expression=f"{series(recordings.UNKNOWN_OVERDUE_HELD)} > 0",
        lasting=Time("0s", "the age itself has waited for execution.unknown_operator_seconds"),
        keeps=Time("1m", "one order settled and the next overdue is one page"),
        summary="The bot does not find out what became of an order",
        description="Orders in {{ $labels.symbol }} on {{ $labels.bot }} that are unknown for longer than "
        "execution.unknown_operator_seconds: {{ $value | humanize }}.",
        impact="There may be a position that nothing watches: the bot asks on, and closes nothing in this symbol.",
        first_step="Look the client order id up at the venue by hand (tickertape status shows it); its books decide.",
        panel=Panel("execution", 108),
        labels=("symbol",),
        workflow="recover-unknown-orders",
        is_held=True,
    ),
    Alert(
        name="OrderStuck",
        severity=Severity.WARNING,
        component=Component.ORDERS,
        expression=f"time() - {series(recordings.OLDEST_OPEN_HELD)} > {OPEN_ORDER}",
        lasting=Time("0s", "the age itself has waited five minutes"),
        keeps=Time("1m", "one stuck order after the other is one page"),
        summary="An order is open for too long",
        description="The oldest open order of {{ $labels.bot }}, protective ones left out, is open for "
        "{{ $value | humanizeDuration }}.",
        impact="Its symbol takes nothing new meanwhile, and it may still fill at a price of long ago.",
        first_step="Compare with the venue's list of open orders; cancel it there if it is no longer wanted.",
        panel=Panel("overview", 306),
        workflow="check-health",
        is_held=True,
    ),
    Alert(
        name="OrderRejectsHigh",
        severity=Severity.WARNING,
        component=Component.ORDERS,
        expression=f"{series(recordings.REJECTED_HELD)} > {REJECTED}",
        lasting=_COUNTED,
        keeps=_LINGERING,
        summary="The venue rejects many orders",
        description="{{ $value | humanizePercentage }} of the orders of {{ $labels.bot }} that ended in the last "
        f"15 minutes were rejected, at least {LEAST_REJECTED} of them.",
        impact="Entries and exits that were decided on do not happen.",
        first_step="Read the venue's words in the errors ORDER_001: filter, balance, or a halted symbol?",
        panel=Panel("execution", 102),
        workflow="check-health",
        is_held=True,
    ),
    Alert(
        name="FillRatioLow",
        severity=Severity.WARNING,
        component=Component.ORDERS,
        expression=f"{series(recordings.UNFILLED_HELD)} < {FILLED}",
        lasting=_COUNTED,
        keeps=_LINGERING,
        summary="Few orders are filled",
        description="Only {{ $value | humanizePercentage }} of the orders of {{ $labels.bot }} that ended in the last "
        f"15 minutes were filled, of at least {LEAST_ENDED}.",
        impact="The strategy trades on signals that do not become positions; its results are not those of its tests.",
        first_step="Rejected, or expired unfilled? For the latter raise limit_offset_bps or use market orders.",
        panel=Panel("execution", 101),
        is_held=True,
    ),
    Alert(
        name="SlippageHigh",
        severity=Severity.WARNING,
        component=Component.ORDERS,
        expression=f"{series(recordings.SLIPPAGE_HELD)} > {SLIPPAGE}",
        lasting=Time("1m", "one more good fill may bring it back"),
        keeps=Time("15m", "an hour's fills are few"),
        summary="Fills cost more than they should",
        description="Half of the fills of {{ $labels.bot }} in the last hour cost {{ $value | humanize }} basis "
        f"points or more against the mark, of at least {LEAST_FILLS} fills.",
        impact="Each trade loses the difference, whatever the strategy earns.",
        first_step="Compare with the spread (board Market data): a wide market, or orders too large for it?",
        panel=Panel("trading", 204),
        is_held=True,
    ),
    *burning(
        name="OrderAckSlow",
        component=Component.ORDERS,
        level="order_acks",
        what="of the orders were acknowledged after more than a second",
        impact="Prices move between decision and order; a slow venue is often the one that fails next.",
        first_step="Ours or theirs? Open a slow trace (diamonds of the panel): the span `send order` is the venue's.",
        panel=Panel("execution", 203),
    ),
)
