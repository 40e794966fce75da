"""Recording rules: questions that people and agents ask, each with one name, one meaning and one unit.

``alerts/recording`` has their expressions. Every one has the label ``bot``, and one series a bot where
``labels`` is empty. A name reads ``bot:<thing>:<operation>``; the operation is how the number came about
(``per_minute``, ``p99``, ``ratio``) or, for a value that is taken as it is, its unit.

``held`` means: the last value that was known while the bot was alive. It stays when the bot dies or a scrape
fails, since a position does not go away when its bot does, and leaves a week after the bot was last seen.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Label


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One record. Every record also has the label ``bot``; ``labels`` are the others."""

    name: str
    unit: str
    meaning: str
    labels: tuple[Label, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether it keeps its last value while the bot is not alive."""
        return self.name.endswith(":held")


def _record(name: str, unit: str, meaning: str, *carried: Label) -> Recording:
    return Recording(name=name, unit=unit, meaning=meaning, labels=carried)


LEVELS: Final = ("decisions", "order_acks", "feed", "api")
LEVEL: Final = Label("slo", "a service level", LEVELS)
ALERT_SEVERITY: Final = Label("severity", "how loud an alert is", ("critical", "warning", "none"))
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""Over which the use of an error budget is judged: each long one beside a short one."""

# The process.
SEEN: Final = _record("bot:seen:time", "seconds", "When a scrape last told of the bot; leaves after a week.")
UP: Final = _record("bot:up:state", "boolean", "1 while the bot is alive, else 0.")
UPTIME: Final = _record("bot:uptime:seconds", "seconds", "How long the present or last run has lasted.")
HEARTBEAT_AGE: Final = _record(
    "bot:heartbeat_age:seconds", "seconds", "How long ago the bot's loop came round."
)
RUNS_PER_HOUR: Final = _record("bot:runs:per_hour", "runs per hour", "Starts of the bot in the last hour.")
MEMORY: Final = _record("bot:memory:bytes", "bytes", "Memory of the bot's process.")
MODE_RUNNING: Final = _record("bot:mode_running:state", "boolean", "1 while the mode is running, else 0.")
DECISIONS: Final = _record(
    "bot:decisions:per_minute", "decisions per minute", "Decision cycles, over the last 5 minutes."
)
DECISION_AGE: Final = _record(
    "bot:decision_age:seconds", "seconds", "How long ago a strategy was last asked."
)
DECISION_MEDIAN: Final = _record(
    "bot:decision_duration:p50", "seconds", "Half of the decision cycles of the last 5 minutes were faster."
)
DECISION_SLOW: Final = _record(
    "bot:decision_duration:p99", "seconds", "99 of 100 decision cycles of the last 5 minutes were faster."
)

# Money.
PNL_TODAY: Final = _record(
    "bot:pnl_today:usd", "account currency", "Realized plus unrealized profit and loss of the trading day."
)
EQUITY: Final = _record("bot:equity:usd", "account currency", "Cash plus the value of all positions.")
CASH: Final = _record("bot:cash:usd", "account currency", "Cash.")
REALIZED: Final = _record(
    "bot:realized_pnl:usd",
    "account currency",
    "Realized profit and loss since the journal began, after fees.",
)
UNREALIZED: Final = _record("bot:unrealized_pnl:usd", "account currency", "Open positions' profit and loss.")
DRAWDOWN: Final = _record(
    "bot:drawdown:ratio", "ratio", "Fall of equity from its peak, as a part of the peak."
)
LOSS_BUDGET: Final = _record(
    "bot:loss_budget_left:ratio",
    "ratio",
    "Part of today's loss limit that is not used; below 0 it is crossed.",
)
LOSS_BUDGET_USD: Final = _record(
    "bot:loss_budget_left:usd", "account currency", "What may still be lost today before the breaker opens."
)
DRAWDOWN_BUDGET: Final = _record(
    "bot:drawdown_budget_left:ratio", "ratio", "Part of the drawdown limit that is not used."
)
EXPOSURE: Final = _record("bot:exposure:usd", "account currency", "Sum of all positions' values.")
EXPOSURE_USED: Final = _record("bot:exposure_limit_used:ratio", "ratio", "Used part of the exposure limit.")
LIMIT_USED: Final = _record("bot:limit_used:ratio", "ratio", "Used part of each limit.", labels.LIMIT)
LIMIT_USED_MOST: Final = _record("bot:limit_used:max", "ratio", "Used part of the limit that is used most.")
WIN_RATE: Final = _record(
    "bot:wins_1d:ratio", "ratio", "Won part of the round trips that ended in the last day."
)
TURNOVER: Final = _record("bot:turnover_1h:usd", "account currency", "Value of the last hour's executions.")

# Orders.
SENT: Final = _record(
    "bot:orders_sent:per_minute", "orders per minute", "Orders sent, over the last 5 minutes."
)
FILLS: Final = _record("bot:fills:per_minute", "fills per minute", "Executions, over the last 5 minutes.")
REJECT_RATIO: Final = _record(
    "bot:order_rejects_15m:ratio", "ratio", "Rejected part of the orders that ended in the last 15 minutes."
)
FILL_RATIO: Final = _record(
    "bot:order_fills_15m:ratio", "ratio", "Filled part of the orders that ended in the last 15 minutes."
)
DENIALS: Final = _record(
    "bot:denials:per_minute", "orders per minute", "Orders refused before they were sent, over 5 minutes."
)
OPEN_ORDERS: Final = _record("bot:orders_open:count", "orders", "Orders that are neither over nor unknown.")
UNKNOWN_ORDERS: Final = _record("bot:orders_unknown:count", "orders", "Orders whose outcome is not known.")
ACK_MEDIAN: Final = _record("bot:order_ack:p50", "seconds", "Order to acknowledgement: median of 15 minutes.")
ACK_SLOW: Final = _record(
    "bot:order_ack:p99", "seconds", "Order to acknowledgement: 99 of 100 of 15 minutes."
)
FILL_MEDIAN: Final = _record(
    "bot:order_fill:p50", "seconds", "Acknowledgement to first fill: median, 15 minutes."
)
FILL_SLOW: Final = _record(
    "bot:order_fill:p99", "seconds", "Acknowledgement to first fill: 99 of 100, 15 minutes."
)
SLIPPAGE: Final = _record(
    "bot:slippage:p50", "basis points", "Fill against mark: median of the last hour; positive costs."
)
SLIPPAGE_WORST: Final = _record(
    "bot:slippage:p90", "basis points", "Fill against mark: 9 of 10 of the last hour were better."
)

# Market data and venue.
FEED_AGE: Final = _record(
    "bot:feed_age:seconds", "seconds", "Age of the oldest last quote among symbols whose session is open."
)
SYMBOL_FEED_AGE: Final = _record(
    "bot:symbol_feed_age:seconds",
    "seconds",
    "Age of each symbol's last quote while its session is open.",
    labels.SYMBOL,
)
FEED_FRESH: Final = _record(
    "bot:feed_fresh:ratio", "ratio", "Part of the open symbols whose last quote is younger than 5 seconds."
)
BAR_AGE: Final = _record(
    "bot:bar_age:seconds",
    "seconds",
    "How long ago a bar closed last, of the open symbol where it is longest ago.",
)
MESSAGES: Final = _record(
    "bot:feed_messages:per_second", "messages per second", "Market data messages, over the last minute."
)
RECONNECTS: Final = _record(
    "bot:reconnects:per_hour", "reconnects per hour", "Streams lost in the last hour."
)
RATE_LIMIT: Final = _record("bot:rate_limit_used:ratio", "ratio", "Used part of the venue's rate limit.")
CLOCK_OFFSET: Final = _record(
    "bot:clock_offset:seconds", "seconds", "The venue's clock minus this machine's."
)

# Books and venue.
MISMATCHES: Final = _record("bot:mismatches:count", "mismatches", "Differences between books and venue now.")
RECONCILED_AGE: Final = _record(
    "bot:reconciliation_age:seconds", "seconds", "How long ago books and venue were compared in full."
)

# Errors, journal, telemetry.
ERRORS: Final = _record(
    "bot:errors:per_minute",
    "errors per minute",
    "Errors of the bot that are error or critical, over 5 minutes.",
)
ERRORS_BY_CODE: Final = _record(
    "bot:errors_by_code:per_minute",
    "errors per minute",
    "Errors of the bot by code, over 5 minutes; codes that occurred.",
    labels.CODE,
)
JOURNAL_GROWTH: Final = _record(
    "bot:journal_growth:bytes_per_hour", "bytes per hour", "How fast the journal grows, over the last hour."
)
DISK_LEFT: Final = _record(
    "bot:disk_left:seconds",
    "seconds",
    "Until the journal fills its disk, if it grows on as in the last hour.",
)
FOLLOW_LAG: Final = _record(
    "bot:follow_lag:events", "events", "Committed events that the exporter has not read."
)
SHIPPING_LAG: Final = _record("bot:shipping_lag:events", "events", "Events not shipped to the collector yet.")
ALERTS_FIRING: Final = _record(
    "bot:alerts_firing:count", "alerts", "Alerts that fire, by severity; none: no series.", ALERT_SEVERITY
)

# The ops endpoint and its workflows.
API_REQUESTS: Final = _record(
    "bot:api_requests:per_minute", "requests per minute", "Requests, over 5 minutes."
)
API_REFUSALS: Final = _record(
    "bot:api_refusals:per_minute",
    "requests per minute",
    "Requests refused, by code, over 5 minutes.",
    labels.CODE,
)

# Service levels.
LEVEL_BAD: Final = _record(
    "bot:slo_bad:rate5m",
    "per second",
    "What missed a service level, a second, over the last 5 minutes.",
    LEVEL,
)
LEVEL_ALL: Final = _record(
    "bot:slo_all:rate5m",
    "per second",
    "What a service level is about, a second, over the last 5 minutes.",
    LEVEL,
)
LEVEL_BUDGET: Final = _record("bot:slo_budget:ratio", "ratio", "Part that may miss a service level.", LEVEL)
LEVEL_LEFT: Final = _record(
    "bot:slo_budget_left:ratio", "ratio", "Part of the error budget of three days that is not used.", LEVEL
)
BURN: Final[dict[str, Recording]] = {
    window: _record(
        f"bot:slo_burn:ratio{window}",
        "times what the service level allows",
        f"How fast the error budget is used, over {window}; at 1 it lasts just as long as it should. Before the bot "
        "was first seen it used none.",
        LEVEL,
    )
    for window in WINDOWS
}
MISSED: Final[dict[str, Recording]] = {
    window: _record(
        f"bot:slo_bad:count{window}", "events", f"What missed a service level in {window}.", LEVEL
    )
    for window in ("1h", "6h")
}

# Held for alerts.
DEAD_HELD: Final = _record(
    "bot:dead:held", "boolean", "1 while the bot is dead or its journal unreadable. Held."
)
FROZEN_HELD: Final = _record(
    "bot:frozen:held", "boolean", "1 while the bot lives but its loop stands still. Held."
)
MODE_HELD: Final = _record(
    "bot:mode:held", "boolean", "1 for the mode that the bot is in. Held.", labels.MODE
)
ORDERS_UNKNOWN_HELD: Final = _record(
    "bot:orders_unknown:held", "orders", "Orders of unknown outcome by symbol. Held.", labels.SYMBOL
)
UNKNOWN_OVERDUE_HELD: Final = _record(
    "bot:orders_unknown_overdue:held",
    "orders",
    "Orders by symbol that are unknown for longer than execution.unknown_operator_seconds. Held.",
    labels.SYMBOL,
)
OLDEST_OPEN_HELD: Final = _record(
    "bot:oldest_open_order:held", "seconds", "Since when the oldest open order is open. Held."
)
REJECTED_HELD: Final = _record(
    "bot:order_rejects_15m:held", "ratio", "Rejected part, where 15 minutes had at least three. Held."
)
UNFILLED_HELD: Final = _record(
    "bot:order_fills_15m:held", "ratio", "Filled part, where at least four orders ended in 15 minutes. Held."
)
SLIPPAGE_HELD: Final = _record(
    "bot:slippage:held", "basis points", "Median of the fills of the last hour, of at least ten. Held."
)
LIMIT_HELD: Final = _record("bot:limit_used:held", "ratio", "Used part of each limit. Held.", labels.LIMIT)
BREAKER_HELD: Final = _record(
    "bot:breaker_open:held", "boolean", "1 while a breaker is open. Held.", labels.BREAKER
)
KILL_SWITCH_HELD: Final = _record(
    "bot:kill_switch:held", "boolean", "1 while the kill switch is engaged. Held."
)
ANCHORS_HELD: Final = _record(
    "bot:anchors_missing:held",
    "boolean",
    "1 while the equity that losses are measured from is not known. Held.",
)
LOSS_WARNING_HELD: Final = _record(
    "bot:daily_loss_warning:held", "boolean", "1 while half or more of the daily loss limit is used. Held."
)
STUCK_HELD: Final = _record(
    "bot:stuck_positions:held", "positions", "Positions too old, or whose exit takes too long. Held."
)
PROTECTIVE_HELD: Final = _record(
    "bot:protective_missing:held",
    "boolean",
    "1 while a position lacks a protective order that the settings want. Held.",
    labels.SYMBOL,
)
MISMATCHES_HELD: Final = _record(
    "bot:mismatches:held",
    "mismatches",
    "Differences between books and venue by subject. Held.",
    labels.SUBJECT,
)
RECONCILED_HELD: Final = _record(
    "bot:reconciled_at:held", "seconds", "When books and venue were last compared in full. Held."
)
CRITICAL_HELD: Final = _record(
    "bot:critical_errors_15m:held",
    "errors",
    "Critical errors of the bot in the last 15 minutes, by code. Held.",
    labels.CODE,
)


def _declared() -> dict[str, Recording]:
    found = [value for value in globals().values() if isinstance(value, Recording)]
    return {record.name: record for record in (*found, *BURN.values(), *MISSED.values())}


RECORDINGS: Final[dict[str, Recording]] = _declared()
"""Name to record, in the order of declaration."""
