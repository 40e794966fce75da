"""The process."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, always, level, rising

_DEAD: Final = {
    'tradingbot_up{bot="demo"}': level((1, 60), (0, 120), (1, 300)),
    'tradingbot_up_reason{bot="demo", reason="Alive"}': level((1, 60), (None, 120), (1, 300)),
    'tradingbot_up_reason{bot="demo", reason="Dead"}': level((None, 60), (1, 120), (None, 300)),
    'tradingbot_account_gross_exposure_usd{bot="demo"}': level((1234.5, 60), (None, 120), (1234.5, 300)),
}
_FROZEN: Final = {
    'tradingbot_up{bot="demo"}': level((1, 60), (0, 120), (1, 300)),
    'tradingbot_up_reason{bot="demo", reason="Alive"}': level((1, 60), (None, 120), (1, 300)),
    'tradingbot_up_reason{bot="demo", reason="Frozen"}': level((None, 60), (1, 120), (None, 300)),
}

CASES: Final = (
    Case(
        alert="BotDown",
        series=_DEAD,
        quiet=80,
        fires=100,
        resolved=290,
        pages=(
            Page(
                "demo was down for 75% of the last minute (reason Dead). Nothing is decided, nothing is closed. "
                "When last seen it held positions of 1234.50 USD.",
            ),
        ),
    ),
    Case(
        alert="BotFrozen",
        series=_FROZEN,
        quiet=80,
        fires=100,
        resolved=290,
        pages=(
            Page(
                "demo gave no heartbeat for 75% of the last minute, and its process still holds its locks. "
                "When last seen it held positions of an unknown sum."
            ),
        ),
    ),
    Case(
        alert="BotRestarting",
        series={
            'tradingbot_runs_total{bot="demo"}': level((1, 900), (2, 30), (3, 30), (4, 30), (5, 30), (6, 30))
        },
        quiet=915,
        fires=1200,
        resolved=2400,
        pages=(Page("demo started 5x in the last 15 minutes."),),
        every=15,
    ),
    Case(
        alert="BotMemoryGrowing",
        series={
            'tradingbot_process_resident_memory_bytes{bot="demo"}': level(
                (2e8, 4200), (4e8, 4800), (2e8, 9000)
            )
        },
        quiet=4200,
        fires=5700,
        resolved=12_000,
        pages=(
            Page(
                "demo holds 381.5MiB, at least 1.3 times what it held an hour ago (minima of 10 minutes).",
            ),
        ),
        every=60,
    ),
    Case(
        alert="BotNotRunning",
        series={
            'tradingbot_mode{bot="demo", mode="running"}': level((1, 60), (0, 600), (1, 600)),
            'tradingbot_mode{bot="demo", mode="paused"}': level((0, 60), (1, 600), (0, 600)),
        },
        quiet=330,
        fires=400,
        resolved=840,
        pages=(Page("demo takes no new risk for 5 minutes now; its mode is paused."),),
        every=10,
    ),
    Case(
        alert="DecisionsLate",
        series={
            'tradingbot_decision_duration_seconds_bucket{bot="demo", le="0.1"}': rising(
                (1, 3600), (0.5, 3600), (1, 40_000)
            ),
            'tradingbot_decision_duration_seconds_bucket{bot="demo", le="+Inf"}': rising((1, 90_000)),
        },
        quiet=3600,
        fires=7200,
        resolved=30_000,
        pages=(
            Page(
                "demo uses it 98.33 times as fast as allowed, over 1 or 6 hours: too much of the decision cycles took longer than a tenth of a second. Promised are 99.5 %.",
                {"slo": "decisions"},
                "critical",
            ),
            Page(
                "demo uses it 4.222 times as fast as allowed, over 1 or 3 days: too much of the decision cycles took longer than a tenth of a second. Promised are 99.5 %.",
                {"slo": "decisions"},
                "warning",
            ),
        ),
        every=120,
    ),
)
SILENCES: Final = (
    Silence(
        alert="BotDown",
        why="a restart of ten seconds is no page",
        series={
            'tradingbot_up{bot="demo"}': level((1, 60), (0, 10), (1, 60)),
            'tradingbot_up_reason{bot="demo", reason="Alive"}': level((1, 60), (None, 10), (1, 60)),
            'tradingbot_up_reason{bot="demo", reason="Dead"}': level((None, 60), (1, 10), (None, 60)),
        },
        until=120,
    ),
    Silence(alert="BotDown", why="a frozen bot is another page", series=_FROZEN, until=160),
    Silence(alert="BotFrozen", why="a dead bot is another page", series=_DEAD, until=160),
    Silence(
        alert="BotNotRunning",
        why="a bot that runs",
        series={'tradingbot_mode{bot="demo", mode="running"}': always(1)},
        until=900,
        every=10,
    ),
)
