"""Limits, breakers, the kill switch."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, always, level

_LOSS: Final = 'tradingbot_risk_limit_utilisation_ratio{bot="demo", limit="max_daily_loss"}'
_FALL: Final = 'tradingbot_risk_limit_utilisation_ratio{bot="demo", limit="max_drawdown"}'
_EXPOSURE: Final = 'tradingbot_risk_limit_utilisation_ratio{bot="demo", limit="max_gross_exposure"}'


def _breaker(name: str) -> str:
    return f'tradingbot_breaker_open{{bot="demo", breaker="{name}"}}'


_OPENS: Final = level((0, 60), (1, 120), (0, 900))
_EVERY: Final = 15

CASES: Final = (
    Case(
        alert="DailyLossWarning",
        series={
            'tradingbot_risk_daily_loss_warning{bot="demo"}': _OPENS,
            _LOSS: level((0.2, 60), (0.62, 120), (0.1, 900)),
        },
        quiet=75,
        fires=120,
        resolved=540,
        pages=(Page("demo has used 62% of today's loss limit."),),
        every=_EVERY,
    ),
    Case(
        alert="DailyLossLimit",
        series={_breaker("max_daily_loss"): _OPENS, _LOSS: level((0.2, 60), (1.04, 120), (0.1, 900))},
        quiet=45,
        fires=75,
        resolved=540,
        pages=(Page("demo has used 104% of today's loss limit; the breaker is open."),),
        every=_EVERY,
    ),
    Case(
        alert="DrawdownHigh",
        series={_FALL: level((0.2, 60), (0.9, 180), (0.1, 900))},
        quiet=105,
        fires=180,
        resolved=600,
        pages=(Page("demo has used 90% of its drawdown limit."),),
        every=_EVERY,
    ),
    Case(
        alert="DrawdownLimit",
        series={_breaker("max_drawdown"): _OPENS, _FALL: level((0.2, 60), (1.0, 120), (0.1, 900))},
        quiet=45,
        fires=75,
        resolved=540,
        pages=(Page("demo has used 100% of its drawdown limit; the breaker is open."),),
        every=_EVERY,
    ),
    Case(
        alert="BreakerOpen",
        series={
            _breaker("max_consecutive_losses"): _OPENS,
            'tradingbot_mode{bot="demo", mode="reduce_only"}': _OPENS,
        },
        quiet=45,
        fires=75,
        resolved=540,
        pages=(
            Page(
                "The breaker max_consecutive_losses of demo is open; its mode is reduce_only.",
                {"breaker": "max_consecutive_losses"},
            ),
        ),
        every=_EVERY,
    ),
    Case(
        alert="ExposureHigh",
        series={_EXPOSURE: level((0.5, 60), (0.98, 600), (0.5, 900))},
        quiet=350,
        fires=420,
        resolved=1020,
        pages=(Page("demo uses 98% of max_gross_exposure for 5 minutes now."),),
        every=10,
    ),
    Case(
        alert="KillSwitchEngaged",
        series={
            'tradingbot_kill_switch_engaged{bot="demo"}': _OPENS,
            'tradingbot_account_gross_exposure_usd{bot="demo"}': always(8412.7),
        },
        quiet=45,
        fires=75,
        resolved=300,
        pages=(
            Page(
                "demo is halted by the kill switch; it sends nothing and closes nothing. Its positions are worth 8412.70 USD."
            ),
        ),
        every=_EVERY,
    ),
    Case(
        alert="AnchorsNotRestored",
        series={
            'tradingbot_risk_anchors_known{bot="demo"}': level((1, 60), (0, 180), (1, 300)),
            'tradingbot_mode{bot="demo", mode="reduce_only"}': level((0, 60), (1, 180), (0, 300)),
        },
        quiet=105,
        fires=150,
        resolved=360,
        pages=(
            Page("demo has no anchors of daily loss and drawdown for a minute; its mode is reduce_only."),
        ),
        every=_EVERY,
    ),
    Case(
        alert="PositionStuck",
        series={'tradingbot_risk_stuck_positions{bot="demo"}': level((0, 60), (1, 180), (0, 300))},
        quiet=105,
        fires=150,
        resolved=360,
        pages=(
            Page("Positions of demo that are older than they should be, or whose exit takes too long: 1."),
        ),
        every=_EVERY,
    ),
    Case(
        alert="ProtectiveOrderMissing",
        series={
            'tradingbot_protective_missing{bot="demo", symbol="EUR/USD"}': _OPENS,
            'tradingbot_position_notional_usd{bot="demo", symbol="EUR/USD"}': always(2140.5),
        },
        quiet=75,
        fires=120,
        resolved=360,
        pages=(
            Page(
                "The position in EUR/USD on demo lacks the stop-loss or take-profit that the settings want, for more than 30 seconds. It is worth 2140.50 USD.",
                {"symbol": "EUR/USD"},
            ),
        ),
        every=_EVERY,
    ),
)
SILENCES: Final = (
    Silence(
        alert="DailyLossLimit",
        why="other breakers have another page",
        series={_breaker("max_drawdown"): _OPENS},
        until=120,
        every=_EVERY,
    ),
    Silence(
        alert="BreakerOpen",
        why="loss limits have their own pages",
        series={_breaker("max_daily_loss"): _OPENS},
        until=120,
        every=_EVERY,
    ),
    Silence(
        alert="ProtectiveOrderMissing",
        why="after a fill the stop takes seconds",
        series={
            'tradingbot_protective_missing{bot="demo", symbol="EUR/USD"}': level((0, 60), (1, 10), (0, 60))
        },
        until=120,
        every=_EVERY,
    ),
)
