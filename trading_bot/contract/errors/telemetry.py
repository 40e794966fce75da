"""Errors of telemetry and its shipping."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    NonRetriableError,
    OperatorError,
    Remediation,
    RetriableError,
    Severity,
)

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="TEL_001",
        title="A collector of metrics failed",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="One part of the metrics page could not be rendered.",
        impact="Its families are missing from this scrape; the others are served.",
        remediation=(Remediation("Find the line with this code in logs/exporter.jsonl"),),
    ),
    ErrorDefinition(
        code="TEL_002",
        title="Fold and snapshot disagree",
        consequence=NonRetriableError,
        severity=Severity.CRITICAL,
        cause="A reader's fold of the tape differs from the snapshot that the bot wrote.",
        impact="One of the two is wrong: figures on dashboards may differ from the bot's own.",
        remediation=(Remediation("Keep the journal and report it with both states"),),
    ),
    ErrorDefinition(
        code="TEL_003",
        title="A reader was sent back to a snapshot",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The reader's position is past the tape's end, or the tape was replaced.",
        impact="The reader starts again from the last snapshot; nothing is lost.",
        remediation=(Remediation("Nothing, unless it repeats"),),
    ),
    ErrorDefinition(
        code="TEL_004",
        title="Settings on the journal cannot be read by a reader",
        consequence=OperatorError,
        severity=Severity.WARNING,
        cause="The settings in force were applied by a newer release than the reader's.",
        impact="Limits, their use and trading sessions are missing from the page; the rest is shown.",
        remediation=(Remediation("Run the same release of the bot and its readers"),),
    ),
    ErrorDefinition(
        code="TEL_011",
        title="The collector does not take telemetry",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The OTLP endpoint is not reachable, does not answer in time, or refuses what it is sent.",
        impact="Traces and logs arrive later; nothing is lost within the retention, trading is not affected.",
        remediation=(
            Remediation("Look at the collector, and at OTEL_EXPORTER_OTLP_ENDPOINT and its headers"),
        ),
    ),
    ErrorDefinition(
        code="TEL_012",
        title="Telemetry was pruned before it was shipped",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The collector was away for longer than spans are kept on the tape.",
        impact="These spans are in no trace store; what happened is still on the tape as events.",
        remediation=(Remediation("Raise telemetry.span_hours, or bring the collector back sooner"),),
    ),
    ErrorDefinition(
        code="TEL_013",
        title="The collector refuses a record",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The collector takes the records around this one, and not this one.",
        impact="It is passed over, and is in no trace store; it is still on the tape.",
        remediation=(Remediation("Look in the collector's log for what it has against it, often its size"),),
    ),
)
