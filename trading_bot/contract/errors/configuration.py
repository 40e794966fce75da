"""Errors of settings: validation, application and drift."""

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
    ErrorDefinition(
        code="CFG_006",
        title="Settings have moved on",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The generation in force is another one than the change was made against.",
        impact="Nothing was changed.",
        remediation=(
            Remediation(
                "Read the settings again, and repeat the change on the generation in force",
                command="tickertape config show",
            ),
        ),
    ),
    ErrorDefinition(
        code="CFG_007",
        title="Setting that cannot be changed",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The change touches a key that is fixed for the life of a journal.",
        impact="Nothing was changed.",
        remediation=(
            Remediation("Leave the key named in the message as it is"),
            Remediation("Begin a new home folder with the other value"),
        ),
    ),
    ErrorDefinition(
        code="CFG_008",
        title="Change that takes more risk is not confirmed",
        consequence=OperatorError,
        severity=Severity.WARNING,
        cause="The change loosens a limit or otherwise allows more risk, and that was not confirmed.",
        impact="Nothing was changed.",
        remediation=(
            Remediation("Make a dry run of the same change, read what takes more risk, and send its confirm"),
        ),
    ),
    ErrorDefinition(
        code="CFG_009",
        title="Change needs a restart",
        consequence=OperatorError,
        severity=Severity.WARNING,
        cause="A key of the change takes effect only when the bot starts, and the request did not allow a restart.",
        impact="Nothing was changed.",
        remediation=(
            Remediation(
                "Send the change with restart allowed; the bot restarts by itself",
                command="tickertape config apply FILE --restart",
                safe=False,
            ),
            Remediation("Leave out the keys named in the message"),
        ),
    ),
    ErrorDefinition(
        code="CFG_010",
        title="Change names no generation",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="A change of settings must say in If-Match which generation it was made against.",
        impact="Nothing was changed.",
        remediation=(Remediation("Send the ETag of GET /api/v1/config in If-Match"),),
    ),
    ErrorDefinition(
        code="CFG_011",
        title="Settings are not those that were sent",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The hash of the settings in the command is another one than the command says.",
        impact="The command was rejected; nothing was changed.",
        remediation=(
            Remediation("Send the change again"),
            Remediation("Check that ops and bot are the same release", command="tickertape doctor"),
        ),
    ),
    ErrorDefinition(
        code="CFG_012",
        title="No such generation of settings",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="The journal holds no settings of this generation, or there is none before the one in force.",
        impact="Nothing was changed.",
        remediation=(
            Remediation("Choose one of the generations in the history", command="tickertape config history"),
        ),
    ),
    ErrorDefinition(
        code="CFG_013",
        title="Settings failed their probation",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="A health condition turned from True to False soon after new settings came into force.",
        impact="The bot went back to the settings before; limits that the change had tightened stay tight.",
        remediation=(
            Remediation(
                "See which condition turned, and correct the change before it is applied again",
                command="tickertape config history",
            ),
        ),
    ),
    ErrorDefinition(
        code="CFG_014",
        title="Command expired",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="The bot read the command after the time until which it was valid.",
        impact="The command did nothing.",
        remediation=(
            Remediation("Check that the bot runs", command="tickertape status"),
            Remediation("Issue the command again if it is still wanted"),
        ),
    ),
    ErrorDefinition(
        code="CFG_015",
        title="Command was answered before",
        consequence=NonRetriableError,
        severity=Severity.INFO,
        cause="A command under this idempotency key was answered before, or it is older than the bot remembers.",
        impact="The command did nothing a second time.",
        remediation=(
            Remediation("Look at the answer of the first command", command="tickertape control list"),
            Remediation("Issue a new command under a new key if it is wanted again"),
        ),
    ),
    ErrorDefinition(
        code="CFG_016",
        title="Command cannot be carried out now",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The bot is not in a state in which the command could have its effect.",
        impact="The command was rejected; nothing was changed.",
        remediation=(Remediation("Do what the message says, and issue the command again"),),
    ),
    ErrorDefinition(
        code="CFG_017",
        title="Settings file cannot be written",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="config.yaml or config_history.jsonl cannot be written: full disk, or rights.",
        impact="The bot trades on with the settings in force; the file is older than they are until it can be.",
        remediation=(Remediation("See what is wrong with the home folder", command="tickertape doctor"),),
    ),
    ErrorDefinition(
        code="CFG_018",
        title="Symbol that is still in use",
        consequence=OperatorError,
        severity=Severity.WARNING,
        cause="The change takes a symbol out of the settings while a position or an order of it is there.",
        impact="Nothing was changed. Without the symbol nobody would watch its price, protect it or close it.",
        remediation=(
            Remediation(
                "Flatten the symbols named in the message, wait until they are flat, and send it again"
            ),
        ),
    ),
)
