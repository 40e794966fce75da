"""`tickertape user`: people who sign in to the ops endpoint with a password."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trading_bot.boot.access import StoredPerson, add_person, remove_person
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.passwords import hash_password
from trading_bot.boot.private_files import load
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import load_settings
from trading_bot.cli.application import OK
from trading_bot.cli.key import ROLES
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.rows import print_rows
from trading_bot.cli.switch import existing_home
from trading_bot.telemetry import rfc3339

LISTED = ("name", "role", "created_at")
NOBODY = "nobody signs in with a password; tickertape user add NAME"


@click.group
def user() -> None:
    """People who sign in to the ops endpoint; ops takes notice of changes within a second.

    Each command takes --home DIR.

    Examples: tickertape user add ada --role operate · tickertape user list
    """


@user.command
@home_option
@click.option("--role", type=click.Choice(ROLES), default="read", show_default=True, help="What they may do.")
@click.argument("name")
def add(home: Path | None, role: str, name: str) -> int:
    """Add NAME with a password: asked for twice, or the first line of standard input where that is no terminal."""
    folder = existing_home(Home(load_settings(home).home))
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    added = add_person(folder.people, name, Role.of(role), hash_password(password), SystemClock().now_ns())
    click.echo(f"{added.name} may {added.role}: sign in with POST /api/v1/auth/token")
    return OK


@user.command("list")
@home_option
@output_option
def list_people(home: Path | None, output: str) -> int:
    """Show names, roles and since when."""
    folder = existing_home(Home(load_settings(home).home))
    rows = [
        {"name": each.name, "role": each.role, "created_at": rfc3339(each.created_at)}
        for each in load(folder.people, StoredPerson)
    ]
    print_rows(rows, LISTED, output, NOBODY)
    return OK


@user.command
@home_option
@click.argument("name")
def remove(home: Path | None, name: str) -> int:
    """Take NAME away; a running ops ends their sessions within a second."""
    folder = existing_home(Home(load_settings(home).home))
    gone = remove_person(folder.people, name)
    click.echo(f"{gone.name} is removed")
    return OK
