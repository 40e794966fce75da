"""Every label that a metric may carry besides ``bot``, with its closed set of values where it has one."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.commands import COMMANDS
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
from trading_bot.contract.events.trading import Liquidity, OrderType, Side, Trigger
from trading_bot.contract.events.workflow import ExecutionOutcome
from trading_bot.contract.settings import CALENDARS
from trading_bot.contract.stream import CLOSED_REASONS
from trading_bot.contract.stream import LABELS as CHANNEL_LABELS
from trading_bot.contract.telemetry.definition import Label

UP_REASONS: Final = (
    "Alive",
    "Dead",
    "Frozen",
    "JournalUnwritable",
    "JournalMissing",
    "JournalCorrupt",
    "NeverStarted",
)
OUTCOMES: Final = ("denied", "filled", "cancelled", "rejected", "unknown")
LIMITS: Final = (
    "max_order_notional",
    "max_position_notional",
    "max_gross_exposure",
    "price_collar_bps",
    "max_orders_per_minute",
    "max_daily_loss",
    "max_drawdown",
    "max_consecutive_losses",
    "max_order_error_ratio",
    "max_slippage_bps",
    "max_order_to_trade_ratio",
    "max_position_age_seconds",
    "max_exit_seconds",
    "max_mark_age_seconds",
    "max_price_jump_bps",
)
LOSS_BREAKERS: Final = ("max_daily_loss", "max_drawdown")
"""They close by the next trading day or by a person."""
COUNTING_BREAKERS: Final = (
    "max_consecutive_losses",
    "max_order_error_ratio",
    "max_slippage_bps",
    "max_order_to_trade_ratio",
)
"""They close by themselves after the cool-down."""
DENIALS: Final = (*LIMITS, "mode", "symbol_blocked", "session", "unknown_value", "venue_minimum", "balance")
BLOCKS: Final = (
    "StaleFeed",
    "FrozenBook",
    "UnknownSession",
    "UnknownOrder",
    "Mismatch",
    "Unprotected",
    "StuckPosition",
    "PriceJump",
    "NotListed",
    "NotReconciled",
    "NoHistory",
)
UNKNOWN_COMMAND: Final = "unknown"
ANSWERS: Final = ("acknowledged", "rejected", "expired")
OPERATIONS: Final = (
    "load_markets",
    "place",
    "cancel",
    "balances",
    "order",
    "open_orders",
    "fills",
    "clock",
    "candles",
    "quote",
)

HTTP_STATUSES: Final = tuple(
    str(number)
    for number in (
        *(200, 201, 202, 204, 206, 304),
        *(400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 426, 428, 429, 431),
        *(500, 503),
    )
)

COMMAND: Final = Label(
    "name", "the command's name; unknown for one of another release", (*COMMANDS, UNKNOWN_COMMAND)
)
ANSWER: Final = Label("outcome", "what the bot said to a command", ANSWERS)
SYMBOL: Final = Label("symbol", "ccxt's unified symbol, such as EUR/USD")
CALENDAR: Final = Label("calendar", "a calendar of trading hours", CALENDARS)
STRATEGY: Final = Label("strategy", "the strategy's name in the settings")
ASSET: Final = Label("asset", "an asset's code, such as EUR")
SIDE: Final = Label("side", "buy or sell", tuple(Side))
ORDER_TYPE: Final = Label("type", "the order's type", tuple(OrderType))
OUTCOME: Final = Label("outcome", "how an order ended, or that its outcome became unknown", OUTCOMES)
LIQUIDITY: Final = Label("liquidity", "whether a fill took or made liquidity", tuple(Liquidity))
MODE: Final = Label("mode", "what the bot may do", tuple(Mode))
CONDITION: Final = Label("condition", "one of the conditions that health is made of", tuple(ConditionName))
STATUS: Final = Label("status", "True, False or Unknown", tuple(ConditionStatus))
UP_REASON: Final = Label("reason", "why tradingbot_up is what it is", UP_REASONS)
BLOCK_REASON: Final = Label("reason", "why a symbol takes no new risk", BLOCKS)
LIMIT: Final = Label("limit", "the limit's settings key", LIMITS)
DENIAL: Final = Label("limit", "the limit, or the reason where it is none", DENIALS)
BREAKER: Final = Label("breaker", "the limit that opens it", (*LOSS_BREAKERS, *COUNTING_BREAKERS))
SUBJECT: Final = Label("subject", "what differs", ("order", "fill", "balance", "position"))
TRIGGER: Final = Label("trigger", "why it was done", ("start", "periodic", "doubt"))
TRIGGER_KIND: Final = Label("kind", "what a protective order waits for", tuple(Trigger))
STREAM: Final = Label("stream", "what is listened to", ("quotes", "bars", "orders"))
STAGE: Final = Label("stage", "of an order's life", ("ack", "fill"))
CODE: Final = Label("code", "the error code", tuple(ERRORS))
SEVERITY: Final = Label("severity", "the error's severity", ("info", "warning", "error", "critical"))
KIND: Final = Label("kind", "the event's kind", tuple(EVENTS))
OPERATION: Final = Label("operation", "what was asked of the venue", OPERATIONS)
RESULT: Final = Label("result", "of a round trip from flat to flat", ("won", "lost", "even"))
TAPE: Final = Label("tape", "which tape", ("journal", "control"))
SIGNAL: Final = Label("signal", "what is shipped over OTLP", ("traces", "logs"))
COLLECTOR: Final = Label(
    "collector",
    "the part of the page that was rendered",
    (
        "process",
        "health",
        "market",
        "orders",
        "account",
        "risk",
        "reconciliation",
        "errors",
        "journal",
        "control",
        "telemetry",
    ),
)
ENDPOINT: Final = Label("endpoint", "the route, such as /api/v1/errors/<code>, or unmatched")
METHOD: Final = Label(
    "method", "the request's method", ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")
)
HTTP_STATUS: Final = Label("status", "the answer's HTTP status", (*HTTP_STATUSES, "other"))
SIGN_IN: Final = Label("outcome", "of a sign-in", ("accepted", "refused"))
WORKFLOW: Final = Label("workflow", "the workflow's id, the name of its file")
WORKFLOW_OUTCOME: Final = Label("outcome", "how an execution ended", tuple(ExecutionOutcome))
STREAM_CHANNEL: Final = Label(
    "channel", "the stream's channel; custom stands for all of those", CHANNEL_LABELS
)
STREAM_CLOSED_REASON: Final = Label("reason", "why a connection ended", CLOSED_REASONS)
VERSION: Final = Label("version", "Tickertape's version")
PYTHON: Final = Label("python", "the interpreter's version")
VENUE: Final = Label("venue", "ccxt's exchange id")
SUPERVISOR: Final = Label(
    "supervisor", "who restarts the bot", ("tickertape-up", "compose", "systemd", "none")
)
