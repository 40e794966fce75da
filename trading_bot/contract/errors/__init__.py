"""The error taxonomy: every code once, with its cause, impact and remediation.

One file an area; this package joins them. A code that is spelled anywhere else must exist here.
"""

from __future__ import annotations

from trading_bot.contract.errors import (
    api,
    configuration,
    data,
    feed,
    journal,
    order,
    process,
    reconciliation,
    risk,
    telemetry,
    venue,
    workflow,
)
from trading_bot.contract.errors.definition import (
    CircuitBreakerTripped,
    ErrorDefinition,
    HaltError,
    NonRetriableError,
    OperatorError,
    OrderDenied,
    ReduceOnlyError,
    Remediation,
    RetriableError,
    SemanticError,
    Severity,
    TickertapeError,
    describe,
)

AREAS = (
    api,
    configuration,
    data,
    feed,
    journal,
    order,
    process,
    reconciliation,
    risk,
    telemetry,
    venue,
    workflow,
)

ERRORS: dict[str, ErrorDefinition] = {row.code: row for area in AREAS for row in area.DEFINITIONS}

__all__ = [
    "ERRORS",
    "CircuitBreakerTripped",
    "ErrorDefinition",
    "HaltError",
    "NonRetriableError",
    "OperatorError",
    "OrderDenied",
    "ReduceOnlyError",
    "Remediation",
    "RetriableError",
    "SemanticError",
    "Severity",
    "TickertapeError",
    "describe",
]
