"""Errors of orders on their way."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    HaltError,
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
        remediation=(
            Remediation(
                "Read the venue's reason in the message: a filter, too little balance, a halted symbol"
            ),
            Remediation(
                "Where a filter refuses, have the bot read the venue's rules anew",
                command="tickertape workflow execute restart-bot",
            ),
        ),
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
    ErrorDefinition(
        code="ORDER_005",
        title="Position without its protective order",
        consequence=NonRetriableError,
        severity=Severity.CRITICAL,
        cause="A stop-loss or take-profit that the settings want is not at the venue, and not watched.",
        impact="The position is open without a stop; its symbol takes no new risk until it has one.",
        remediation=(
            Remediation("Read the venue's refusal in the message; the bot tries again by itself"),
            Remediation("Close the position, or set its stop at the venue by hand"),
        ),
    ),
    ErrorDefinition(
        code="ORDER_006",
        title="Protective orders could not be restored after a restart",
        consequence=HaltError,
        severity=Severity.CRITICAL,
        cause="The venue refused the protective orders of a position before trading began.",
        impact="Trading is halted; positions stay as they are, without their stop.",
        remediation=(
            Remediation("Close the position or set its stop at the venue by hand"),
            Remediation("Lift the halt when the position is safe", "tickertape resume --confirm"),
        ),
    ),
    ErrorDefinition(
        code="ORDER_007",
        title="Order gave way to none",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="A close waited for protective orders to be cancelled, and they were not, or had traded.",
        impact="The close was not sent; what is still held stays protected, or is decided on anew.",
        remediation=(Remediation("Nothing: an exit is tried again as long as the position is open"),),
    ),
)
