"""The tape: can it be written, and for how long still."""

from __future__ import annotations

from typing import Final

from alerts.promql import increase, largest, latest, mean, series, total
from alerts.rule import Alert, Component, Panel, Severity, Time, asked
from trading_bot.contract.telemetry import metrics
from trading_bot.contract.telemetry.thresholds import DISK_FREE, DISK_LEFT

_UNWRITABLE: Final = largest(mean(metrics.CONDITION, "30s", condition="JournalWritable", status="False"))
_FREE: Final = largest(latest(metrics.JOURNAL_DISK_FREE))
_GROWTH: Final = largest(f"deriv({series(metrics.JOURNAL_SIZE)}[1h])")
_LEFT: Final = asked("tradingbot_journal_disk_free_bytes{bot=%q}", "value | humanize1024")

ALERTS: Final = (
    Alert(
        name="JournalNotWritable",
        severity=Severity.CRITICAL,
        component=Component.JOURNAL,
        expression=f"{_UNWRITABLE} > 0.5",
        lasting=Time("0s", "half of thirty seconds has passed"),
        keeps=Time("1m", "a disk that is full to the brim takes some writes"),
        summary="The bot cannot write its journal",
        description="{{ $labels.bot }} could not write its journal for {{ $value | humanizePercentage }} of the last "
        f"30 seconds. Its disk has {_LEFT}B left.",
        impact="Nothing is opened or closed by the bot, only cancelled; protective orders at the venue stay.",
        first_step="df -h HOME. Make room (old logs/*.jsonl.* can go); the bot goes on by itself.",
        panel=Panel("machinery", 204),
        workflow="check-health",
    ),
    Alert(
        name="JournalDiskFilling",
        severity=Severity.WARNING,
        component=Component.JOURNAL,
        expression=f"{_FREE} / ({_GROWTH} > 0) < {DISK_LEFT} or {_FREE} < {DISK_FREE}",
        lasting=Time("10m", "a copy or an export takes room for a while"),
        keeps=Time("1m", "no longer than the page about a full disk, which silences it"),
        summary="The journal's disk is filling up",
        description="The disk of {{ $labels.bot }} is full in less than a day, or has less than 512 MiB: "
        f"{_LEFT}B are left.",
        impact="When it is full the journal cannot be written, and the bot neither opens nor closes.",
        first_step="What grows: journal.db, or something else on this disk? Shorten measurement_hours?",
        panel=Panel("machinery", 211),
    ),
    Alert(
        name="MeasurementsDropped",
        severity=Severity.WARNING,
        component=Component.JOURNAL,
        expression=f"{total(increase(metrics.JOURNAL_DROPPED, '15m'))} > 0",
        lasting=Time("0s", "none is ever dropped in good health"),
        keeps=Time("0s", "it is counted for a quarter of an hour"),
        summary="Measurements were dropped",
        description='{{ $labels.bot }} dropped {{ $value | printf "%.0f" }} measurements in the last 15 minutes: the '
        "journal could not be written for long.",
        impact="Latencies and rates of this time are missing. Orders, fills and errors are never dropped.",
        first_step="The cause is the disk, now or a while ago: df -h HOME, and the errors JRNL.",
        panel=Panel("machinery", 210),
    ),
)
