"""`tickertape control`: ask something of the bot through ops, and wait for its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from trading_bot.boot.settings import load_settings
from trading_bot.cli.application import FAILED, OK
from trading_bot.cli.options import Duration, home_option, output_option
from trading_bot.cli.rows import print_rows

ACTIONS: Final = (
    "pause",
    "resume",
    "reduce-only",
    "halt",
    "restart",
    "cancel-orders",
    "flatten",
    "reset-breaker",
    "adopt-mismatch",
)
LIST: Final = "list"
NO_COMMANDS: Final = "nothing was asked of the bot yet"
LISTED: Final = ("issued_at", "name", "status", "actor", "reason", "message", "command_id")


@click.command
@home_option
@output_option
@click.option("--reason", help="Why, in words; needed where more risk is allowed.")
@click.option("--symbol", help="Only this symbol (flatten, cancel-orders).  [default: all]")
@click.option("--breaker", help="Which breaker (reset-breaker).")
@click.option("--mismatch", "mismatch_id", help="Which mismatch (adopt-mismatch).")
@click.option("--confirm", help="What --dry-run says must be sent to have it done.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option(
    "--wait", type=Duration(), default="15s", show_default=True, help="How long to wait for the answer."
)
@click.argument("action", type=click.Choice((*ACTIONS, LIST)), metavar="ACTION|list")
def control(home: Path | None, output: str, wait: float, action: str, **given: Any) -> int:
    """Ask ACTION of the bot, or list what was asked.

    Actions: pause, resume, reduce-only, halt, restart, cancel-orders, flatten, reset-breaker, adopt-mismatch.

    Examples: tickertape control pause --reason "maintenance" · tickertape control reset-breaker --breaker
    max_daily_loss --dry-run · tickertape control list
    """
    from trading_bot.cli.ops_client import OpsClient  # noqa: PLC0415 - urllib is loaded only for this

    client = OpsClient(load_settings(home))
    if action == LIST:
        print_commands(client.ask("commands")["commands"], output)
        return OK
    body = {name: value for name, value in given.items() if value}
    if given["dry_run"]:
        body.setdefault("reason", "dry run")
    answer = client.ask(f"control/{action}", "POST", body)
    if given["dry_run"]:
        print_object(answer, output)
        return OK
    return print_command(client.follow(answer, wait), output)


def print_command(command: dict[str, Any], output: str) -> int:
    """Print what became of a command, and return the exit code that it means."""
    if output == "table":
        colour = "green" if command["status"] == "acknowledged" else "red"
        status = click.style(command["status"], fg=colour)
        code = f" {command['error_code']}" if command["error_code"] else ""
        click.echo(f"{status}{code}: {command['message']} (command {command['command_id']})")
    else:
        click.echo(json.dumps(command, indent=2))
    return OK if command["status"] == "acknowledged" else FAILED


def print_commands(commands: list[dict[str, Any]], output: str) -> None:
    """Print a command a row."""
    print_rows([{name: one[name] for name in LISTED} for one in commands], LISTED, output, NO_COMMANDS)


def print_object(answer: dict[str, Any], output: str) -> None:
    """Print an answer's members, those that are known."""
    if output != "table":
        click.echo(json.dumps(answer, indent=2))
        return
    for name, value in answer.items():
        if value not in (None, {}, []) and name != "dry_run":
            text = value if isinstance(value, str) else json.dumps(value)
            click.echo(f"{name.replace('_', ' '):<14} {text}")
