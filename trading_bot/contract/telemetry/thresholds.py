"""Every number of the rules, with its reason; the boards colour by the same. Seconds where nothing else is said.

Ages are those of the bot's own intervals and stay as they are when the rules are scaled for drills; windows,
``for`` and ``keep_firing_for`` are scaled.
"""

from __future__ import annotations

from typing import Final

# Life
SEEN_FOR: Final = 604_800
"""A week: what a bot held is shown so long after it was last scraped; a longer absence is a bot taken down."""
RESTARTS: Final = 3
"""Starts in 15 minutes: one is a deployment, a second a mishap; more is a circle."""
MEMORY_GROWTH: Final = 1.3
"""Times what it was an hour before: loading and caches settle within minutes, a leak goes on."""
MEMORY_FLOOR: Final = 250e6
"""Bytes: below it, growth costs nothing. The bot needs 150 MB."""

# Progress. Two bars may be late for a good reason; a third one is a stop.
BARS_MISSED: Final = 3
BAR_GRACE: Final = 40
"""Longer than STALE_QUOTE: where quotes are missed as well, the page tells of the quotes."""
FRESH_QUOTE: Final = 5
"""``stale_after_seconds``: from here on the bot itself trusts a quote no more."""
STALE_QUOTE: Final = 30
"""A reconnect takes up to 10 s and its proof by data some more: what is older did not come back by itself."""
RECONNECTS: Final = 10
"""In 10 minutes, by stream: a venue closes a socket once a day, a bad line now and then."""
REFUSED_MESSAGES: Final = 20
"""In 5 minutes: single torn messages happen."""
CALENDAR_LEFT: Final = 2_592_000
"""30 days: time for an ordinary update."""

# Venue
RATE_LIMIT: Final = 0.8
"""Of the venue's budget: one boot's reconciliation of many symbols may need the rest."""
CLOCK_OFFSET: Final = 1
"""``max_clock_offset_ms``: from here on only closes are allowed."""

# Orders
REJECTED: Final = 0.2
LEAST_REJECTED: Final = 3
"""In 15 minutes: one refused order of two is chance, three are a reason."""
FILLED: Final = 0.5
LEAST_ENDED: Final = 4
"""Ended orders in 15 minutes, before their filled part means something."""
SLIPPAGE: Final = 10
"""Basis points, of the median: five times the spread of the simulated exchange. Single fills differ by what the price
did between decision and fill, for better and for worse; what half of them lose, each trade loses."""
LEAST_FILLS: Final = 10
"""In an hour: the median of fewer is chance."""
OPEN_ORDER: Final = 300
"""Market and IOC orders end at once; a limit order that rests has missed its market by then."""

# Risk, as parts of the limits in force
LOSS_WARNING: Final = 0.7
DRAWDOWN_WARNING: Final = 0.8
EXPOSURE_WARNING: Final = 0.95
"""The limit itself is held by the pre-trade check; only prices can carry a position over it."""
RECONCILED: Final = 180
"""Six times ``reconcile_seconds``."""

# Settings
PENDING: Final = "5m"
"""Settings wait for a restart, or for an answer of the bot."""

# Journal and telemetry
DISK_LEFT: Final = 86_400
"""A day: enough to be dealt with by day."""
DISK_FREE: Final = 536_870_912
"""512 MiB, about a day of journal with five symbols at one bar a second."""
PAGE_BEHIND: Final = 30
"""The bot writes something every second; the page is this much older than its heartbeat."""
FOLLOW_LAG: Final = 1_000
"""Events: the exporter reads 90,000 a second."""

# Errors
ERRORS_PER_MINUTE: Final = 6
"""One every ten seconds, on the mean of 10 minutes."""

# The ops endpoint
REFUSED_KEYS: Final = 30
"""In 5 minutes: a wrong key in a script gives a few, guessing gives many."""
WORKFLOW_AGE: Final = 3_600
"""The longest workflow waits for a person at most so long."""

# Service levels: the part that keeps the promise
OBJECTIVES: Final = {"decisions": 0.995, "order_acks": 0.99, "feed": 0.995, "api": 0.999}
PROMPT_DECISION: Final = "0.1"
"""Seconds, a bucket of the histogram: a hundred times what a decision takes, a tenth of the shortest bar."""
PROMPT_ACK: Final = "1.0"
"""Seconds, a bucket of the histogram."""
FAST_BURN: Final = 14.4
"""Of the budget of three days a fifth in one hour."""
STEADY_BURN: Final = 6
SLOW_BURN: Final = 3
SLOWEST_BURN: Final = 1
LEAST_MISSED: Final = 3
"""In one hour or six: where little happens one late order is no burn."""
