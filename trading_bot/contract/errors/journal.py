"""Errors of the tapes and the databases."""

from __future__ import annotations

from trading_bot.contract.errors.definition import (
    ErrorDefinition,
    NonRetriableError,
    OperatorError,
    Remediation,
    RetriableError,
    Severity,
)

NO_NEW_RISK = (
    "Nothing more is recorded, so no new order is sent; cancels still go out and orders at the venue stay."
)
NOT_STARTED = "The process does not start; what is on disk is left as it is."

DEFINITIONS: tuple[ErrorDefinition, ...] = (
    ErrorDefinition(
        code="JRNL_001",
        title="Database file is damaged",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="Its pages do not fit together: a failing disk, a copy of a file in use, an edit by hand.",
        impact="The process that owns the file does not start or stops recording; readers show no state.",
        remediation=(
            Remediation("Stop the process, move the file with its -wal and -shm aside, and restore a backup"),
            Remediation(
                "Without a backup, start on a new file: the venue gives orders, fills and balances back",
                safe=False,
            ),
            Remediation("Check the disk", command="dmesg --level=err,crit"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_002",
        title="File belongs to something else",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="At this place lies a file that is no database, or a database of another kind.",
        impact=NOT_STARTED,
        remediation=(
            Remediation("Move the file away, or choose another home folder with --home or BOT_HOME"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_003",
        title="Another process writes this file",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="A file of the home has one writer, and another process holds its lock.",
        impact=NOT_STARTED,
        remediation=(
            Remediation("Stop the process that holds the lock, or choose another home with --home"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_004",
        title="No space left",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The disk, a quota or a file size limit is used up.",
        impact=f"{NO_NEW_RISK} Events wait in memory in their order and are written as soon as there is space.",
        remediation=(
            Remediation("Free space on the disk that holds the home folder"),
            Remediation("See what uses it", command="du -xh --max-depth=1 $BOT_HOME"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_005",
        title="File belongs to another user",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="All processes of a home run under one user; this file is another's or may not be opened.",
        impact=NOT_STARTED,
        remediation=(
            Remediation("Run the process as the user that owns the home"),
            Remediation("Give the home to one user", command="chown -R USER $BOT_HOME"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_006",
        title="SQLite is too old",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="SQLite before 3.51.3 can lose committed pages when a checkpoint races a commit.",
        impact=NOT_STARTED,
        remediation=(
            Remediation(
                "Install the locked apsw, which brings its own SQLite",
                command="pip install --require-hashes -r requirements.lock",
            ),
        ),
    ),
    ErrorDefinition(
        code="JRNL_007",
        title="File was written by a newer version",
        consequence=OperatorError,
        severity=Severity.ERROR,
        cause="The layout of the file is newer than this program knows.",
        impact=NOT_STARTED,
        remediation=(
            Remediation("Run the newer version of the program again, or choose another home with --home"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_008",
        title="Home folder cannot be written",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The folder is missing, read-only, or the user may not create files in it.",
        impact=NOT_STARTED,
        remediation=(Remediation("Make the folder writable, or choose another with --home or BOT_HOME"),),
    ),
    ErrorDefinition(
        code="JRNL_009",
        title="Disk does not answer as it should",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="The operating system failed to read or write the file.",
        impact=f"{NO_NEW_RISK} Writing is tried again every second, with everything kept in order.",
        remediation=(
            Remediation("Check the disk", command="dmesg --level=err,crit"),
            Remediation("Keep the home off network file systems"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_010",
        title="Database is held by another program",
        consequence=RetriableError,
        severity=Severity.ERROR,
        cause="Another program has the database open for writing, such as a database shell.",
        impact=f"{NO_NEW_RISK} Writing is tried again every second, with everything kept in order.",
        remediation=(
            Remediation("Close the program that has the file open", command="fuser -v $BOT_HOME/*.db"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_011",
        title="File was removed or replaced while it was open",
        consequence=OperatorError,
        severity=Severity.CRITICAL,
        cause="Something moved, deleted or replaced the file under the process that writes it.",
        impact=f"{NO_NEW_RISK} What was written since may be in a file without a name.",
        remediation=(
            Remediation("Put the file back, or restart the process: the venue gives back what is missing"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_012",
        title="Tape is closed",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The writer was closed, or this process is a fork of the one that writes.",
        impact="This event is not recorded.",
        remediation=(Remediation("Report it: the process went on writing after it had closed its tape"),),
    ),
    ErrorDefinition(
        code="JRNL_013",
        title="File does not exist yet",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="The process that writes this file has not run in this home.",
        impact="There is nothing to show until it does.",
        remediation=(Remediation("Start it, or name the right home with --home", command="tickertape up"),),
    ),
    ErrorDefinition(
        code="JRNL_014",
        title="Measurements were dropped",
        consequence=NonRetriableError,
        severity=Severity.WARNING,
        cause="The tape could not be written for so long that its queue reached its bound in memory.",
        impact="Some rolled-up measurements and spans are missing; facts are all kept.",
        remediation=(Remediation("Settle the error that keeps the tape from being written"),),
    ),
    ErrorDefinition(
        code="JRNL_015",
        title="Tape went back",
        consequence=RetriableError,
        severity=Severity.WARNING,
        cause="After a power loss the tape ends before the position that a reader had reached.",
        impact="The reader starts again from the last snapshot; nothing that was durable is missing.",
        remediation=(Remediation("Nothing to do; look for the cause of the power loss"),),
    ),
    ErrorDefinition(
        code="JRNL_020",
        title="Event holds a number that is none",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="A value in the event is NaN or infinite.",
        impact="This event is not recorded.",
        remediation=(
            Remediation("Report it with the event's kind: such values are to be refused at the edge"),
        ),
    ),
    ErrorDefinition(
        code="JRNL_021",
        title="Event cannot be read",
        consequence=NonRetriableError,
        severity=Severity.ERROR,
        cause="The event's kind or version is newer than this program, or its bytes are damaged.",
        impact="The reader stops before this event and shows no state.",
        remediation=(Remediation("Run the version of the program that wrote the tape"),),
    ),
)
