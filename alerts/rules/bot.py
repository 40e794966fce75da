"""The process: does it live, does its loop turn, may it trade."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, least, mean, series, total
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from alerts.rules.burn import burning
from trading_bot.contract.telemetry import metrics, recordings
from trading_bot.contract.telemetry.selectors import Not
from trading_bot.contract.telemetry.thresholds import MEMORY_FLOOR, MEMORY_GROWTH, RESTARTS

_REASON: Final = asked(
    'last_over_time(tradingbot_up_reason{bot=%q, reason!="Alive"}[1m]) == 1', 'label "reason"'
)
_MODE: Final = asked("bot:mode:held{bot=%q} == 1", 'label "mode"')
_EXPOSURE: Final = asked(
    "last_over_time(tradingbot_account_gross_exposure_usd{bot=%q}[1d])",
    'value | printf "%.2f USD"',
    "an unknown sum",
)
_NOW: Final = Time("0s", "the expression itself has waited half of its minute")
_OLD_MEMORY: Final = f"min_over_time({series(metrics.MEMORY)}[10m] offset 1h)"
_MEMORY: Final = least(metrics.MEMORY, "10m")

ALERTS: Final = (
    Alert(
        name="BotDown",
        severity=Severity.CRITICAL,
        component=Component.BOT,
        expression=f"{mean(recordings.DEAD_HELD, '1m')} > 0.5",
        lasting=_NOW,
        keeps=Time("1m", "a bot that dies in circles is one page, not ten"),
        summary="The bot is down",
        description="{{ $labels.bot }} was down for {{ $value | humanizePercentage }} of the last minute "
        f"(reason {_REASON}). Nothing is decided, nothing is closed. When last seen it held positions of {_EXPOSURE}.",
        impact="Open positions are held without anybody watching them; only protective orders at the venue "
        "still work.",
        first_step="tickertape status --home HOME, then tickertape doctor --home HOME: it says why it does not start.",
        panel=Panel("overview", 101),
        workflow="check-health",
        is_held=True,
    ),
    Alert(
        name="BotFrozen",
        severity=Severity.CRITICAL,
        component=Component.BOT,
        expression=f"{mean(recordings.FROZEN_HELD, '1m')} > 0.5",
        lasting=_NOW,
        keeps=Time("1m", "a loop that comes and goes is one page"),
        summary="The bot's process lives, but its loop stands still",
        description="{{ $labels.bot }} gave no heartbeat for {{ $value | humanizePercentage }} of the last minute, "
        f"and its process still holds its locks. When last seen it held positions of {_EXPOSURE}.",
        impact="As if it were down: positions are held, nothing is decided, stops that the bot itself watches "
        "do not trigger.",
        first_step="What does the process wait for (ps)? Stopped: kill -CONT PID. Else kill PID: it is started anew.",
        panel=Panel("overview", 104),
        workflow="check-health",
    ),
    Alert(
        name="BotRestarting",
        severity=Severity.WARNING,
        component=Component.BOT,
        expression=f"{total(increase(metrics.RUNS, '15m'))} > {RESTARTS}",
        lasting=Time("0s", "a quarter of an hour is counted already"),
        keeps=Time("5m", "the count falls and rises while it goes on"),
        summary="The bot restarts again and again",
        description='{{ $labels.bot }} started {{ $value | printf "%.0f" }}x in the last 15 minutes.',
        impact="Each start takes seconds in which nothing is decided, and reconciles anew with the venue.",
        first_step="Read the last lines of logs/bot.jsonl before each start: the error code says why it ended.",
        panel=Panel("machinery", 210),
        workflow="export-logs",
    ),
    Alert(
        name="BotMemoryGrowing",
        severity=Severity.WARNING,
        component=Component.BOT,
        expression=f"{largest(_MEMORY)} > {MEMORY_FLOOR:.0f} "
        f"and {largest(_MEMORY)} > {MEMORY_GROWTH} * {largest(_OLD_MEMORY)}",
        lasting=Time("10m", "a burst of work may need memory for a while"),
        keeps=Time("15m", "the collector of garbage makes the curve saw-toothed"),
        summary="The bot's memory grows without end",
        description="{{ $labels.bot }} holds {{ $value | humanize1024 }}B, at least "
        f"{MEMORY_GROWTH} times what it held an hour ago (minima of 10 minutes).",
        impact="At the memory limit the kernel kills it in the middle of what it does.",
        first_step="Restart it at a quiet moment; keep logs and the time of the climb for a report.",
        panel=Panel("machinery", 105),
        workflow="restart-bot",
    ),
    Alert(
        name="BotNotRunning",
        severity=Severity.WARNING,
        component=Component.BOT,
        expression=f"{largest(series(recordings.MODE_HELD, mode=Not(('running',))))} == 1",
        lasting=Time("5m", "a start, a short pause by an operator and a settled doubt end before", least=45),
        keeps=Time("2m", "a bot that goes in and out of its mode is one page"),
        summary="The bot's mode is not running",
        description=f"{{{{ $labels.bot }}}} takes no new risk for 5 minutes now; its mode is {_MODE}.",
        impact="No entries. In reduce_only positions can still be closed, in paused and halted nothing is sent.",
        first_step="tickertape status says who or what demanded the mode, and what ends it.",
        panel=Panel("overview", 103),
        workflow="check-health",
        is_held=True,
    ),
    *burning(
        name="DecisionsLate",
        component=Component.BOT,
        level="decisions",
        what="of the decision cycles took longer than a tenth of a second",
        impact="Orders go out later than the signal; with bars of a second, bars are missed.",
        first_step="Is the machine busy (board Machinery, processor), or does one strategy compute too much?",
        panel=Panel("machinery", 102),
    ),
)
