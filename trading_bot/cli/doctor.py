"""`tickertape doctor`: what is wrong with a home folder and what runs on it, and what helps."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from trading_bot.boot.home import Home
from trading_bot.boot.settings import DEFAULT_HOME, HOME_VARIABLE
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.switch import existing_home
from trading_bot.doctor.examination import examine
from trading_bot.doctor.finding import Finding, Status

WORST_FIRST: Final = (Status.FAILED, Status.WARNING, Status.UNKNOWN, Status.OK)
STYLES: Final = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red", Status.UNKNOWN: "yellow"}


@click.command
@home_option
@output_option
def doctor(home: Path | None, output: str) -> int:
    """Check home, owners, keys, locks, SQLite, disk, clock, ports, tapes, books and settings.

    Changes nothing, and works while everything runs and when everything is dead. Ends with 1 when a check
    failed.

    Example: tickertape doctor --output json | jq '.findings[] | select(.status != "ok")'
    """
    folder = Path(home or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME).absolute()
    findings = examine(existing_home(Home(folder)).path)
    PRINTERS[output](findings)
    return FAILED if worst(findings) is Status.FAILED else OK


def worst(findings: Sequence[Finding]) -> Status:
    """Return the worst status of all."""
    return min((finding.status for finding in findings), key=WORST_FIRST.index, default=Status.UNKNOWN)


def print_table(findings: Sequence[Finding]) -> None:
    """Print a line for each finding, and what helps below those that are not fine."""
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        status = click.style(f"{finding.status.value:<7}", fg=STYLES[finding.status])
        click.echo(f"{status}  {finding.check:<{width}}  {finding.found}")
        if finding.remedy:
            command = f": {finding.command}" if finding.command else ""
            click.echo(f"{'':<{width + 11}}→ {finding.remedy}{command}")
    counted = {status: sum(finding.status is status for finding in findings) for status in WORST_FIRST}
    click.echo(", ".join(f"{count} {status.value}" for status, count in counted.items() if count))


def print_json(findings: Sequence[Finding]) -> None:
    """Print one JSON object."""
    body = {
        "status": worst(findings).value,
        "findings": [msgspec.to_builtins(finding) for finding in findings],
    }
    click.echo(json.dumps(body, indent=2))


def print_csv(findings: Sequence[Finding]) -> None:
    """Print one finding a row."""
    writer = csv.DictWriter(sys.stdout, Finding.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    writer.writerows(msgspec.to_builtins(finding) for finding in findings)


PRINTERS: Final = {"table": print_table, "json": print_json, "csv": print_csv}
