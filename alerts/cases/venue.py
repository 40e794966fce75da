"""The exchange."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, level, rising

_CONDITION: Final = 'tradingbot_condition{bot="demo", condition="VenueReachable", status="False"}'

CASES: Final = (
    Case(
        alert="VenueUnreachable",
        series={_CONDITION: level((0, 120), (1, 180), (0, 600))},
        quiet=135,
        fires=150,
        resolved=420,
        pages=(Page("demo did not reach its venue for 87.5% of the last 40 seconds."),),
    ),
    Case(
        alert="VenueRateLimitLow",
        series={
            'tradingbot_venue_rate_limit_used_ratio{bot="demo"}': level((0.2, 60), (0.9, 240), (0.2, 600))
        },
        quiet=150,
        fires=240,
        resolved=600,
        pages=(Page("demo uses 90% of the venue's rate limit, mean of the last minute."),),
    ),
    Case(
        alert="VenueBanned",
        series={
            'tradingbot_errors_total{bot="demo", code="VENUE_004", severity="critical"}': rising(
                (0, 900), (0.1, 20), (0, 3000)
            )
        },
        quiet=900,
        fires=960,
        resolved=2900,
        pages=(Page("demo was told 2x in the last 15 minutes that its address is banned. It is halted."),),
        every=10,
    ),
    Case(
        alert="ClockSkew",
        series={'tradingbot_clock_offset_seconds{bot="demo"}': level((0.01, 60), (-3, 120), (0.01, 600))},
        quiet=85,
        fires=120,
        resolved=360,
        pages=(Page("The clocks of demo and its venue differ by 3s."),),
    ),
)
SILENCES: Final = (
    Silence(
        alert="VenueUnreachable",
        why="a quarter of a minute of trouble passes by itself",
        series={_CONDITION: level((0, 120), (1, 15), (0, 600))},
        until=300,
    ),
)
