"""Errors of the ops endpoint: requests and who may make them."""

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
        code="AUTH_001",
        title="Missing or invalid API key",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The request carried no key, or one that is not known here.",
        impact="The request was refused; nothing was read or changed.",
        remediation=(
            Remediation(
                "Send the read key in the header X-API-Key, or as a bearer token",
                command='curl --oauth2-bearer "$(cat .tickertape/api-key)" http://127.0.0.1:8000/api/v1/summary',
            ),
            Remediation("Read the key from the file api-key in the bot's home folder"),
        ),
    ),
    ErrorDefinition(
        code="AUTH_002",
        title="Key lacks the role that this needs",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The key is valid but has the role read; this needs operate.",
        impact="The request was refused; nothing was changed.",
        remediation=(Remediation("Use the key in the file operate-key of the bot's home folder"),),
    ),
    ErrorDefinition(
        code="API_001",
        title="Invalid request",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="A parameter or the body is not as documented.",
        impact="The request was refused; nothing was changed.",
        remediation=(
            Remediation("Correct the fields listed in errors; each names what was expected, with an example"),
        ),
    ),
    ErrorDefinition(
        code="API_002",
        title="No such resource",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="The path or the identifier does not exist.",
        impact="Nothing was read or changed.",
        remediation=(Remediation("Start from the resources listed under /api/v1/"),),
    ),
    ErrorDefinition(
        code="API_003",
        title="Method not allowed",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="The path exists but does not answer this method.",
        impact="Nothing was read or changed.",
        remediation=(Remediation("Use one of the methods in the Allow header"),),
    ),
    ErrorDefinition(
        code="API_004",
        title="Not caught up yet",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The process has just started and is still reading the tape.",
        impact="No answer is given rather than an old one.",
        remediation=(Remediation("Ask again after the seconds in Retry-After"),),
    ),
    ErrorDefinition(
        code="API_005",
        title="Internal error",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The endpoint met a condition that it does not handle.",
        impact="This request failed; trading is not affected.",
        remediation=(
            Remediation("Find the line with this trace id in logs/ops.jsonl"),
            Remediation("Report it with the line from the log"),
        ),
    ),
    ErrorDefinition(
        code="API_006",
        title="Too many requests",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The key used up its requests for this minute.",
        impact="The request was refused; trading is not affected.",
        remediation=(Remediation("Wait for the seconds in Retry-After, then ask less often"),),
    ),
)
