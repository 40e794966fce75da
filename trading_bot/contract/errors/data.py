"""Errors of market data files."""

from __future__ import annotations

from trading_bot.contract.errors.definition import ErrorDefinition, OperatorError, Remediation, Severity

_CORRECT = Remediation("Correct the row that the message names, or leave it out")

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="DATA_001",
        title="Value in market data cannot be true",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A price is missing, not positive or outside its bar's low and high, or a volume is negative.",
        impact="The file is not used.",
        remediation=(_CORRECT,),
    ),
    ErrorDefinition(
        code="DATA_002",
        title="Market data out of order",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A row's time is not later than that of the row before it.",
        impact="The file is not used.",
        remediation=(Remediation("Sort the rows by time and keep one row for each time"),),
    ),
    ErrorDefinition(
        code="DATA_003",
        title="No market data for this symbol",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The symbol is not among those whose bars travel with the program.",
        impact="The simulated exchange did not start.",
        remediation=(Remediation("Choose among the symbols that the message lists"),),
    ),
    ErrorDefinition(
        code="DATA_004",
        title="Market data file cannot be read",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The file is damaged, empty or has other columns than it should.",
        impact="The simulated exchange did not start.",
        remediation=(Remediation("Check out the file again"),),
    ),
    ErrorDefinition(
        code="DATA_005",
        title="Simulated exchange asked for another bar length",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The books of this home were begun with another --bar; which bar is which minute is fixed then.",
        impact="The simulated exchange did not start.",
        remediation=(Remediation("Use the --bar that the message names, or another --home"),),
    ),
)
