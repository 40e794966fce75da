"""What the venue tells: how fresh, how much."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, rate, series, total
from trading_bot.contract.telemetry import labels, metrics, recordings
from trading_bot.contract.telemetry.thresholds import FRESH_QUOTE

_OPEN: Final = f"{largest(series(metrics.SESSION_OPEN), labels.SYMBOL)} == 1"
_AGES: Final = largest(series(metrics.QUOTE_AGE), labels.SYMBOL)
_BARS: Final = f"(time() - {largest(series(metrics.BAR_TIME), labels.SYMBOL)})"
OPEN_AGES: Final = f"{_AGES} and on (bot, symbol) {_OPEN}"

EXPRESSIONS: Final = {
    recordings.FEED_AGE: largest(OPEN_AGES),
    recordings.SYMBOL_FEED_AGE: OPEN_AGES,
    recordings.FEED_FRESH: f"avg by (bot) (({OPEN_AGES}) <= bool {FRESH_QUOTE})",
    recordings.BAR_AGE: largest(f"{_BARS} and on (bot, symbol) {_OPEN}"),
    recordings.MESSAGES: total(rate(metrics.MESSAGES, "1m")),
    recordings.RECONNECTS: total(increase(metrics.RECONNECTS, "1h")),
}
