"""Errors of market data."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    NonRetriableError,
    Remediation,
    RetriableError,
    Severity,
)

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="FEED_001",
        title="Market data is stale",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="No quote came for a symbol for longer than its limit while its session is open.",
        impact="No new risk is taken on the symbol until data flows again; open positions stay.",
        remediation=(
            Remediation("Look at the venue's status and at the reconnects"),
            Remediation("Check the network path to the venue"),
        ),
    ),
    ErrorDefinition(
        code="FEED_002",
        title="Market data connection lost",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The stream to the venue ended or could not be opened.",
        impact="The bot reconnects with back-off; until data flows the symbols are stale.",
        remediation=(Remediation("Nothing, unless it lasts; then look at the venue's status"),),
    ),
    ErrorDefinition(
        code="FEED_003",
        title="Market data refused",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="A quote or bar had a price that is not a positive finite number, or a bid above its ask.",
        impact="The message was dropped; the last good value keeps ageing.",
        remediation=(Remediation("Look at the venue's feed for the symbol"),),
    ),
)
