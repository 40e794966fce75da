"""Market data and the decisions made on it. Silent while the market is closed."""

from __future__ import annotations

from typing import Final

from alerts import foreign
from alerts.promql import increase, largest, latest, least, open_session, series, total
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from alerts.rules.burn import burning
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.thresholds import (
    BAR_GRACE,
    BARS_MISSED,
    CALENDAR_LEFT,
    RECONNECTS,
    REFUSED_MESSAGES,
    STALE_QUOTE,
)

_BAR: Final = largest(latest(metrics.SETTINGS_BAR))
_STALE: Final = f"max_over_time({series(foreign.FIRING, alertname='FeedStale', alertstate='firing')}[1m])"
_ALL_STALE: Final = f"({_STALE} unless on (bot) ({open_session()} unless on (bot, symbol) {_STALE}))"
"""While one open symbol has quotes, a stale feed is no reason for deciding nothing."""
_DOUBTED: Final = ("FrozenBook", "PriceJump")
"""Reasons of a blocked symbol that no other alert tells of."""
_BLOCKED_AS_STALE: Final = f"{largest(latest(metrics.BLOCKED, reason='StaleFeed'), labels.SYMBOL)} == 1"
_MARK: Final = asked("tradingbot_market_mark_price{bot=%q, symbol=%q}", "value", "nothing", "symbol")
_SETTLED: Final = Time(
    "15s", "after a stale feed bars come with the next reconnect of their stream", least=12
)
_LONGEST_OPEN: Final = (("1m", 1), ("5m", 60), ("1h", 900), ("4h", 3_600))
"""How long a session must have been open before a bar may be missed, by the length of bars in seconds."""


def _open_long_enough(*by: labels.Label) -> str:
    """Return what is there when the session has been open long enough to have brought the bars."""
    parts = (
        f"({largest(least(metrics.SESSION_OPEN, window), *by)} == 1 and on (bot) {_BAR} <= {bar})"
        for window, bar in _LONGEST_OPEN
    )
    return f"({' or '.join(parts)})"


def _overdue(age: str, stale: str, *by: labels.Label) -> str:
    """Return the age where it is too old, not only because the bot or the feed has just come back.

    ``stale``: while there is this, FeedStale tells of it.
    """
    joined = ", ".join(("bot", *(label.name for label in by)))
    limit = f"{BARS_MISSED} * {_BAR} + {BAR_GRACE}"
    has_run = f"time() - {largest(latest(metrics.START_TIME))} > {limit}"
    is_late = f"{age} > on (bot) group_left () ({limit})"
    is_open = f"and on ({joined}) {_open_long_enough(*by)}"
    return f"{is_late} {is_open} and on (bot) ({has_run}) unless on ({joined}) {stale}"


_SINCE_BAR: Final = f"(time() - {largest(latest(metrics.BAR_TIME), labels.SYMBOL)})"
_SINCE_DECISION: Final = f"(time() - {largest(latest(metrics.LAST_DECISION))})"
_QUOTE_AGE: Final = f"(time() - {largest(latest(metrics.QUOTE_TIME), labels.SYMBOL)})"

ALERTS: Final = (
    Alert(
        name="NoDecisions",
        severity=Severity.CRITICAL,
        component=Component.FEED,
        expression=_overdue(_SINCE_DECISION, _ALL_STALE),
        lasting=_SETTLED,
        keeps=Time("1m", "single decisions in between are no recovery"),
        summary="The bot says it is running, but decides nothing",
        description="{{ $labels.bot }} asked no strategy for {{ $value | humanizeDuration }}, more than three bars, "
        "while a session is open.",
        impact="No entries and no exits: positions are held however the market moves.",
        first_step="Look whether bars come (board Market data). If they do: restart the bot. If not: the feed.",
        panel=Panel("overview", 105),
        workflow="restart-bot",
    ),
    Alert(
        name="NoBars",
        severity=Severity.WARNING,
        component=Component.FEED,
        expression=_overdue(_SINCE_BAR, _STALE, labels.SYMBOL),
        lasting=_SETTLED,
        keeps=Time("1m", "a bar that comes late is no recovery"),
        summary="No bar closes for a symbol whose session is open",
        description="The last bar of {{ $labels.symbol }} on {{ $labels.bot }} ended "
        "{{ $value | humanizeDuration }} ago, more than three bars.",
        impact="Nothing is decided for this symbol: a position in it is not closed by its strategy.",
        first_step="Compare with the venue's own chart: if bars go on there, restart the bot.",
        panel=Panel("market-data", 201),
        labels=("symbol",),
    ),
    Alert(
        name="FeedStale",
        severity=Severity.CRITICAL,
        component=Component.FEED,
        expression=f"{_QUOTE_AGE} > {STALE_QUOTE} and on (bot, symbol) {open_session()}",
        lasting=Time("0s", "the age itself has waited long enough for a reconnect"),
        keeps=Time("1m", "a feed that comes and goes is one page"),
        summary="Quotes are stale while the session is open",
        description="The last quote of {{ $labels.symbol }} on {{ $labels.bot }} is "
        "{{ $value | humanizeDuration }} old.",
        impact="The symbol takes no new risk; exits are priced on an old quote or wait.",
        first_step="Look whether other symbols are fresh: one is the venue's matter, all are the connection's.",
        panel=Panel("market-data", 105),
        labels=("symbol",),
        workflow="check-health",
    ),
    Alert(
        name="PricesNotBelieved",
        severity=Severity.CRITICAL,
        component=Component.FEED,
        expression=f"{largest(latest(metrics.BLOCKED, reason=_DOUBTED), labels.SYMBOL, labels.BLOCK_REASON)} == 1 "
        f"and on (bot, symbol) {open_session()} unless on (bot, symbol) {_BLOCKED_AS_STALE}",
        lasting=Time(
            "30s", "a feed that falls silent is blocked as stale by then, a jump asked about", least=12
        ),
        keeps=Time("2m", "a quote that stands still is true now and then"),
        summary="Quotes come, and the bot does not believe them",
        description="{{ $labels.bot }} has not believed the prices of {{ $labels.symbol }} for half a minute: "
        f"{{{{ $labels.reason }}}}; they say {_MARK}.",
        impact="The symbol takes no new risk; while it is held, nobody knows what it is worth, nor do the loss limits.",
        first_step="Compare the symbol's price with the venue's own page: is the market so, or the stream wrong?",
        panel=Panel("market-data", 106),
        labels=("symbol", "reason"),
        workflow="check-health",
    ),
    Alert(
        name="FeedReconnectStorm",
        severity=Severity.WARNING,
        component=Component.FEED,
        expression=f"{total(increase(metrics.RECONNECTS, '10m'), labels.STREAM)} > {RECONNECTS}",
        lasting=Time("0s", "ten minutes are counted already"),
        keeps=Time("5m", "storms have pauses"),
        summary="A stream is lost and found again and again",
        description='The stream {{ $labels.stream }} of {{ $labels.bot }} was lost {{ $value | printf "%.0f" }}x '
        "in the last 10 minutes.",
        impact="Between losses quotes are stale and reports late; the venue may ban who reconnects too often.",
        first_step="Look at the network and at the venue's status page before touching the bot.",
        panel=Panel("market-data", 203),
        labels=("stream",),
    ),
    Alert(
        name="FeedRefused",
        severity=Severity.WARNING,
        component=Component.FEED,
        expression=f"{total(increase(metrics.BAD_MESSAGES, '5m'))} > {REFUSED_MESSAGES}",
        lasting=Time("0s", "five minutes are counted already"),
        keeps=Time("5m", "bad messages come in bursts"),
        summary="Market data is refused at the edge",
        description='{{ $labels.bot }} refused {{ $value | printf "%.0f" }} messages in the last 5 minutes: no number, '
        "not positive, or crossed.",
        impact="Quotes stay as old as the last good one; with nothing but bad ones the symbol is blocked.",
        first_step="Read one of the errors FEED_003 (tickertape status, or board Errors): it shows the message.",
        panel=Panel("market-data", 103),
        workflow="export-logs",
    ),
    Alert(
        name="SessionTableExpiring",
        severity=Severity.WARNING,
        component=Component.FEED,
        expression=f"{largest(latest(metrics.SESSION_TABLE_EXPIRY), labels.CALENDAR)} - time() < {CALENDAR_LEFT}",
        lasting=Time("1h", "it is a matter of weeks"),
        keeps=Time("0s", "a date does not flap"),
        summary="The shipped trading hours end soon",
        description="The trading hours {{ $labels.calendar }} that {{ $labels.bot }} knows end in "
        "{{ $value | humanizeDuration }}.",
        impact="Afterwards it is not known when the market is open, and its symbols take no new risk.",
        first_step="Install the newest release of Tickertape; it ships the next years.",
        panel=Panel("market-data", 110),
        labels=("calendar",),
    ),
    *burning(
        name="FeedBudgetBurning",
        component=Component.FEED,
        level="feed",
        what="of the open symbols' time their quotes were older than 5 seconds",
        impact="Each stale stretch blocks new risk on a symbol; trades that should have been are not made.",
        first_step="Find the symbols and hours on the board Market data: one symbol, one stream, or all?",
        panel=Panel("market-data", 105),
    ),
)
