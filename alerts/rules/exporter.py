"""The exporter: is it there, and is its page of now."""

from __future__ import annotations

from typing import Final

from alerts import foreign
from alerts.promql import increase, largest, latest, least, mean, total
from alerts.rule import Alert, Component, Panel, Severity, Time
from trading_bot.contract.telemetry import labels, metrics
from trading_bot.contract.telemetry.thresholds import FOLLOW_LAG, PAGE_BEHIND

_KNOWN: Final = f"max by (bot, instance) (last_over_time({metrics.EXPORTER_START.name}[1d]))"
_GONE: Final = f"max by (instance) ({mean(foreign.SCRAPED, '1m', job=foreign.EXPORTER_JOB)}) < 0.5"
_BEAT: Final = largest(latest(metrics.HEARTBEAT))
_READ: Final = largest(latest(metrics.JOURNAL_TIME))
_SPACE: Final = Time("1m", "single gaps in between are no recovery")

ALERTS: Final = (
    Alert(
        name="ExporterDown",
        severity=Severity.CRITICAL,
        component=Component.EXPORTER,
        expression=f"0 * {_KNOWN} + on (instance) group_left () ({_GONE}) or ({_GONE}) unless on (instance) {_KNOWN}",
        lasting=Time("0s", "half of a minute has passed, also where scrapes flap"),
        keeps=_SPACE,
        summary="The exporter does not answer",
        description="{{ $labels.instance }} answered {{ $value | humanizePercentage }} of the scrapes of the last "
        "minute. Everything else about {{ $labels.bot }} is as old as that.",
        impact="Trading goes on, unseen: alerts about it cannot begin any more, and those that fire cannot end.",
        first_step="curl http://{{ $labels.instance }}/-/ready: refused (start it), 503 (it catches up), or slow?",
        panel=Panel("machinery", 301),
        labels=("instance",),
        workflow="check-health",
    ),
    Alert(
        name="ExporterNotCaughtUp",
        severity=Severity.CRITICAL,
        component=Component.EXPORTER,
        expression=f"{_BEAT} - {_READ} > {PAGE_BEHIND}",
        lasting=Time("15s", "a long snapshot may hold a reader up for moments"),
        keeps=_SPACE,
        summary="The exporter shows an old state of a bot that lives",
        description="The last event that the exporter of {{ $labels.bot }} has read is {{ $value | humanizeDuration }} "
        "older than the bot's heartbeat.",
        impact="Boards and alerts tell of the past: a loss or a mismatch of now is not on them.",
        first_step="Restart the exporter: it begins at the last snapshot. Trading is not touched by that.",
        panel=Panel("machinery", 303),
        workflow="export-logs",
    ),
    Alert(
        name="ExporterBehind",
        severity=Severity.WARNING,
        component=Component.EXPORTER,
        expression=f"{largest(least(metrics.FOLLOW_LAG, '1m'), labels.TAPE)} > {FOLLOW_LAG}",
        lasting=Time("1m", "after a start it reads what it missed"),
        keeps=Time("2m", "a reader that is nearly fast enough is not"),
        summary="The exporter cannot keep up with a tape",
        description="The exporter of {{ $labels.bot }} is at least {{ $value | humanize }} events behind the tape "
        "{{ $labels.tape }}, for two minutes.",
        impact="Boards and alerts are late by as much.",
        first_step="Is the machine busy (board Machinery, processor)? Does something write thousands of events?",
        panel=Panel("machinery", 303),
        labels=("tape",),
    ),
    Alert(
        name="MetricsPageIncomplete",
        severity=Severity.WARNING,
        component=Component.EXPORTER,
        expression=f"{largest(latest(metrics.COLLECTOR_SUCCESS), labels.COLLECTOR)} < 1",
        lasting=Time("30s", "one scrape may meet a state that the next does not"),
        keeps=Time("1m", "it may fail for some states only"),
        summary="A part of the metrics page cannot be rendered",
        description="The part {{ $labels.collector }} of the page of {{ $labels.bot }} could not be rendered at "
        "the last scrape.",
        impact="Its families are missing, and with them the alerts that read them.",
        first_step="logs/exporter.jsonl, TEL_001, has the cause; it is a defect: please report it.",
        panel=Panel("machinery", 209),
        labels=("collector",),
    ),
    Alert(
        name="FoldDisagrees",
        severity=Severity.CRITICAL,
        component=Component.EXPORTER,
        expression=f"{total(increase(metrics.FOLD_DISAGREEMENTS, '1h'))} > 0",
        lasting=Time("0s", "it must never happen"),
        keeps=Time("0s", "it is counted for an hour"),
        summary="Bot and exporter reckon differently from the same tape",
        description="Snapshots of {{ $labels.bot }} in the last hour that differ from what the exporter made of the "
        'same events: {{ $value | printf "%.0f" }}.',
        impact="One of them shows wrong money. Which one is not known.",
        first_step="Compare equity and positions with the venue's; keep the journal; pause the bot if they differ.",
        panel=Panel("machinery", 210),
        workflow="export-logs",
    ),
)
