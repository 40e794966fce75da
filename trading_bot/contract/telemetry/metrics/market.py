"""Market data."""

from __future__ import annotations

from typing import Final

from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, MetricType

QUOTE_TIME: Final = Metric(
    name="tradingbot_market_quote_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="When the last quote was received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
QUOTE_AGE: Final = Metric(
    name="tradingbot_market_quote_age_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Age of the last quote at the scrape.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
MESSAGES: Final = Metric(
    name="tradingbot_market_messages_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Market data messages received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAD_MESSAGES: Final = Metric(
    name="tradingbot_market_refused_messages_total",
    type=MetricType.COUNTER,
    unit="messages",
    meaning="Market data messages refused at the edge: not a number, not positive, crossed.",
    kept=Kept.ALWAYS,
)
BARS: Final = Metric(
    name="tradingbot_market_bars_total",
    type=MetricType.COUNTER,
    unit="bars",
    meaning="Closed bars received.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BARS_SKIPPED: Final = Metric(
    name="tradingbot_market_skipped_bars_total",
    type=MetricType.COUNTER,
    unit="bars",
    meaning="Bars that never came.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAR_TIME: Final = Metric(
    name="tradingbot_market_bar_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="End of the last closed bar.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
BAR_DELAY: Final = Metric(
    name="tradingbot_market_bar_delay_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="From the end of the last closed bar to its record.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
MARK_PRICE: Final = Metric(
    name="tradingbot_market_mark_price",
    type=MetricType.GAUGE,
    unit="account currency",
    meaning="Middle of bid and ask.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
SPREAD: Final = Metric(
    name="tradingbot_market_spread_bps",
    type=MetricType.GAUGE,
    unit="basis points",
    meaning="Ask minus bid, as a part of the middle.",
    kept=Kept.WHILE_ALIVE,
    labels=(labels.SYMBOL,),
)
SESSION_OPEN: Final = Metric(
    name="tradingbot_market_session_open",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while the symbol's trading session is open.",
    kept=Kept.ALWAYS,
    labels=(labels.SYMBOL,),
)
SESSION_TABLE_EXPIRY: Final = Metric(
    name="tradingbot_session_table_expiry_timestamp_seconds",
    type=MetricType.GAUGE,
    unit="seconds",
    meaning="Up to when the shipped trading hours of a calendar in use are known.",
    kept=Kept.ALWAYS,
    labels=(labels.CALENDAR,),
)
BLOCKED: Final = Metric(
    name="tradingbot_symbol_blocked",
    type=MetricType.GAUGE,
    unit="boolean",
    meaning="1 while a symbol takes no new risk for this reason.",
    kept=Kept.WHILE_ALIVE,
    labels=(
        labels.SYMBOL,
        labels.BLOCK_REASON,
    ),
)
RECONNECTS: Final = Metric(
    name="tradingbot_feed_reconnects_total",
    type=MetricType.COUNTER,
    unit="reconnects",
    meaning="Streams that were lost and flow again.",
    kept=Kept.ALWAYS,
    labels=(labels.STREAM,),
)
