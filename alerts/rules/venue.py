"""The exchange: reachable, in a good mood, and of one mind about the time."""

from __future__ import annotations

from typing import Final

from alerts.promql import largest, latest, mean, series
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry import metrics, recordings
from trading_bot.contract.telemetry.thresholds import CLOCK_OFFSET, RATE_LIMIT

ALERTS: Final = (
    Alert(
        name="VenueUnreachable",
        severity=Severity.CRITICAL,
        component=Component.VENUE,
        expression=f"{largest(mean(metrics.CONDITION, '40s', condition='VenueReachable', status='False'))} > 0.5",
        lasting=Time(
            "0s", "half of the window has passed; quotes that are missed with it would page 10 s later"
        ),
        keeps=Time(
            "1m", "an exchange in trouble answers now and then; its streams come back one by one", least=12
        ),
        summary="The exchange cannot be reached",
        description="{{ $labels.bot }} did not reach its venue for {{ $value | humanizePercentage }} of the last "
        "40 seconds.",
        impact="Nothing can be opened or closed, and orders on their way may have an unknown outcome.",
        first_step="Look at the venue's status page, then at this machine's network. The bot tries again by itself.",
        panel=Panel("overview", 107),
        workflow="check-health",
    ),
    Alert(
        name="VenueRateLimitLow",
        severity=Severity.WARNING,
        component=Component.VENUE,
        expression=f"{largest(mean(metrics.RATE_LIMIT_USED, '1m'))} > {RATE_LIMIT}",
        lasting=Time("1m", "a start may use much of one minute's budget"),
        keeps=Time("2m", "the budget is counted by the minute"),
        summary="The venue's request budget is nearly used",
        description="{{ $labels.bot }} uses {{ $value | humanizePercentage }} of the venue's rate limit, mean of "
        "the last minute.",
        impact="At the limit requests are turned away, orders among them; who goes on asking is banned.",
        first_step="Find who else uses this key or address; else raise reconcile_seconds.",
        panel=Panel("execution", 305),
    ),
    Alert(
        name="VenueBanned",
        severity=Severity.CRITICAL,
        component=Component.VENUE,
        expression=f"{largest(series(recordings.CRITICAL_HELD, code='VENUE_004'))} > 0",
        lasting=Time("0s", "a ban is never chance"),
        keeps=Time("15m", "a ban lasts minutes to days and is told of now and then"),
        summary="The venue has banned this bot",
        description='{{ $labels.bot }} was told {{ $value | printf "%.0f" }}x in the last 15 minutes that its address '
        "is banned. It is halted.",
        impact="Nothing can be opened, closed or asked until the ban is over; asking again makes it longer.",
        first_step="Leave it halted until the time that the error VENUE_004 names; find what asked too much.",
        panel=Panel("execution", 301),
        is_held=True,
    ),
    Alert(
        name="ClockSkew",
        severity=Severity.WARNING,
        component=Component.VENUE,
        expression=f"{largest(f'abs({latest(metrics.CLOCK_OFFSET)})')} > {CLOCK_OFFSET}",
        lasting=Time("30s", "it is compared every 15 s: two comparisons agree"),
        keeps=Time("1m", "a clock that is being set jumps"),
        summary="This machine's clock differs from the venue's",
        description="The clocks of {{ $labels.bot }} and its venue differ by {{ $value | humanizeDuration }}.",
        impact="Only closes are allowed; with more, signed requests are refused and nothing can be closed either.",
        first_step="timedatectl: is the time synchronised? Else the venue's clock is wrong; its status page says so.",
        panel=Panel("execution", 302),
        workflow="check-health",
    ),
)
