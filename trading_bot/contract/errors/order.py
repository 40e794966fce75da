"""Errors of orders on their way."""

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
        code="ORDER_001",
        title="Order rejected by the venue",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The venue decoded the order and refused it.",
        impact="The order is over; nothing was traded.",
        remediation=(Remediation("Read the venue's reason in the context"),),
    ),
    ErrorDefinition(
        code="ORDER_002",
        title="Outcome of an order is unknown",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="The request was written but no decodable answer came back.",
        impact="The order may be live; nothing new is sent on the symbol until the venue answers.",
        remediation=(
            Remediation("Nothing at once: it is asked for by client order id, with back-off"),
            Remediation("If it lasts, look the client order id up at the venue"),
        ),
    ),
    ErrorDefinition(
        code="ORDER_003",
        title="Cancel refused by the venue",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The venue did not cancel the order, most often because it was already over.",
        impact="The order's state is read back from the venue.",
        remediation=(Remediation("Nothing: reconciliation settles it"),),
    ),
    ErrorDefinition(
        code="ORDER_004",
        title="Outcome of an order stays unknown",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The venue has not answered for an order for longer than the limit.",
        impact="The symbol stays blocked; a position may exist that is not on the books.",
        remediation=(
            Remediation("Look the client order id up at the venue and cancel it there if it lives"),
            Remediation("Restart the bot: it reconciles before it trades"),
        ),
    ),
)
