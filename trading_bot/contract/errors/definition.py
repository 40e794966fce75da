"""One error object, and the exceptions that carry it.

The tree says the consequence, which is what a reader at 3 a.m. needs first::

    TickertapeError
    ├── RetriableError          tried again by itself, with back-off; nothing to do unless it lasts
    ├── NonRetriableError       this one attempt is over; the process goes on
    ├── OrderDenied             an order was not sent because it would break a limit; trading goes on
    ├── ReduceOnlyError         the bot accepts only cancels and closes until it is settled
    ├── HaltError               trading stops until a person resumes it
    ├── OperatorError           a person must change something before this can work
    └── CircuitBreakerTripped   a loss or error limit stopped new risk; it ends by its cool-down or a reset

Every exception names a code of the catalogue (:mod:`trading_bot.contract.errors`), which holds what
is the same each time: title, cause, impact, remediation. The exception adds what happened this
time: the message and its context.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class Severity(StrEnum):
    """How loud an error is. Pages use ``critical`` and ``warning``."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Remediation(msgspec.Struct, frozen=True):
    """One step that helps: words, and where there is one, a command or a workflow to run."""

    action: str
    command: str | None = None
    workflow_id: str | None = None
    safe: bool = True


class ErrorDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the error catalogue: what is true of a code each time it occurs."""

    code: str
    title: str
    consequence: type[TickertapeError]
    severity: Severity
    cause: str
    impact: str
    remediation: tuple[Remediation, ...]

    @property
    def retryable(self) -> bool:
        """Whether trying the same again may succeed without anybody changing anything."""
        return issubclass(self.consequence, RetriableError)

    @property
    def runbook(self) -> str:
        """Where the code is explained, relative to the documentation's root."""
        return f"docs/reference/errors.md#{self.code.lower()}"


class SemanticError(msgspec.Struct, frozen=True, kw_only=True):
    """One error as it is read everywhere: tape, JSONL line, log record, HTTP body.

    ``timestamp`` is nanoseconds since the epoch, UTC; JSONL and HTTP render it as RFC 3339.
    ``context`` holds flat JSON values, already redacted.
    """

    error_code: str
    error_type: str
    message: str
    cause: str
    impact: str
    remediation: tuple[Remediation, ...]
    severity: Severity
    retryable: bool
    context: dict[str, Any]
    timestamp: int
    trace_id: str | None = None
    span_id: str | None = None
    runbook: str | None = None


class TickertapeError(Exception):
    """An error with a code of the catalogue.

    Args:
        code: the catalogue's code, ``AREA_NNN``; an unknown one is a :class:`KeyError`, found by a test.
        message: what happened this time, with the values, in one sentence.
        context: flat values a program can read (symbol, order id, path, expected, found).
    """

    def __init__(self, code: str, message: str, **context: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.context = context

    @property
    def definition(self) -> ErrorDefinition:
        """The catalogue's row for this error's code."""
        from trading_bot.contract.errors import ERRORS  # noqa: PLC0415 - the catalogue imports this module

        return ERRORS[self.code]

    def semantic(
        self, timestamp: int, trace_id: str | None = None, span_id: str | None = None
    ) -> SemanticError:
        """Return the full error object, as of ``timestamp`` (nanoseconds since the epoch)."""
        row = self.definition
        return SemanticError(
            error_code=row.code,
            error_type=type(self).__name__,
            message=self.message,
            cause=row.cause if self.__cause__ is None else f"{row.cause} ({describe(self.__cause__)})",
            impact=row.impact,
            remediation=row.remediation,
            severity=row.severity,
            retryable=row.retryable,
            context=self.context,
            timestamp=timestamp,
            trace_id=trace_id,
            span_id=span_id,
            runbook=row.runbook,
        )

    def line(self) -> str:
        """Return one line for a person at a terminal: what happened, and what to do."""
        steps = self.definition.remediation
        hint = f" → {steps[0].command or steps[0].action}" if steps else ""
        return f"{self.code} {self.message}{hint}"


class RetriableError(TickertapeError):
    """Tried again by itself, with back-off; nothing to do unless it lasts."""


class NonRetriableError(TickertapeError):
    """This one attempt is over; the process goes on."""


class OrderDenied(TickertapeError):  # noqa: N818 - a verdict of the risk check, named so in the contract
    """An order was not sent because it would break a limit; trading goes on."""


class ReduceOnlyError(TickertapeError):
    """The bot accepts only cancels and closes until it is settled."""


class HaltError(TickertapeError):
    """Trading stops until a person resumes it."""


class OperatorError(TickertapeError):
    """A person must change something before this can work."""


class CircuitBreakerTripped(TickertapeError):  # noqa: N818 - the field's word
    """A loss or error limit stopped new risk; it ends by its cool-down or a reset."""


def describe(error: BaseException) -> str:
    """Return the type and the first line of an exception, at most 200 characters."""
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}"[:200] if first else type(error).__name__
