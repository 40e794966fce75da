"""Errors of market data."""

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
    ErrorDefinition(
        code="FEED_004",
        title="Quotes stand still while the market moves",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="Two bars in a row closed outside a best bid and ask that did not change while they lasted.",
        impact="No new risk is taken on the symbol until its quotes move again; open positions stay.",
        remediation=(
            Remediation("Compare the symbol's quote with the venue's own page"),
            Remediation("Nothing else: it goes on by itself with the first changed quote"),
        ),
    ),
    ErrorDefinition(
        code="FEED_005",
        title="Session table has ended",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The shipped trading hours of the symbol's calendar reach only up to a day that has passed.",
        impact="No new risk is taken on the symbol, and silence of its feed is not noticed.",
        remediation=(
            Remediation(
                "Install a newer Tickertape, or make the tables again: scripts/regenerate_sessions.py"
            ),
            Remediation("Until then give the symbol hours of its own in sessions"),
        ),
    ),
)
