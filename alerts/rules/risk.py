"""Limits, breakers, the kill switch. All of them hold what they knew last."""

from __future__ import annotations

from typing import Final

from alerts.promql import largest, series
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from trading_bot.contract.telemetry import labels, recordings
from trading_bot.contract.telemetry.thresholds import DRAWDOWN_WARNING, EXPOSURE_WARNING

_LOSS_USED: Final = asked(
    'bot:limit_used:held{bot=%q, limit="max_daily_loss"}', "value | humanizePercentage", "much"
)
_FALL_USED: Final = asked(
    'bot:limit_used:held{bot=%q, limit="max_drawdown"}', "value | humanizePercentage", "all"
)
_MODE: Final = asked("tradingbot_mode{bot=%q} == 1", 'label "mode"')
_EXPOSURE: Final = asked(
    "tradingbot_account_gross_exposure_usd{bot=%q}", 'value | printf "%.2f USD"', "an unknown sum"
)
_POSITION: Final = asked(
    "tradingbot_position_notional_usd{bot=%q, symbol=%q}",
    'value | printf "%.2f USD"',
    "an unknown sum",
    "symbol",
)
_AT_ONCE: Final = Time("0s", "a limit that is crossed is crossed")
_LINGERING: Final = Time("5m", "prices carry it over the line and back")

ALERTS: Final = (
    Alert(
        name="DailyLossWarning",
        severity=Severity.WARNING,
        component=Component.RISK,
        expression=f"{series(recordings.LOSS_WARNING_HELD)} == 1",
        lasting=Time("30s", "one bad quote may look like a loss"),
        keeps=_LINGERING,
        summary="Half of today's loss limit is used",
        description=f"{{{{ $labels.bot }}}} has used {_LOSS_USED} of today's loss limit.",
        impact="At the limit the breaker opens, and the bot takes no new risk until the next trading day.",
        first_step="Which symbol, which strategy? Board Trading, profit and loss by symbol. Pause it if it is wrong.",
        panel=Panel("overview", 204),
        is_held=True,
    ),
    Alert(
        name="DailyLossLimit",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{largest(series(recordings.BREAKER_HELD, breaker='max_daily_loss'))} == 1",
        lasting=_AT_ONCE,
        keeps=_LINGERING,
        summary="Today's loss limit is reached, the breaker is open",
        description=f"{{{{ $labels.bot }}}} has used {_LOSS_USED} of today's loss limit; the breaker is open.",
        impact="The loss is real. No new risk until the next trading day; open positions still move with the market.",
        first_step="Decide about the open positions: keep them, or flatten. Do not raise the limit tonight.",
        panel=Panel("risk", 202),
        workflow="flatten-and-pause",
        is_held=True,
    ),
    Alert(
        name="DrawdownHigh",
        severity=Severity.WARNING,
        component=Component.RISK,
        expression=f"{largest(series(recordings.LIMIT_HELD, limit='max_drawdown'))} > {DRAWDOWN_WARNING}",
        lasting=Time("1m", "one bad quote may look like a fall"),
        keeps=_LINGERING,
        summary="The drawdown limit is nearly used",
        description="{{ $labels.bot }} has used {{ $value | humanizePercentage }} of its drawdown limit.",
        impact="At the limit the breaker opens, and only a person closes it.",
        first_step="Look at the curve (board Trading, drawdown): one bad trade, or weeks of small ones?",
        panel=Panel("trading", 105),
        is_held=True,
    ),
    Alert(
        name="DrawdownLimit",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{largest(series(recordings.BREAKER_HELD, breaker='max_drawdown'))} == 1",
        lasting=_AT_ONCE,
        keeps=_LINGERING,
        summary="The drawdown limit is reached, the breaker is open",
        description=f"{{{{ $labels.bot }}}} has used {_FALL_USED} of its drawdown limit; the breaker is open.",
        impact="The strategy loses more than it was allowed to in all. No new risk until a person resets the breaker.",
        first_step="Decide about the open positions first; whether the strategy goes on is a question for daylight.",
        panel=Panel("risk", 202),
        workflow="flatten-and-pause",
        is_held=True,
    ),
    Alert(
        name="BreakerOpen",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{series(recordings.BREAKER_HELD, breaker=labels.COUNTING_BREAKERS)} == 1",
        lasting=_AT_ONCE,
        keeps=_LINGERING,
        summary="A circuit breaker is open",
        description="The breaker {{ $labels.breaker }} of {{ $labels.bot }} is open; its mode is "
        f"{_MODE}.",
        impact="No new risk until its cool-down is over; what opened it has already cost something.",
        first_step="Read what opened it (tickertape status) before you reset it; the cause would open it again.",
        panel=Panel("guards", 301),
        labels=("breaker",),
        workflow="reset-breaker",
        is_held=True,
    ),
    Alert(
        name="ExposureHigh",
        severity=Severity.WARNING,
        component=Component.RISK,
        expression=f"{largest(series(recordings.LIMIT_HELD, limit='max_gross_exposure'))} > {EXPOSURE_WARNING}",
        lasting=Time("5m", "a full portfolio is allowed; staying there deserves a look"),
        keeps=_LINGERING,
        summary="Exposure is at its limit",
        description="{{ $labels.bot }} uses {{ $value | humanizePercentage }} of max_gross_exposure for 5 minutes now.",
        impact="Above the limit entries are denied; a fall of the market hits everything that is held.",
        first_step="Compare with what the strategies should hold (board Trading, exposure).",
        panel=Panel("trading", 104),
        is_held=True,
    ),
    Alert(
        name="KillSwitchEngaged",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{series(recordings.KILL_SWITCH_HELD)} == 1",
        lasting=_AT_ONCE,
        keeps=Time("1m", "on and off is one page"),
        summary="The kill switch is engaged",
        description="{{ $labels.bot }} is halted by the kill switch; it sends nothing and closes nothing. "
        f"Its positions are worth {_EXPOSURE}.",
        impact="Positions stay as they are, whatever the market does, until a person resumes.",
        first_step="Find out who engaged it and why (tickertape status). Resume with tickertape resume --confirm.",
        panel=Panel("risk", 201),
        is_held=True,
    ),
    Alert(
        name="AnchorsNotRestored",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{series(recordings.ANCHORS_HELD)} == 1",
        lasting=Time("1m", "a start takes seconds to restore them"),
        keeps=Time("1m", "restored is restored"),
        summary="It is not known from where losses are measured",
        description="{{ $labels.bot }} has no anchors of daily loss and drawdown for a minute; its mode is "
        f"{_MODE}.",
        impact="Without them no loss limit can hold, so the bot only closes.",
        first_step="tickertape doctor --home HOME: is the journal the one of yesterday, or was the home replaced?",
        panel=Panel("guards", 102),
        workflow="check-health",
        is_held=True,
    ),
    Alert(
        name="PositionStuck",
        severity=Severity.WARNING,
        component=Component.RISK,
        expression=f"{series(recordings.STUCK_HELD)} > 0",
        lasting=Time("1m", "the ages have waited already"),
        keeps=Time("1m", "one after the other is one page"),
        summary="A position is too old, or does not get out",
        description="Positions of {{ $labels.bot }} that are older than they should be, or whose exit takes too long: "
        "{{ $value | humanize }}.",
        impact="Money is bound where the strategy no longer wants it, and moves with the market.",
        first_step="tickertape status: which symbol, is it blocked, are its exits rejected?",
        panel=Panel("guards", 104),
        workflow="flatten-and-pause",
        is_held=True,
    ),
    Alert(
        name="ProtectiveOrderMissing",
        severity=Severity.CRITICAL,
        component=Component.RISK,
        expression=f"{series(recordings.PROTECTIVE_HELD)} == 1",
        lasting=Time("30s", "after a fill it takes seconds until the protective order works at the venue"),
        keeps=Time("1m", "placed, lost and placed again is one page"),
        summary="A position has no protective order",
        description="The position in {{ $labels.symbol }} on {{ $labels.bot }} lacks the stop-loss or take-profit "
        f"that the settings want, for more than 30 seconds. It is worth {_POSITION}.",
        impact="If the bot or its line dies now, nothing limits the loss of this position.",
        first_step="Look at the errors of the last minutes: does the venue refuse it? Else place the stop by hand.",
        panel=Panel("guards", 302),
        labels=("symbol",),
        workflow="update-targets",
        is_held=True,
    ),
)
