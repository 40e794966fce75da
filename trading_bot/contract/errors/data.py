"""Errors of market data files."""

from __future__ import annotations

from trading_bot.contract.errors.definition import ErrorDefinition, OperatorError, Remediation, Severity

_CORRECT = Remediation("Correct the row that the message names, or leave it out")
_CHECK = Remediation("See all that is wrong", command="tickertape data check FILE")
_REPAIR = Remediation("Have it repaired and be told what was done: the same command with --repair")

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="DATA_001",
        title="Value in market data cannot be true",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A price is missing, not positive or outside its bar's low and high, or a volume is negative.",
        impact="The file is not used.",
        remediation=(_CHECK, _CORRECT, _REPAIR),
    ),
    ErrorDefinition(
        code="DATA_002",
        title="Market data out of order",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A row's time is not later than that of the row before it.",
        impact="The file is not used.",
        remediation=(_CHECK, Remediation("Sort the rows by time, keep one for each time"), _REPAIR),
    ),
    ErrorDefinition(
        code="DATA_003",
        title="No market data for this symbol",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The symbol is neither among those whose bars travel with the program nor stored in the home.",
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
        remediation=(Remediation("Check the path and the file; a bundled one: check it out again"),),
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
    ErrorDefinition(
        code="DATA_006",
        title="Gap in market data",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A row's time is not one bar's length after that of the row before it.",
        impact="The file is not used.",
        remediation=(
            _CHECK,
            Remediation("Add the missing rows; use --sessions if the market was closed then"),
            _REPAIR,
        ),
    ),
    ErrorDefinition(
        code="DATA_007",
        title="Columns of market data not found",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The table lacks one of time, open, high, low, close, volume, or has it twice.",
        impact="The file is not used.",
        remediation=(Remediation("Name the columns in the first row: time,open,high,low,close,volume"),),
    ),
    ErrorDefinition(
        code="DATA_009",
        title="Symbol cannot be traded here",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The symbol is not BASE/USD, or the exchange client knows its base under another name.",
        impact="The file is not used.",
        remediation=(Remediation("Name the symbol as the message says, for example --symbol BTC/USD"),),
    ),
    ErrorDefinition(
        code="DATA_010",
        title="Library for Parquet missing",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The package that reads Parquet is not installed beside the program.",
        impact="The file is not used.",
        remediation=(
            Remediation(
                "Install it into the program's environment", command="python -m pip install arro3-io"
            ),
            Remediation("Or save the file as CSV"),
        ),
    ),
    ErrorDefinition(
        code="DATA_011",
        title="Home plays other market data",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The books of this home were begun with other data; which bar is which minute is fixed then.",
        impact="Nothing was changed.",
        remediation=(Remediation("Use a new home for the new data: --home DIR"),),
    ),
    ErrorDefinition(
        code="DATA_012",
        title="Market data beyond repair",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="--repair would leave out more than a tenth of the rows.",
        impact="The file is not used.",
        remediation=(_CHECK, Remediation("Get the file again, or correct it by hand")),
    ),
)
