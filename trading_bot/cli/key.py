"""`tickertape key`: keys for programs that use the ops endpoint."""

from __future__ import annotations

from pathlib import Path

import click

from trading_bot.boot.access import StoredKey, create_key, revoke_key
from trading_bot.boot.clock import SystemClock
from trading_bot.boot.home import Home
from trading_bot.boot.private_files import load
from trading_bot.boot.roles import Role
from trading_bot.boot.settings import load_settings
from trading_bot.cli.application import OK
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.rows import print_rows
from trading_bot.cli.switch import existing_home
from trading_bot.contract.errors import OperatorError
from trading_bot.telemetry import rfc3339

ROLES = tuple(role.word for role in Role)
LISTED = ("id", "name", "role", "created_at")
MADE = ("id", "name", "role", "key")
OF_HOME = (("api-key", Role.READ), ("operate-key", Role.OPERATE))


@click.group
def key() -> None:
    """Keys for programs that use the ops endpoint; ops takes notice of changes within a second.

    Each command takes --home DIR.

    Examples: tickertape key create grafana · tickertape key revoke grafana
    """


@key.command
@home_option
@output_option
@click.option("--role", type=click.Choice(ROLES), default="read", show_default=True, help="What it may do.")
@click.argument("name")
def create(home: Path | None, output: str, role: str, name: str) -> int:
    """Make a key and print it: this once, only its hash is kept."""
    folder = existing_home(Home(load_settings(home).home))
    if name in {each for each, _ in OF_HOME}:
        raise OperatorError("AUTH_005", f"{name!r} is the name of a key of the home folder", name=name)
    made, text = create_key(folder.known_keys, name, Role.of(role), SystemClock().now_ns())
    if output == "table":
        click.echo(f"{made.name} ({made.id}) may {made.role}; this is shown once:", err=True)
        click.echo(text)
    else:
        print_rows([{"id": made.id, "name": made.name, "role": made.role, "key": text}], MADE, output)
    return OK


@key.command("list")
@home_option
@output_option
def list_keys(home: Path | None, output: str) -> int:
    """Show names, roles and since when; no key can be shown."""
    folder = existing_home(Home(load_settings(home).home))
    rows = [{"id": name, "name": name, "role": role.word, "created_at": None} for name, role in OF_HOME]
    rows += [
        {"id": each.id, "name": each.name, "role": each.role, "created_at": rfc3339(each.created_at)}
        for each in load(folder.known_keys, StoredKey)
    ]
    print_rows(rows, LISTED, output)
    return OK


@key.command
@home_option
@click.argument("name")
def revoke(home: Path | None, name: str) -> int:
    """Take a key away, by NAME or id."""
    folder = existing_home(Home(load_settings(home).home))
    gone = revoke_key(folder.known_keys, name)
    click.echo(f"{gone.name} ({gone.id}) is revoked; a running ops refuses it within a second")
    return OK
