"""Every label that a metric may carry besides ``bot``, with its closed set of values where it has one."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events import EVENTS
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus, Mode
from trading_bot.contract.events.trading import Liquidity, OrderType, Side
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
)
DENIALS: Final = (*LIMITS, "mode", "symbol_blocked", "unknown_value", "venue_minimum", "balance")
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
)

SYMBOL: Final = Label("symbol", "ccxt's unified symbol, such as EUR/USD")
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
BLOCK_REASON: Final = Label(
    "reason", "why a symbol takes no new risk", ("StaleFeed", "UnknownOrder", "Mismatch")
)
LIMIT: Final = Label("limit", "the limit's settings key", LIMITS)
DENIAL: Final = Label("limit", "the limit, or the reason where it is none", DENIALS)
BREAKER: Final = Label("breaker", "the limit that opens it", ("max_daily_loss", "max_drawdown"))
SUBJECT: Final = Label("subject", "what differs", ("order", "fill", "balance", "position"))
TRIGGER: Final = Label("trigger", "why it was done", ("start", "periodic", "doubt"))
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
VERSION: Final = Label("version", "Tickertape's version")
PYTHON: Final = Label("python", "the interpreter's version")
VENUE: Final = Label("venue", "ccxt's exchange id")
SUPERVISOR: Final = Label(
    "supervisor", "who restarts the bot", ("tickertape-up", "compose", "systemd", "none")
)
