"""What the venue tells: how fresh, how much, how wide."""

from __future__ import annotations

from typing import Final

from dashboards.promql import PER_MINUTE, SHOWN, age, increase, largest, rate, seen, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

PRICE: Final = Query(largest(series(metrics.MARK_PRICE), labels.SYMBOL), "{{symbol}}")
SPREAD: Final = Query(largest(series(metrics.SPREAD), labels.SYMBOL), "{{symbol}}")
AGE: Final = Query(largest(series(metrics.QUOTE_AGE), labels.SYMBOL), "{{symbol}}")
OLDEST: Final = Query(largest(series(metrics.QUOTE_AGE)))
OPEN: Final = Query(largest(series(metrics.SESSION_OPEN), labels.SYMBOL), "{{symbol}}")
MESSAGES: Final = Query(total(rate(metrics.MESSAGES), labels.SYMBOL), "{{symbol}}")
REFUSED: Final = Query(total(increase(metrics.BAD_MESSAGES)))
BARS: Final = Query(f"{PER_MINUTE} * {total(rate(metrics.BARS), labels.SYMBOL)}", "{{symbol}}")
SKIPPED: Final = Query(f"{total(increase(metrics.BARS_SKIPPED), labels.SYMBOL)} > 0", "{{symbol}}")
BAR_DELAY: Final = Query(series(metrics.BAR_DELAY), "{{symbol}}")
BAR_AGE: Final = Query(age(metrics.BAR_TIME), "{{symbol}}")
AGAINST_AVERAGE: Final = Query(
    f"{series(metrics.MARK_PRICE)} / (avg_over_time({series(metrics.MARK_PRICE)}[{SHOWN}]) > 0) - 1",
    "{{symbol}}",
)
"""Prices of different sizes on one axis."""
BLOCKS: Final = Query(
    f"{total(series(metrics.BLOCKED), labels.BLOCK_REASON)}"
    f" and {total(seen(metrics.BLOCKED), labels.BLOCK_REASON)} > 0",
    "{{reason}}",
)
"""Reasons that there were in the time shown, with the zeros between: without them an area would not end."""
CALENDAR_LEFT: Final = Query(
    f"min by (bot, calendar) ({series(metrics.SESSION_TABLE_EXPIRY)} - time())", "{{calendar}}"
)
