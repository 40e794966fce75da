"""Errors of agreement between the bot's books and the venue's."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    HaltError,
    NonRetriableError,
    ReduceOnlyError,
    Remediation,
    Severity,
)

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="RECON_001",
        title="Books and venue disagree",
        consequence=ReduceOnlyError,
        severity=Severity.ERROR,
        cause="An order, fill, balance or position differs between the journal and the venue.",
        impact="No new risk is taken on what is concerned until it is settled.",
        remediation=(
            Remediation("Compare both values in the message with the venue's own page"),
            Remediation("Look for trades made by hand or by another program with the same keys"),
            Remediation("If the venue is right, take its value over: docs/reconciliation.md"),
        ),
    ),
    ErrorDefinition(
        code="RECON_002",
        title="Books and venue disagree, and the policy is to halt",
        consequence=HaltError,
        severity=Severity.CRITICAL,
        cause="An order, fill, balance or position differs between the journal and the venue.",
        impact="Trading is halted until a person resumes it.",
        remediation=(
            Remediation("Compare both values in the message with the venue's own page"),
            Remediation("Adopt the venue's value, then lift the halt", "tickertape resume --confirm"),
        ),
    ),
    ErrorDefinition(
        code="RECON_003",
        title="Position without its fills",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The venue reports a balance whose fills it cannot return.",
        impact="The position is adopted without an entry price; what depends on it is unknown.",
        remediation=(Remediation("Close the position by hand if it should not be there"),),
    ),
    ErrorDefinition(
        code="RECON_004",
        title="Mismatch not adopted",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="There is no such mismatch any more, or the venue says another value than was confirmed.",
        impact="The books stay as they are, and so does what they block.",
        remediation=(Remediation("Read the open mismatches again and confirm the venue's present value"),),
    ),
)
