"""Errors of settings: validation, application and drift."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    NonRetriableError,
    OperatorError,
    Remediation,
    Severity,
)

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="CFG_001",
        title="Invalid setting",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A trading setting is missing, of the wrong type or out of its bounds.",
        impact="The settings were not taken; what was in force stays in force.",
        remediation=(Remediation("Correct the field named in the message; the example shows a valid value"),),
    ),
    ErrorDefinition(
        code="CFG_002",
        title="Settings file cannot be read",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The settings file is not valid YAML, or cannot be opened.",
        impact="The settings were not taken; what was in force stays in force.",
        remediation=(Remediation("Correct the line named in the message"),),
    ),
    ErrorDefinition(
        code="CFG_003",
        title="Settings file differs from the settings in force",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="config.yaml was edited by hand, or restored from a copy, after its settings were applied.",
        impact="The bot trades on with the settings in force; the file has no effect.",
        remediation=(
            Remediation(
                "Take the file's settings deliberately", command="tickertape config adopt", safe=False
            ),
            Remediation("Restore the file from the settings in force"),
        ),
    ),
    ErrorDefinition(
        code="CFG_004",
        title="Trading setting given by environment",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A BOT_ variable names a trading setting; those have one owner, the journal.",
        impact="The process did not start.",
        remediation=(
            Remediation(
                "Remove the variable and set the value in config.yaml before the first start, or apply it later"
            ),
        ),
    ),
    ErrorDefinition(
        code="CFG_005",
        title="Command cannot be read",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="A command on the control tape has an unknown name or arguments that do not fit.",
        impact="The command was rejected; nothing was changed.",
        remediation=(Remediation("Issue the command again with the arguments that its schema names"),),
    ),
)
