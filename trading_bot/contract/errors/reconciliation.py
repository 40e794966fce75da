"""Errors of agreement between the bot's books and the venue's."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
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
            Remediation("Compare both values in the context with the venue's own page"),
            Remediation("Look for trades made by hand or by another program with the same keys"),
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
)
